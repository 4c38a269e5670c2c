import smtplib
from contextlib import suppress

from odoo import models

from .own_context import get_handed_down

# Mail servers end a connection that brings them too much.
MOST_EMAILS = 50


class SendingRound:
    """One run of the schedule over the outbox.

    Its emails share a connection to each mail server. A channel whose service cannot be reached is
    given up for the run: each try may take a minute, in which nothing else is sent.
    """

    def __init__(self, channels):
        self.channels = tuple(channels)
        self.begun = False  # whether the message in hand may have left the house
        self.lost = False  # whether the mail server fell silent over it
        self._closed = []
        self._connections = {}

    def close(self, channel, why):
        """Give a channel up.

        :param str why: for the messages that are due later then
        """
        if channel in self.channels:
            self.channels = tuple(other for other in self.channels if other != channel)
            self._closed.append((channel, why))
        self.end()

    def take_closed(self):
        """Return the channels that were given up since the last time: [(channel, why)]."""
        closed, self._closed = self._closed, []
        return closed

    def connect(self, key, connect):
        """Return the open connection to a mail server, or a new one.

        :param key: which mail server
        :param connect: makes a new connection
        """
        kept = self._connections.pop(key, None)
        if kept and not kept.is_good():
            kept.end()
            kept = None
        self._connections[key] = kept = kept or KeptConnection(connect(), self)
        kept.emails += 1
        return kept

    def end(self):
        """Take leave of the mail servers; not of one that is silent."""
        while self._connections:
            kept = self._connections.popitem()[1]
            kept.drop() if self.lost else kept.end()


class KeptConnection:
    """A connection that stays open when Odoo has done with an email."""

    def __init__(self, connection, sending):
        self._connection = connection
        self._sending = sending
        self.emails = 0

    def __getattr__(self, name):
        return getattr(self._connection, name)

    def send_message(self, *args, **kwargs):
        """Odoo takes any error for a "no"; no answer is none."""
        try:
            return self._connection.send_message(*args, **kwargs)
        except (smtplib.SMTPResponseException, smtplib.SMTPRecipientsRefused):
            raise
        except OSError:
            self._sending.lost = True
            raise

    def quit(self):
        """Odoo is done with it; we are not."""

    def is_good(self):
        """Whether it can be used for one more email."""
        if self.emails >= MOST_EMAILS:
            return False
        try:
            return self._connection.noop()[0] == 250
        except (smtplib.SMTPException, OSError):
            return False

    def end(self):
        with suppress(smtplib.SMTPException, OSError):
            self._connection.quit()

    def drop(self):
        self._connection.close()


class IrMailServer(models.Model):
    _inherit = "ir.mail_server"

    def _connect__(self, *args, **kwargs):
        """Override of ``base``: the emails of one run of the schedule share a connection."""
        sending = get_handed_down(self, "paylinks_round")
        if sending is None or self._disable_send():
            return super()._connect__(*args, **kwargs)
        key = (args, tuple(sorted(kwargs.items())))
        return sending.connect(key, lambda: super(IrMailServer, self)._connect__(*args, **kwargs))
