from odoo import models


class PaymentTransaction(models.Model):
    """Giving back a deposit that was invoiced as a down payment."""

    _inherit = "payment.transaction"

    def _write_credit_note(self, amount):
        """Of a part of a down payment: the order learns how much is left to deduct, locked or not.

        Odoo leaves the lines of locked orders alone, and counts a down payment that was credited in
        part as one that is not to be deducted at all.
        """
        invoice = self._get_creditable_invoice()
        if not invoice._is_downpayment():
            return super()._write_credit_note(amount)
        locked = invoice.line_ids.sale_line_ids.order_id.filtered("locked")
        locked.locked = False
        part = self.currency_id.compare_amounts(amount, invoice.amount_total) < 0
        writer = self.with_context(default_paylinks_part_credit=True) if part else self
        note = super(PaymentTransaction, writer)._write_credit_note(amount)
        locked.locked = True
        return note.with_env(self.env)
