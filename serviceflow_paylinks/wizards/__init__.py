from . import payment_link_generate, payment_link_refund
