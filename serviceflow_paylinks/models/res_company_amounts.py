import re

from odoo import api, fields, models
from odoo.exceptions import ValidationError

# Tips belong to the business, or are passed on to its people: then it owes them until payday.
TIP_ACCOUNT_TYPES = ("income", "income_other", "liability_current")
MOST_PRESETS = 4  # more would crowd a phone


class ResCompany(models.Model):
    """What the customer may choose on the page: to pay a part now, and to add a tip."""

    _inherit = "res.company"

    paylinks_part_payments = fields.Boolean(
        "Part Payments",
        help="Customers may lower the amount when they pay an invoice; the rest stays open.",
    )
    paylinks_part_minimum = fields.Integer(
        "Least Part", default=25, help="In percent of what is still owed."
    )
    paylinks_tips = fields.Boolean("Tips", help="Customers may add a tip when they pay.")
    paylinks_tip_presets = fields.Char(
        "Tips to Choose From",
        default="10, 15, 20",
        help="In percent of what is to be paid; empty: the customer only types an amount.",
    )
    paylinks_tip_account_id = fields.Many2one(
        "account.account",
        "Account for Tips",
        check_company=True,
        domain=[("account_type", "in", TIP_ACCOUNT_TYPES)],
        help="Tips are posted here: an income account, or a liability if you pass them on.",
    )

    @api.constrains("paylinks_part_minimum")
    def _check_paylinks_part_minimum(self):
        for company in self:
            if not 1 <= company.paylinks_part_minimum <= 99:
                raise ValidationError(
                    self.env._("The least part of an invoice is a percentage from 1 to 99.")
                )

    @api.constrains("paylinks_tip_presets")
    def _check_paylinks_tip_presets(self):
        for company in self:
            if company._paylinks_read_tip_presets() is None:
                raise ValidationError(
                    self.env._(
                        "“%(text)s” is no list of tips. Write up to %(most)s different percentages"
                        " from 1 to 100 without decimals, such as 10, 15, 20.",
                        text=company.paylinks_tip_presets,
                        most=MOST_PRESETS,
                    )
                )

    @api.constrains("paylinks_tips", "paylinks_tip_account_id")
    def _check_paylinks_tip_account(self):
        for company in self:
            account = company.paylinks_tip_account_id
            if company.paylinks_tips and not account:
                raise ValidationError(
                    self.env._("Choose the account that tips are posted to, or turn tips off.")
                )
            if account and account.account_type not in TIP_ACCOUNT_TYPES:
                raise ValidationError(
                    self.env._(
                        "Tips cannot be posted to %s. Choose an income account, or a current"
                        " liability if the tips are passed on to your staff.",
                        account.display_name,
                    )
                )

    def _paylinks_read_tip_presets(self):
        """Return the tips to choose from, in percent; None where the text is no such list.

        :rtype: list[int] | None
        """
        self.ensure_one()
        words = re.split(r"[\s,;%]+", (self.paylinks_tip_presets or "").strip(" ,;%"))
        words = [word for word in words if word]
        if not all(re.fullmatch(r"\d{1,3}", word) for word in words):
            return None
        percents = [int(word) for word in words]
        fits = len(percents) <= MOST_PRESETS and len(set(percents)) == len(percents)
        return percents if fits and all(1 <= percent <= 100 for percent in percents) else None

    def _paylinks_usable_tip_account(self, account, currency):
        """Return the account if a tip in this currency can be posted to it now; else an empty one.

        :param account: an `account.account`, or an empty record
        """
        self.ensure_one()
        account = account.sudo().exists()
        fits = (
            account.active
            and account.account_type in TIP_ACCOUNT_TYPES
            and account.currency_id.id in (False, self.currency_id.id, currency.id)
            and account.filtered_domain(account._check_company_domain(self))
        )
        return account if fits else account.browse()
