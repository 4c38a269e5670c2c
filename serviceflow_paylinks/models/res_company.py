from datetime import datetime, time, timedelta
from functools import lru_cache

import pytz
from odoo import api, fields, models
from odoo.exceptions import ValidationError

LONGEST_DAYS = 3650


class ResCompany(models.Model):
    _inherit = "res.company"

    paylinks_expiry_policy = fields.Selection(
        [
            ("creation", "Days after creation"),
            ("due", "Days after the due date"),
            ("never", "Never"),
        ],
        "Payment Links Expire",
        required=True,
        default="creation",
    )
    paylinks_expiry_days = fields.Integer("Payment Links Expire After", default=30)

    @api.constrains("paylinks_expiry_policy", "paylinks_expiry_days")
    def _check_paylinks_expiry_days(self):
        for company in self.filtered(lambda company: company.paylinks_expiry_policy != "never"):
            if not 1 <= company.paylinks_expiry_days <= LONGEST_DAYS:
                raise ValidationError(
                    self.env._(
                        "Links cannot expire after %(days)s days. Enter 1 to %(most)s days, or"
                        " choose “Never”.",
                        days=company.paylinks_expiry_days,
                        most=LONGEST_DAYS,
                    )
                )

    def _paylinks_default_expiry(self, now, due=None):
        """Return when a link created now expires by the company's settings.

        :param datetime now: UTC
        :param date due: when the invoice is due; without, or too long ago, the days count from now
        :return: UTC; False for never
        """
        self.ensure_one()
        if self.paylinks_expiry_policy == "never":
            return False
        days = timedelta(days=self.paylinks_expiry_days)
        if self.paylinks_expiry_policy == "due" and due:
            try:
                expires_at = _end_of_day(due + days, self.partner_id.tz or "UTC")
            except OverflowError:
                return False  # Due at the end of the calendar.
            if expires_at > now:
                return expires_at
        return now + days


@lru_cache(maxsize=256)
def _end_of_day(day, zone):
    """Return the last second of a day in a time zone (UTC); a batch asks for the same few."""
    local = pytz.timezone(zone).localize(datetime.combine(day, time(23, 59, 59)))
    return local.astimezone(pytz.utc).replace(tzinfo=None)
