from datetime import timedelta

from odoo import fields, models


class ResCompany(models.Model):
    _inherit = "res.company"

    paylinks_expiry_days = fields.Integer(
        "Payment Links Expire After", default=30, help="Days after creation; 0: never."
    )
    paylinks_reminder_days = fields.Integer(
        "Remind Before Expiry",
        help="Days before the expiry on which the customer is reminded by email; 0: not at all.",
    )

    def _paylinks_default_expiry(self, now, due=None):
        """Return when a link created now expires (UTC); False for never.

        :param date due: when its invoice is due, if it has one
        """
        self.ensure_one()
        days = self.paylinks_expiry_days
        return now + timedelta(days=days) if days > 0 else False
