from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from odoo import api, fields, models
from odoo.exceptions import ValidationError


class ResCompany(models.Model):
    """What a company has links do by themselves."""

    _inherit = "res.company"

    paylinks_auto_create = fields.Boolean(
        "Link With Each Invoice", help="Confirming a customer invoice makes its payment link."
    )
    paylinks_auto_send = fields.Selection(
        [("email", "By email"), ("sms", "By SMS"), ("both", "By email and SMS")],
        "Send by Itself",
        help="Empty: links made with their invoices are sent by hand.",
    )
    paylinks_quiet_from = fields.Float(
        "Quiet From",
        default=20.0,
        help="Text messages and reminders wait from this hour, the customer's time.",
    )
    paylinks_quiet_until = fields.Float(
        "Quiet Until", default=8.0, help="The same hour as the beginning: no quiet hours."
    )
    paylinks_tell_paid = fields.Boolean("Tell the Creator of Payments", default=True)
    paylinks_tell_expired = fields.Boolean("Tell the Creator of Expired Links")
    paylinks_expired_told_at = fields.Datetime(
        readonly=True, help="Links that expired before are not told of."
    )
    paylinks_receipt = fields.Selection(
        [("stripe", "Email from Stripe"), ("odoo", "Email from us"), ("none", "None")],
        "Receipt",
        required=True,
        default="stripe",
    )

    @api.constrains("paylinks_quiet_from", "paylinks_quiet_until")
    def _check_paylinks_quiet_hours(self):
        for company in self:
            hours = (company.paylinks_quiet_from, company.paylinks_quiet_until)
            if not all(0 <= hour < 24 for hour in hours):
                raise ValidationError(
                    self.env._("Enter the quiet hours as times between 00:00 and 23:59.")
                )

    def _paylinks_zone(self):
        """Return the company's time zone, else that of whoever set it up, else UTC."""
        self.ensure_one()
        name = self.partner_id.tz or self.create_uid.tz or "UTC"
        try:
            return ZoneInfo(name)
        except (ZoneInfoNotFoundError, ValueError):
            return ZoneInfo("UTC")

    def write(self, vals):
        if vals.get("paylinks_tell_expired"):
            # From now on: nobody is told of links that expired long ago.
            vals = {**vals, "paylinks_expired_told_at": fields.Datetime.now()}
        return super().write(vals)
