from odoo import models


class SaleOrder(models.Model):
    """What was paid of an order, and what follows when it is confirmed."""

    _inherit = "sale.order"

    def _paylinks_get_paid(self):
        """Return what is paid of the order: by its own payments, or on its invoices, whichever is
        more; a payment of the order usually pays its invoices too.

        :rtype: float
        """
        order = self.sudo()
        return max(order._paylinks_get_own_payments(), order._paylinks_get_paid_on_invoices())

    def _paylinks_get_paid_on_invoices(self):
        """Return what is paid on the order's invoices, less what was credited.

        :rtype: float
        """
        paid = 0.0
        for move in self.sudo().invoice_ids:
            if move.state == "posted" and move.currency_id == self.currency_id:
                sign = -1 if move.move_type == "out_refund" else 1
                paid += sign * (move.amount_total - move.amount_residual)
        return paid

    def _paylinks_get_own_payments(self):
        """Return what came by the order's own payments, less refunds; as ``amount_paid``, which may
        have been read before a payment changed its state.

        :rtype: float
        """
        paid = self.sudo().transaction_ids.filtered(lambda tx: tx.state in ("authorized", "done"))
        return sum(paid.mapped("amount"))

    def _paylinks_unsigned(self):
        """Return the quotations that want a signature and have none, also when they are overdue."""
        return self.filtered(
            lambda order: (
                order.state in ("draft", "sent") and order.require_signature and not order.signature
            )
        )

    def action_confirm(self):
        """Override of ``sale``: deposits that were paid before are invoiced now."""
        result = super().action_confirm()
        for order in self.sudo():
            order._paylinks_invoice_deposits()
        return result

    def _paylinks_invoice_deposits(self):
        """Invoice the order's deposits that were booked while it was not confirmed yet."""
        waiting = self.transaction_ids.filtered(
            lambda tx: (
                tx.payment_id
                and tx.state == "done"
                and tx.operation != "refund"
                and tx._is_deposit()
                and not tx.invoice_ids
            )
        )
        for attempt in waiting.sorted("id"):
            attempt = attempt._with_system_user()
            attempt._lock_checkout()
            attempt.payment_link_id._unflag(attempt.env._("Paid, but not signed"))
            attempt._invoice_deposit()
