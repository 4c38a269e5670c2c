"""A link's token is a key: the access log must not hand it to whoever may read logs."""

import logging
import re

from . import const

# Werkzeug logs each request's path, Odoo's dispatcher that of a failed CSRF check, the database's
# layer a statement that failed.
LOGGERS = ("werkzeug", "odoo.http", "odoo.sql_db")
_TOKEN = re.compile(rf"({re.escape(const.PAY_ROUTE)}/)[^/\s?\"'#]+")
# A statement that failed, as it was sent: the links' own hold their tokens bare.
_STATEMENT = re.compile(rb'((?:INSERT INTO|UPDATE) "payment_link" .*?(?:VALUES|SET) ).*', re.DOTALL)


class TokenFilter(logging.Filter):
    """Mask ``/pay/<token>`` in a record's message and arguments."""

    def filter(self, record):
        if const.PAY_ROUTE in str(record.msg) or record.args:
            record.msg, record.args = self._mask(record.msg), self._mask_args(record.args)
        return True

    @staticmethod
    def _mask(value):
        if isinstance(value, bytes):
            return _STATEMENT.sub(rb"\1[values]", value)
        return _TOKEN.sub(r"\1[token]", value) if isinstance(value, str) else value

    def _mask_args(self, args):
        if isinstance(args, dict):
            return {key: self._mask(value) for key, value in args.items()}
        return tuple(self._mask(value) for value in args) if args else args


def install():
    """Add the filter to each logger once."""
    for name in LOGGERS:
        logger = logging.getLogger(name)
        if not any(isinstance(item, TokenFilter) for item in logger.filters):
            logger.addFilter(TokenFilter())


install()
