from . import controllers, logs, models, providers, wizards
