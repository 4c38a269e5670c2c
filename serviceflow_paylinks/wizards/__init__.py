from . import payment_link_bulk, payment_link_generate
