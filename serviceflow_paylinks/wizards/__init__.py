from . import payment_link_connect, payment_link_generate, payment_link_settings
