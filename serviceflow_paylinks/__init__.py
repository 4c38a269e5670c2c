from . import logs
from . import providers
from . import models
from . import wizards
from . import controllers
