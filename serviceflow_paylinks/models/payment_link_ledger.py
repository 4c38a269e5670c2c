from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import AccessError

KEEP_PARAMETER = "serviceflow_paylinks.ledger_days"
KEEP_DAYS = 180
# Stripe tells of its events for 30 days: what is trimmed sooner would be taken for a missed one.
KEEP_AT_LEAST = 31
TRIM_BATCH = 10_000
RETRY_AT_ONCE = 20


class PaymentLinkEvent(models.Model):
    """The ledger in the hands of managers: try again, and trim."""

    _inherit = "payment.link.event"

    def action_retry(self):
        """Try events again: some at once, the rest by the schedule. For managers.

        :raise AccessError: the user may not manage payment links
        """
        self.check_access("read")
        if not self.env.su and not self.env.user.has_group(
            "serviceflow_paylinks.group_payments_manage"
        ):
            raise AccessError(
                self.env._(
                    "Only managers of payment links may try events again. Ask an administrator for"
                    " the right “Payment Links: Manage”."
                )
            )
        events = self.sudo()
        events.write({"state": "received", "error": False, "tries": 0})
        for event in events.sorted("id")[:RETRY_AT_ONCE]:
            # Each on its own: what one of them spoils is no other's.
            # pylint: disable-next=invalid-commit
            self.env.cr.commit()
            event._process()
        return True

    @api.model
    def _get_days_to_keep(self):
        """Return how many days settled events are kept; 0: for ever."""
        value = self.env["ir.config_parameter"].sudo().get_param(KEEP_PARAMETER)
        try:
            days = int(value or KEEP_DAYS)
        except ValueError:
            days = KEEP_DAYS
        return max(days, KEEP_AT_LEAST) if days > 0 else 0

    @api.autovacuum
    def _gc_settled(self):
        """Trim what is settled and old, a batch at a time.

        :return: (how many were removed, whether there may be more)
        """
        days = self._get_days_to_keep()
        if not days:
            return 0, 0
        old = self.sudo().search(
            [
                ("state", "in", ("done", "ignored")),
                ("create_date", "<", fields.Datetime.now() - timedelta(days=days)),
            ],
            order="id",
            limit=TRIM_BATCH,
        )
        count = len(old)
        old.unlink()
        return count, int(count == TRIM_BATCH)
