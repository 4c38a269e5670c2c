from odoo import models

from .own_context import get_handed_down


class AccountMove(models.Model):
    """A tip pays no invoice, and earns no early-payment discount."""

    _inherit = "account.move"

    def _compute_amount_paid(self):
        result = super()._compute_amount_paid()
        for move in self:
            done = move.transaction_ids.filtered(lambda tx: tx.state in ("authorized", "done"))
            move.amount_paid -= sum(done.mapped("tip_amount"))
        return result

    def _get_invoice_next_payment_values(self, custom_amount=None):
        """Override of ``account``: ``_create_payment`` of account_payment gives the discount if the
        transaction's amount is the discounted one. While one with a tip is booked, that is asked of
        the amount without it."""
        values = super()._get_invoice_next_payment_values(custom_amount=custom_amount)
        charged, tip = get_handed_down(self, "paylinks_amounts", (0.0, 0.0))
        if tip and values.get("installment_state") == "epd":
            if self.currency_id.compare_amounts(charged - tip, values["amount_due"]) == 0:
                values["amount_due"] = charged
            else:
                values["installment_state"] = None
        return values
