from . import base, money, stripe
