from . import pay, portal, stripe, webhook
from . import backend, pay, stripe, webhook
