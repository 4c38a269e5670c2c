from . import base, money, stripe, stripe_charges
