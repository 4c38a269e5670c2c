from odoo import fields, models


class AccountPayment(models.Model):
    """Payments of links are refunded through the link's dialog, and undone without a trace lost."""

    _inherit = "account.payment"

    def _compute_amount_available_for_refund(self):
        """Override of ``account_payment``: refunds under way count, failed ones do not."""
        result = super()._compute_amount_available_for_refund()
        for payment in self:
            attempt = payment.payment_transaction_id.sudo()
            if attempt.payment_link_id and attempt.payment_id == payment:
                payment.amount_available_for_refund = attempt._get_refundable()
        return result

    def action_refund_wizard(self):
        """Override of ``account_payment``: the link's own dialog.

        :raise AccessError: the user may not manage payment links
        """
        self.ensure_one()
        attempt = self.payment_transaction_id.sudo()
        if not attempt.payment_link_id:
            return super().action_refund_wizard()
        link = attempt.payment_link_id.with_env(self.env)
        link._check_may_manage()
        return link._open_refund_dialog(attempt)

    def _paylinks_undo(self, why):
        """Undo the payment: cancel it, or post its opposite where it is part of the closed books
        (lock date, hash) or matched with a bank statement already.

        :param str why: for the opposite entry
        """
        self.ensure_one()
        move = self.move_id
        liquidity = move.line_ids.filtered(
            lambda line: line.account_id == self.outstanding_account_id
        )
        matched = liquidity.filtered(lambda line: line.matched_debit_ids or line.matched_credit_ids)
        if move._can_be_unlinked() and not matched:
            self.action_cancel()
            return
        receivable = move.line_ids.filtered(
            lambda line: line.account_id == self.destination_account_id
        )
        receivable.remove_move_reconcile()
        opposite = move._reverse_moves([{"date": fields.Date.context_today(self), "ref": why}])
        opposite._post(soft=False)
        for lines in (receivable, liquidity - matched):
            pair = (lines + opposite.line_ids).filtered(
                lambda line, a=lines.account_id: line.account_id == a and not line.reconciled
            )
            if len(pair) > 1 and lines.account_id.reconcile:
                pair.reconcile()
