from datetime import timedelta

from odoo import fields, models


class ResCompany(models.Model):
    _inherit = "res.company"

    paylinks_expiry_days = fields.Integer(
        "Payment Links Expire After", default=30, help="Days after creation; 0: never."
    )

    def _paylinks_default_expiry(self, now):
        """Return when a link created now expires (UTC); False for never."""
        self.ensure_one()
        days = self.paylinks_expiry_days
        return now + timedelta(days=days) if days > 0 else False
