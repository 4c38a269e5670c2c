from . import pay, stripe, webhook
