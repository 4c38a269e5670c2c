from . import (
    payment_link_generate,
    payment_link_generate_collect,
    payment_link_generate_result,
)
