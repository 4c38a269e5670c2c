from . import pay, portal, stripe, webhook
