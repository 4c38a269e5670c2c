from . import base
from . import money
from . import stripe
