from odoo import api, fields, models
from odoo.exceptions import ValidationError

DEPOSIT_TYPES = [("percent", "Percentage"), ("fixed", "Fixed amount")]


class ResCompany(models.Model):
    """What new quotations ask for as a deposit. Whether they do, and the percentage, are Odoo's own
    settings (``portal_confirmation_pay``, ``prepayment_percent``)."""

    _inherit = "res.company"

    paylinks_deposit_type = fields.Selection(
        DEPOSIT_TYPES, "Deposit As", required=True, default="percent"
    )
    paylinks_deposit_amount = fields.Monetary("Deposit Amount")
    paylinks_deposit_invoice = fields.Boolean(
        "Down-Payment Invoice",
        default=True,
        help="A deposit that was paid is invoiced at once; the final invoice deducts it.",
    )

    @api.constrains("paylinks_deposit_type", "paylinks_deposit_amount")
    def _check_paylinks_deposit_amount(self):
        for company in self:
            amount = company.paylinks_deposit_amount
            wrong = company.currency_id.compare_amounts(amount, 0) < 0
            if wrong or (company.paylinks_deposit_type == "fixed" and not amount):
                raise ValidationError(
                    self.env._(
                        "Enter the deposit that new quotations ask for, an amount greater than"
                        " zero; or choose a percentage."
                    )
                )


class PaymentLinkOptions(models.AbstractModel):
    _inherit = "payment.link.options"

    # The same names as in the settings of Sales, so that one page never writes two values.
    portal_confirmation_pay = fields.Boolean(
        "Ask for a Deposit", related="company_id.portal_confirmation_pay", readonly=False
    )
    prepayment_percent = fields.Float(
        "Deposit in Percent", related="company_id.prepayment_percent", readonly=False
    )
    paylinks_deposit_currency_id = fields.Many2one(
        related="company_id.currency_id", string="Currency of Deposits"
    )
    # Two fields, one inverse: related fields are written one after the other, and a fixed deposit
    # whose amount is not there yet is refused.
    paylinks_deposit_type = fields.Selection(
        DEPOSIT_TYPES,
        "Deposit As",
        compute="_compute_paylinks_deposit",
        inverse="_inverse_paylinks_deposit",
    )
    paylinks_deposit_amount = fields.Monetary(
        "Deposit Amount",
        compute="_compute_paylinks_deposit",
        inverse="_inverse_paylinks_deposit",
        currency_field="paylinks_deposit_currency_id",
    )
    paylinks_deposit_invoice = fields.Boolean(
        related="company_id.paylinks_deposit_invoice", readonly=False
    )

    @api.depends("company_id")
    def _compute_paylinks_deposit(self):
        for options in self:
            options.paylinks_deposit_type = options.company_id.paylinks_deposit_type
            options.paylinks_deposit_amount = options.company_id.paylinks_deposit_amount

    def _inverse_paylinks_deposit(self):
        for options in self:
            options.company_id.write(
                {
                    "paylinks_deposit_type": options.paylinks_deposit_type or "percent",
                    "paylinks_deposit_amount": options.paylinks_deposit_amount,
                }
            )
