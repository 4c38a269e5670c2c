from . import backend, pay, stripe, webhook
