from . import backend, pay, portal, signing, stripe, webhook
