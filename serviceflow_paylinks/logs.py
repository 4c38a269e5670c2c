"""A link's token is a key: the logs must not hand it to whoever may read them."""

import logging
import re

from . import const

DATABASE = "odoo.sql_db"
# Werkzeug logs each request's path, Odoo's dispatcher that of a failed CSRF check, its routing that
# of a form sent below a language, the database's layer a statement that failed.
LOGGERS = ("werkzeug", "odoo.http", "odoo.addons.http_routing.models.ir_http", DATABASE)
_TOKEN = re.compile(rf"({re.escape(const.PAY_ROUTE)}/)[^/\s?\"'#]+")
# Of a statement that writes links, nothing that it writes.
_WRITTEN = re.compile(r'((?:INSERT INTO|UPDATE) "?payment_link"? .*?(?:VALUES|SET) ).*', re.DOTALL)
# In statements, and in what the database says of them, tokens stand by themselves too: words of
# their length, which no double quotes mark as a name.
_BARE = re.compile(rf"(?<![\w\"-])[\w-]{{{const.TOKEN_LENGTH}}}(?![\w\"-])", re.ASCII)


class TokenFilter(logging.Filter):
    """Mask tokens in a record's message, arguments and traceback."""

    def filter(self, record):
        bare = record.name == DATABASE
        record.msg = self._mask(record.msg, False)
        if isinstance(record.args, dict):
            record.args = {key: self._mask(value, bare) for key, value in record.args.items()}
        elif record.args:
            record.args = tuple(self._mask(value, bare) for value in record.args)
        if record.exc_info and not record.exc_text:
            # Formatters take a traceback that is there already as it is.
            record.exc_text = self._mask(
                logging.Formatter().formatException(record.exc_info), False
            )
        return True

    @staticmethod
    def _mask(value, bare):
        """Return a text without tokens; what holds none stays what it is.

        :param bool bare: whether tokens are looked for outside of addresses too
        """
        if isinstance(value, (bytes, Exception)):
            text = value.decode(errors="replace") if isinstance(value, bytes) else str(value)
        elif isinstance(value, str):
            text = value
        else:
            return value
        masked = _TOKEN.sub(r"\1[token]", text)
        if bare:
            masked = _BARE.sub("[token]", _WRITTEN.sub(r"\1[values]", masked))
        return value if masked == text else masked


def install():
    """Add the filter to each logger once."""
    for name in LOGGERS:
        logger = logging.getLogger(name)
        if not any(isinstance(item, TokenFilter) for item in logger.filters):
            logger.addFilter(TokenFilter())


install()
