from odoo import api, fields, models
from odoo.exceptions import ValidationError

from .res_company_deposit import DEPOSIT_TYPES

# The least and the most that a part of the total is written as, in whole percents.
LEAST_PART, MOST_PART = 0.01, 0.99


class SaleOrder(models.Model):
    """The deposit that an order asks for: Odoo's prepayment, as a percentage or a fixed amount.

    What is required is one number, ``_get_prepayment_required_amount``: Odoo's rule that confirms
    the order, its portal, and the deposit's link all read it.
    """

    _inherit = "sale.order"

    prepayment_type = fields.Selection(
        DEPOSIT_TYPES,
        "Deposit As",
        compute="_compute_prepayment_type",
        store=True,
        readonly=False,
        precompute=True,
    )
    prepayment_amount = fields.Monetary(
        "Deposit Amount",
        compute="_compute_prepayment_amount",
        store=True,
        readonly=False,
        precompute=True,
        help="Asked for in advance; never more than the order's total.",
    )

    prepayment_currency_id = fields.Many2one(
        "res.currency",
        compute="_compute_prepayment_amount",
        store=True,
        precompute=True,
        help="What the deposit's amount is in: it is converted with the order.",
    )

    @api.depends("company_id")
    def _compute_prepayment_type(self):
        for order in self:
            order.prepayment_type = order.company_id.paylinks_deposit_type

    @api.depends("company_id", "currency_id", "prepayment_type")
    def _compute_prepayment_amount(self):
        """A default to begin with; what was entered stays, and follows the order's currency."""
        for order in self:
            company, amount = order.company_id, order.prepayment_amount
            entered = order.prepayment_currency_id or order.currency_id
            if not amount:
                amount, entered = company.paylinks_deposit_amount, company.currency_id
            if order.currency_id and entered != order.currency_id:
                day = order.date_order or fields.Date.today()
                amount = entered._convert(amount, order.currency_id, company, day)
            order.prepayment_amount = amount
            order.prepayment_currency_id = order.currency_id

    @api.constrains("require_payment", "prepayment_type", "prepayment_amount")
    def _check_prepayment_amount(self):
        for order in self:
            amount = order.prepayment_amount
            if order._asks_fixed_deposit() and order.currency_id.compare_amounts(amount, 0) <= 0:
                raise ValidationError(
                    self.env._(
                        "Enter the deposit that %s asks for, an amount greater than zero; or"
                        " choose a percentage.",
                        order.name,
                    )
                )

    def _asks_fixed_deposit(self):
        return self.require_payment and self.prepayment_type == "fixed"

    def _get_prepayment_required_amount(self):
        """Override of ``sale``: a fixed deposit, never more than the total."""
        self.ensure_one()
        if not self._asks_fixed_deposit():
            return super()._get_prepayment_required_amount()
        return self.currency_id.round(min(self.prepayment_amount, self.amount_total))

    def _get_deposit_part(self):
        """Return which part of the total a fixed deposit is, as Odoo's portal tells it."""
        if self.currency_id.compare_amounts(self.prepayment_amount, self.amount_total) >= 0:
            return 1.0
        part = self.prepayment_amount / self.amount_total
        return min(max(round(part, 2), LEAST_PART), MOST_PART)

    def _update_deposit_part(self):
        """Bring Odoo's percentage in line with a fixed deposit: its portal shows it."""
        for order in self:
            if not order._asks_fixed_deposit() or order.amount_total <= 0:
                continue
            part = order._get_deposit_part()
            if order.prepayment_percent != part:
                order.prepayment_percent = part
