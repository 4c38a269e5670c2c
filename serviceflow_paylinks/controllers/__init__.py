from . import pay
from . import webhook
from . import stripe
