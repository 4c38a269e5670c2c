from . import (
    payment_link_bulk,
    payment_link_connect,
    payment_link_generate,
    payment_link_generate_collect,
    payment_link_generate_result,
    payment_link_refund,
    payment_link_reminder_preview,
    payment_link_settings,
    payment_link_sms_preview,
)
