import logging
from datetime import timedelta

from odoo import api, fields, models

from ..exceptions import ProcessorError

_logger = logging.getLogger(__name__)

KEPT = timedelta(days=30)  # Stripe tells of its events as long
WINDOW = timedelta(hours=12)
# Looked at again each time: clocks differ, and an event may show late in the list.
OVERLAP = timedelta(hours=1)
RETRY, RETRY_AT_MOST = timedelta(hours=1), timedelta(hours=8)


class PaymentProvider(models.Model):
    """What the webhook endpoint missed while it was down is swept up from Stripe's list of events.

    Each goes through the same ledger as if it had been delivered, so nothing is done twice.
    """

    _inherit = "payment.provider"

    paylinks_swept_to = fields.Datetime(
        "Events Known Up To", readonly=True, copy=False, groups="base.group_system"
    )
    # Written by data/neutralize.sql alone.
    paylinks_copied_at = fields.Datetime(
        readonly=True,
        copy=False,
        groups="base.group_system",
        help="When this database was neutralised: older payments are the original's.",
    )
    paylinks_sweep_at = fields.Datetime(readonly=True, copy=False, groups="base.group_system")
    paylinks_sweep_failures = fields.Integer(readonly=True, copy=False, groups="base.group_system")

    @api.model
    def _paylinks_get_to_sweep(self):
        """Return the providers whose list of events is due."""
        now = fields.Datetime.now()
        return self.sudo().search(
            [
                ("code", "in", self._paylinks_codes()),
                ("state", "in", ("enabled", "test")),
                ("stripe_secret_key", "!=", False),
                "|",
                ("paylinks_sweep_at", "=", False),
                ("paylinks_sweep_at", "<=", now),
            ]
        )

    def _claim(self):
        """Keep other workers of the schedule away meanwhile."""
        self.paylinks_sweep_at = fields.Datetime.now() + timedelta(minutes=10)

    def _paylinks_sweep(self):
        """Write down and process the events that the endpoint missed. Commits as it goes: each
        window of time that is through is remembered."""
        self.ensure_one()
        now = fields.Datetime.now()
        start = self._paylinks_sweep_start(now)
        try:
            processor = self._paylinks_get_processor()
            while start < now:
                until = min(start + WINDOW, now)
                bound = until if until < now else None
                missed = self._paylinks_store_missed(processor, start - OVERLAP, bound)
                self.paylinks_swept_to = start = until
                self.env["ir.cron"]._commit_progress()
                for event in missed:
                    # What there is no time for is received, and so the other schedule's.
                    if not self.env["ir.cron"]._commit_progress():
                        return
                    event._process()
        except ProcessorError as error:
            self._paylinks_postpone_sweep(error)
            return
        self.write({"paylinks_sweep_at": False, "paylinks_sweep_failures": 0})

    def _paylinks_sweep_start(self, now):
        """Return from when on events may be unknown: since the last time, or the first attempt."""
        start = self.paylinks_swept_to
        if not start:
            first = (
                self.env["payment.transaction"]
                .sudo()
                .search(
                    [
                        ("provider_id", "=", self.id),
                        ("payment_link_id", "!=", False),
                        ("create_date", ">", now - KEPT),
                    ],
                    order="id",
                    limit=1,
                )
            )
            start = first.create_date or now
        return min(max(start, now - KEPT + OVERLAP), now - timedelta(minutes=1))

    def _paylinks_store_missed(self, processor, since, until):
        """Write the events of a period that are not in the ledger into it.

        :return: the new rows, the oldest first
        """
        ledger = self.env["payment.link.event"].sudo()
        missed, after, more = ledger, "", True
        while more:
            page, more = processor.list_notifications(since, until, after)
            if not page:
                break
            after = page[-1].event_ref
            known = ledger.search(
                [
                    ("provider_id", "=", self.id),
                    ("event_ref", "in", [event.event_ref for event in page]),
                ]
            )
            refs = set(known.mapped("event_ref"))
            for notification in page:
                if notification.event_ref not in refs:
                    missed |= ledger._store(self, notification, swept=True)
        if missed:
            _logger.info("%s events had not reached the webhook of %s.", len(missed), self)
        return missed[::-1]

    def _paylinks_postpone_sweep(self, error):
        """Stripe could not be asked: wait twice as long as the time before."""
        _logger.warning("Events of provider %s could not be listed: %s", self.id, error)
        failures = self.paylinks_sweep_failures + 1
        wait = min(RETRY * 2 ** min(failures - 1, 10), RETRY_AT_MOST)
        self.write(
            {
                "paylinks_sweep_failures": failures,
                "paylinks_sweep_at": fields.Datetime.now() + wait - timedelta(minutes=5),
            }
        )


class PaymentLink(models.Model):
    _inherit = "payment.link"

    @api.private
    def cron_sweep_events(self):
        """Sweep up what the webhook endpoints missed, and tell managers of one that is silent."""
        providers = self.env["payment.provider"]
        self._work_through(
            providers._paylinks_get_to_sweep(), lambda provider: provider._paylinks_sweep()
        )
        providers._paylinks_check_webhooks()
