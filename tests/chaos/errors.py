"""What Odoo writes into its log as an error, also where it goes on after it."""

import logging

LOGGERS = ("odoo.addons.serviceflow_paylinks", "odoo.http", "odoo.sql_db")
QUIET = (*LOGGERS, "werkzeug", "odoo.tests")


class Errors(logging.Handler):
    """Collects errors in place of the console. An error fails the history at its step, unless the
    history brought it about: each such one is named in ``_is_brought_about``."""

    def __init__(self):
        super().__init__(logging.ERROR)
        self.formatter = logging.Formatter("%(name)s: %(message)s")
        self.told, self.world = [], None

    def attach(self, case):
        """Listen to the loggers until the test ends, and let the console hear nothing of them."""
        for name in QUIET:
            logger = logging.getLogger(name)
            case.addCleanup(setattr, logger, "propagate", logger.propagate)
            case.addCleanup(logger.setLevel, logger.level)
            logger.propagate = False
            logger.setLevel(logging.ERROR)
            if name in LOGGERS:
                logger.addHandler(self)
                case.addCleanup(logger.removeHandler, self)

    def emit(self, record):
        error = record.exc_info[1] if record.exc_info else None
        if not self._is_brought_about(record, error):
            self.told.append(self.format(record))

    def begin(self, world):
        """A new history begins: what was told before is none of its own."""
        self.world = world
        self.take()

    def take(self):
        """Return what was told since the last time."""
        told, self.told = self.told, []
        return told

    def _is_brought_about(self, record, error):
        """While the books are locked no payment can be posted: Odoo says so, and tries again."""
        if "could not be booked yet" in record.msg and "archived journal" in str(error):
            self.world.put_off += 1
            return self.world.locked
        return False
