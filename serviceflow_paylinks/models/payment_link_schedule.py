import logging

from odoo import api, fields, models
from odoo.exceptions import ConcurrencyError
from odoo.tools import SQL
from psycopg2 import OperationalError

_logger = logging.getLogger(__name__)

EXPIRE_BATCH = 1000


class PaymentLink(models.Model):
    """The scheduled actions. Rows are taken with SKIP LOCKED: any number of workers share."""

    _inherit = "payment.link"

    @api.private
    def cron_expire_links(self):
        """Expire what is past its time: one statement a batch, the history in one batch too."""
        while True:
            expired = self._expire_batch()
            remaining = EXPIRE_BATCH if len(expired) == EXPIRE_BATCH else 0
            left = self.env["ir.cron"]._commit_progress(len(expired), remaining=remaining)
            if not remaining or not left:
                return

    def _expire_batch(self):
        """Expire at most one batch of links.

        The statement writes ``state`` by itself, the one place besides ``_set_state``.

        :return: the links that expired
        """
        self.env.flush_all()
        rows = self.env.execute_query(
            SQL(
                """
                UPDATE payment_link SET state = 'expired', write_date = now() AT TIME ZONE 'UTC'
                 WHERE id IN (
                    SELECT id FROM payment_link
                     WHERE state = 'active' AND expires_at IS NOT NULL AND expires_at <= %s
                     ORDER BY expires_at LIMIT %s FOR NO KEY UPDATE SKIP LOCKED)
                RETURNING id
                """,
                fields.Datetime.now(),
                EXPIRE_BATCH,
            )
        )
        links = self.browse([row[0] for row in rows])
        links.invalidate_recordset(["state"])
        links._log_history(self.env._("Active → Expired: its time is over."))
        links._close_checkouts_soon()
        return links

    @api.private
    def cron_sync_checkouts(self):
        """Close what is no longer payable, ask about attempts whose messenger never came, book
        what could not be booked, and try failed notifications again."""
        transactions = self.env["payment.transaction"].sudo()
        due = transactions.search(
            [
                ("payment_link_id", "!=", False),
                ("checkout_check_at", "<=", fields.Datetime.now()),
            ],
            order="checkout_check_at, id",
        )
        self._work_through(due, lambda attempt: attempt._sync_checkout())
        refunds = transactions._get_refunds_to_sync()
        self._work_through(refunds, lambda refund: refund._sync_refund())
        events = self.env["payment.link.event"].sudo()
        self._work_through(events._get_to_retry(), lambda event: event._process())

    def _work_through(self, records, work):
        """Do the work for each record in a transaction of its own; one failure stops no other.

        A record is claimed and the claim committed before the work begins, so that no row is locked
        while the processor is asked, and no other worker takes it meanwhile.

        :param work: function of one record; it may commit
        """
        remaining = len(records)
        self.env["ir.cron"]._commit_progress(remaining=remaining)
        for record in records:
            try:
                if record.try_lock_for_update(allow_referencing=True):
                    record._claim()
                    self.env["ir.cron"]._commit_progress()
                    work(record)
            except (OperationalError, ConcurrencyError):
                self.env.cr.rollback()
                _logger.info("Somebody else was faster with %s: later.", record)
            except Exception:
                self.env.cr.rollback()
                _logger.exception("The schedule could not deal with %s.", record)
            remaining -= 1
            if not self.env["ir.cron"]._commit_progress(1, remaining=remaining):
                return

    def _claim(self):
        """Nothing to note: links are worked on in one short transaction each."""

    @api.private
    def cron_send_links(self):
        """Make the links that waited for their invoices, and send what is in the outbox."""
        self.env["account.move"]._paylinks_make_waiting_links()
        self.env["payment.link.message"]._send_due()

    @api.private
    def cron_send_texts(self):
        """Send text messages and notices from the outbox: in a schedule of their own they go out
        while a mail server takes its time."""
        self.env["payment.link.message"]._send_due(("sms", "inbox"))

    @api.private
    def cron_send_reminders(self):
        """Put the reminders that are due into the outbox: each rule once for a link."""
        self.env["payment.link.reminder.rule"]._ask_due()
