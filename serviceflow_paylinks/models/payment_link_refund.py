from odoo import api, fields, models
from odoo.exceptions import UserError


class PaymentLink(models.Model):
    """Giving back what was paid through a link."""

    _inherit = "payment.link"

    refund_ids = fields.One2many(
        "payment.transaction",
        "refund_link_id",
        "Refunds",
        readonly=True,
        groups="serviceflow_paylinks.group_payments_view",
    )
    amount_refundable = fields.Monetary(
        "Refundable",
        compute="_compute_refunds",
        compute_sudo=True,
        groups="serviceflow_paylinks.group_payments_view",
        help="What was paid through the link and is not refunded, nor about to be.",
    )
    refunds_to_book = fields.Integer(
        compute="_compute_refunds",
        compute_sudo=True,
        groups="serviceflow_paylinks.group_payments_view",
        help="Refunds of which nobody has said yet what becomes of the invoice.",
    )

    @api.depends("transaction_ids.state", "refund_ids.state", "refund_ids.refund_choice")
    def _compute_refunds(self):
        for link in self:
            link.amount_refundable = sum(
                attempt._get_refundable() for attempt in link._get_paid_attempts()
            )
            link.refunds_to_book = len(link._get_refunds_to_book())

    def _get_paid_attempts(self):
        return self.sudo().transaction_ids.filtered(lambda tx: tx.state == "done")

    def _get_refunds_to_book(self):
        """Return the refunds that are paid out, but wait for the accountant's choice."""
        return self.sudo().refund_ids.filtered(
            lambda refund: refund.state == "done" and not refund.refund_choice
        )

    def action_refund(self):
        """Open the dialog that gives money back. For managers.

        :raise AccessError: the user may not manage payment links
        :raise UserError: nothing is left to refund
        """
        self.ensure_one()
        self._check_may_manage()
        attempts = self._get_paid_attempts().filtered(lambda tx: tx._get_refundable() > 0)
        if not attempts:
            raise UserError(
                self.env._("Nothing that was paid through %s is left to refund.", self.name)
            )
        return self._open_refund_dialog(attempts[:1])

    def action_book_refund(self):
        """Open the dialog that says what becomes of the invoice, for a refund that was made
        elsewhere. For managers.

        :raise AccessError: the user may not manage payment links
        :raise UserError: no refund waits for it
        """
        self.ensure_one()
        self._check_may_manage()
        refund = self._get_refunds_to_book()[-1:]
        if not refund:
            raise UserError(self.env._("Every refund of %s is booked.", self.name))
        return self._open_refund_dialog(refund.source_transaction_id, refund)

    def _open_refund_dialog(self, attempt, refund=None):
        """Return the action that opens the dialog for an attempt, or to book a refund of it."""
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Book Refund") if refund else self.env._("Refund"),
            "res_model": "payment.link.refund",
            "view_mode": "form",
            "target": "new",
            "context": {
                "default_link_id": self.id,
                "default_transaction_id": attempt.id,
                "default_refund_id": refund.id if refund else False,
            },
        }
