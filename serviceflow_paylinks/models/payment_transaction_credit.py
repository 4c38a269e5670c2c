from odoo import Command, fields, models


class PaymentTransaction(models.Model):
    """Money that came when it was not asked for any more, or more than was owed: it is booked, kept
    as the customer's credit, and a person is called to decide."""

    _inherit = "payment.transaction"

    def _detach_if_late(self):
        """Leave the documents alone where the money came when it was no longer asked for.

        :return: why, in words; an empty string where it was asked for
        """
        late = self._find_lateness()
        if late:
            self._detach(late)
        return late

    def _detach(self, reason):
        """The money is kept as the customer's credit; a person decides."""
        self.write({"invoice_ids": [Command.clear()], "sale_order_ids": [Command.clear()]})
        self._call_a_person_if_needed(reason)

    def _find_lateness(self):
        """Return in words why this money came when it was no longer asked for; empty if it was."""
        link = self.payment_link_id.sudo()
        document = link._get_document()
        if link.cancel_reason == "replaced":
            return self.env._("the link had been replaced by another one")
        if link.state == "cancelled" and link.cancel_reason != "document":
            return self.env._("the link had been deleted")
        if document and document.state == "cancel":
            return self.env._("the document had been cancelled")
        if link.state == "cancelled":
            return self.env._("the document had changed, and the link was no longer for it")
        if link._is_document_on_hold():
            return self.env._("the invoice had been reset to draft")
        paid_at = self.checkout_paid_at or fields.Datetime.now()
        if link.expires_at and link.expires_at < paid_at:
            return self.env._("the link had expired")
        return ""

    def _call_a_person_if_needed(self, late):
        """Late money, and money beyond what was owed, is a person's to decide on."""
        reason = late or self._find_unposted_tip() or self._find_surplus()
        if not reason:
            return
        self.payment_link_id._flag(
            self.env._("Money to be assigned"),
            self.env._(
                "%(amount)s arrived (%(reference)s), but %(reason)s. It is booked as a credit of"
                " the customer: match it with an open invoice, or refund it.",
                amount=self.currency_id.format(self.amount - self.tip_amount),
                reference=self.reference,
                reason=reason,
            ),
            self.reference,
        )

    def _find_surplus(self):
        """Return in words that the payment was more than its invoices owed; empty if it was not."""
        if not self.invoice_ids or not self.payment_id:
            return ""
        lines = self.payment_id.move_id.line_ids.filtered(
            lambda line: line.account_id == self.payment_id.destination_account_id
        )
        left = abs(sum(lines.mapped("amount_residual_currency")))
        if self.currency_id.is_zero(left):
            return ""
        return self.env._(
            "the invoice owed %s less than that by then", self.currency_id.format(left)
        )
