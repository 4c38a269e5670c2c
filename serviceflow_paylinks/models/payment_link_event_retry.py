from datetime import timedelta

from odoo import api, fields, models

RETRY_AFTER = timedelta(minutes=2)
RETRY_AFTER_AT_MOST = timedelta(days=1)
RETRY_FOR = timedelta(days=30)  # Stripe keeps its events as long
# Two hours after the event: an outage of Stripe's is over by then, mostly.
TRIES_ALONE = 6


class PaymentLinkEvent(models.Model):
    """What failed is tried again, later each time; in the end a person is called."""

    _inherit = "payment.link.event"

    tries = fields.Integer(
        readonly=True, help="How often the schedule has tried since it came, or since “Try Again”."
    )

    @api.model
    def _get_to_retry(self):
        """Return the events to try again: each waits twice as long as the time before."""
        now = fields.Datetime.now()
        events = self.search(
            [
                ("state", "in", ("received", "failed")),
                ("write_date", "<", now - RETRY_AFTER),
                ("create_date", ">", now - RETRY_FOR),
            ],
            order="id",
        )
        return events.filtered(lambda event: event.write_date + event._get_wait() <= now)

    def _get_wait(self):
        return min(RETRY_AFTER * 2 ** min(self.tries, 20), RETRY_AFTER_AT_MOST)

    def _claim(self):
        """Keep other workers of the schedule away: the retry waits from the last write."""
        self.tries += 1

    def _fail(self, problem):
        """Write down that the event could not be processed; when that goes on, call a person:
        nobody reads the ledger unasked.

        :param str problem: what went wrong
        """
        self.write({"state": "failed", "error": problem})
        attempt = self._get_called_for()
        if not attempt or self.tries < TRIES_ALONE:
            return
        attempt.payment_link_id._flag(
            attempt.env._("Stripe's message not processed"),
            attempt.env._(
                "Odoo cannot process what Stripe told of %(reference)s (%(type)s), and has tried"
                " for hours: %(error)s. It goes on trying. Mend the cause, or press “Try Again” on"
                " the event %(event)s in the list of webhook events.",
                reference=attempt.reference,
                type=self.event_type,
                error=problem,
                event=self.event_ref,
            ),
            attempt.reference,
        )

    def _call_nobody_any_more(self):
        """The event has gone through, or a person was called for what it tells."""
        attempt = self._get_called_for()
        summary = attempt.env._("Stripe's message not processed")
        attempt.payment_link_id._unflag(summary, attempt.reference)

    def _get_called_for(self):
        """Return the attempt that a person is called for, for staff to read."""
        return (self.transaction_id or self._find_attempt())._with_system_user()
