import logging
from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import ConcurrencyError
from odoo.tools import SQL
from psycopg2 import OperationalError
from psycopg2.errors import UniqueViolation

from .own_context import get_handed_down, hand_down
from .payment_link_message import WAITING
from .payment_link_round import SendingRound

_logger = logging.getLogger(__name__)

# A mail server that cannot be reached is tried again after these times; nothing was sent then.
RETRIES = tuple(timedelta(minutes=minutes) for minutes in (5, 30, 120))
# Who took a message and holds no lock on it any more after this time has died over it.
LOST_AFTER = timedelta(minutes=2)
CHANNELS = ("email", "sms", "inbox")


class PaymentLinkMessage(models.Model):
    """The schedule that empties the outbox. No message is sent twice for one request.

    A message is taken (``sending``) and that is committed BEFORE anything leaves the house; what is
    found in that state without its worker is not sent again, but brought before a person. Odoo's
    own queues would send again what a killed process had sent, as nothing is committed there
    before (``_send`` of odoo/addons/mail/models/mail_mail.py, and of sms/models/sms_sms.py); so
    they never get to see ours: email and SMS are made and sent in the one transaction that follows.
    """

    _inherit = "payment.link.message"

    @api.model
    def _send_due(self, channels=CHANNELS):
        """Send what is due, one message a transaction; any number of workers share the outbox.

        :param tuple channels: which messages, by their channel
        """
        sending = SendingRound(channels)
        self = hand_down(self, paylinks_tell_later=True, paylinks_round=sending)
        self._recover_lost()
        self._tell_waiting()
        remaining = self.search_count(self._get_due_domain())
        self.env["ir.cron"]._commit_progress(remaining=remaining)
        try:
            while row := self._claim_next():
                row._send_claimed()
                self._put_off_closed()
                remaining = max(remaining - 1, 0) or self.search_count(self._get_due_domain())
                if not self.env["ir.cron"]._commit_progress(1, remaining=remaining):
                    return
        finally:
            sending.end()

    @api.model
    def _get_round(self):
        """Return the run of the schedule that this is a part of."""
        return get_handed_down(self, "paylinks_round") or SendingRound(CHANNELS)

    @api.model
    def _get_due_domain(self):
        now = fields.Datetime.now()
        return [
            ("state", "in", WAITING),
            ("channel", "in", self._get_round().channels),
            "|",
            ("scheduled_at", "=", False),
            ("scheduled_at", "<=", now),
        ]

    def _put_off_closed(self):
        """What a channel that just failed had to send is due later: nobody waits for it now."""
        for channel, why in self._get_round().take_closed():
            later = fields.Datetime.now() + RETRIES[0]
            try:
                self.env.cr.execute(
                    SQL(
                        """
                        UPDATE payment_link_message SET scheduled_at = %(later)s, reason = %(why)s
                         WHERE id IN (
                            SELECT id FROM payment_link_message
                             WHERE state IN ('queued', 'held') AND channel = %(channel)s
                               AND (scheduled_at IS NULL OR scheduled_at <= %(now)s)
                             FOR NO KEY UPDATE SKIP LOCKED)
                        """,
                        channel=channel,
                        now=fields.Datetime.now(),
                        later=later,
                        why=why,
                    ),
                    log_exceptions=False,
                )
                self.env.invalidate_all(flush=False)
                self._wake_schedule(later)
                self.env["ir.cron"]._commit_progress()
            except OperationalError:
                self.env.cr.rollback()  # They are due still: the next run has them.

    # -- taking --

    @api.model
    def _claim_next(self):
        """Take the next message that is due and that nobody else takes, and commit that.

        :return: the message, or none
        """
        for _try in range(5):
            try:
                row = self._claim_row()
                if row.channel == "sms":
                    # What is reported on it finds it, even when this process does not live on.
                    self.env["sms.tracker"].sudo().create({"sms_uuid": row.sms_uuid})
                self.env["ir.cron"]._commit_progress()
                return row
            except OperationalError:
                self.env.cr.rollback()  # Another worker was faster with this one: the next.
        return self.browse()

    def _claim_row(self):
        """What a person asked for goes before what a setting did; text messages before emails, as
        a mail server that does not answer takes its time."""
        now = fields.Datetime.now()
        self.env.flush_all()
        self.env.cr.execute(
            SQL(
                """
                UPDATE payment_link_message
                   SET state = 'sending', claimed_at = %(now)s, tries = coalesce(tries, 0) + 1,
                       sms_uuid = CASE WHEN channel = 'sms' THEN %(uuid)s END
                 WHERE id = (
                    SELECT id FROM payment_link_message
                     WHERE state IN ('queued', 'held') AND channel IN %(channels)s
                       AND (scheduled_at IS NULL OR scheduled_at <= %(now)s)
                     ORDER BY automatic, (channel = 'email'), id
                     LIMIT 1 FOR NO KEY UPDATE SKIP LOCKED)
                RETURNING id
                """,
                now=now,
                channels=self._get_round().channels or ("none",),
                uuid=self._new_uuid(),
            ),
            log_exceptions=False,
        )
        row = self.browse([found[0] for found in self.env.cr.fetchall()])
        row.invalidate_recordset()
        return row

    @api.model
    def _recover_lost(self):
        """Bring before a person what a worker took and died over: it may be sent or not."""
        lost = self.search(
            [
                ("state", "=", "sending"),
                ("claimed_at", "<=", fields.Datetime.now() - LOST_AFTER),
            ]
        ).try_lock_for_update(allow_referencing=True)  # Whoever is alive holds the lock.
        lost = lost.filtered(lambda row: row.state == "sending")
        lost._set_state("unknown", self._say_uncertain())
        lost._drop_held_emails()
        self.env["ir.cron"]._commit_progress()

    def _say_uncertain(self):
        return self.env._(
            "The sending was interrupted, so it is not certain whether it went out. It is not sent"
            " again by itself: ask the customer, or send it again."
        )

    # -- sending --

    def _send_claimed(self):
        """Send one message that was taken, and note what became of it. Commits."""
        self.ensure_one()
        sending = self._get_round()
        sending.begun = sending.lost = False
        try:
            # Others see from the lock that somebody is at work.
            if not self.try_lock_for_update(allow_referencing=True) or self.state != "sending":
                return
            if not self._stop_if_needless():
                getattr(self, f"_deliver_{self.channel}")(sending)
            self.env.flush_all()
        except Exception as error:
            self.env.cr.rollback()
            self._settle_error(error, sending)
        self.env["ir.cron"]._commit_progress()
        self._tell_link_later()

    def _stop_if_needless(self):
        """Whether it is not sent, or not now: what was true when it was asked for may have
        changed."""
        link = self.link_id
        if self.kind != "notice" and (why := link._find_obstacle(self.channel, self)):
            self._set_state("cancelled", why)
            self._drop_held_emails()
            return True
        if until := link._get_quiet_end(self):
            self._set_state("held", self.env._("quiet hours"), scheduled_at=until)
            return True
        return False

    def _settle_error(self, error, sending):
        """Something went wrong: before anything left the house, or, perhaps, after."""
        if isinstance(error, UniqueViolation):
            # It was to wait once more, and so does another that was asked for meanwhile.
            self._set_state("cancelled", self.env._("It was asked for again meanwhile."))
        elif sending.begun:
            _logger.error("Message %s: the outcome of its sending is not known.", self.id)
            if sending.lost:
                sending.close("email", self._say_unreachable())
            self._set_state("unknown", self._say_uncertain())
        elif isinstance(error, (OperationalError, ConcurrencyError)):
            _logger.info("Somebody else was faster with message %s: later.", self.id)
            self._try_again_later(self.env._("Odoo was busy with this link"))
        else:
            _logger.warning("Message %s could not be made: %s", self.id, type(error).__name__)
            self._set_state("failed", self._explain(error))

    def _explain(self, error):
        template = self.link_id._get_template(self.channel, self.kind, self.rule_id)
        return self.env._(
            "The template “%(template)s” could not be filled in: %(error)s",
            template=template.name,
            error=str(error).strip().splitlines()[0][:200] if str(error).strip() else "?",
        )

    def _try_again_later(self, why):
        """Nothing was sent: wait a while, and give up in the end."""
        if self.tries > len(RETRIES):
            self._set_state("failed", why)
        else:
            later = fields.Datetime.now() + RETRIES[self.tries - 1]
            self._set_state("queued", why, scheduled_at=later)
            self._wake_schedule(later)

    @api.model
    def _tell_waiting(self):
        """Tell the links what nobody came to tell them: whoever noted it died, or was too busy."""
        for row in self.search([("to_tell", "=", True), ("state", "!=", "sending")]):
            row._tell_link_later()

    def _tell_link_later(self):
        """Tell the link in a transaction of its own; others may be changing it right now."""
        for _try in range(5):
            try:
                row = self.try_lock_for_update(allow_referencing=True).filtered("to_tell")
                row._tell_link()
                row.to_tell = False
                self.env.flush_all()
                self.env["ir.cron"]._commit_progress()
                return
            except (OperationalError, ConcurrencyError):
                self.env.cr.rollback()
            except Exception:
                self.env.cr.rollback()
                _logger.exception("Message %s: its link could not be told.", self.id)
                return
        _logger.warning("Message %s: its link is told by the next run.", self.id)

    def _say_unreachable(self):
        if self.channel == "sms":
            return self.env._("the text message service does not answer")
        return self.env._("the mail server does not answer")

    def _deliver_inbox(self, sending):
        """Tell the link's creator that money arrived: a notification, no activity."""
        sending.begun = True
        self.link_id._notify_creator_of_money(self.transaction_id)
        self._set_state("sent")
