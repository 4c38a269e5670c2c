from . import backend, pay, portal, stripe, webhook
