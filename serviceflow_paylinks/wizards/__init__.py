from . import payment_link_generate
