from odoo import api, fields, models


class AccountMove(models.Model):
    """The link that the invoice's portal page and its PDF lead to."""

    _inherit = "account.move"

    payable_link_id = fields.Many2one(
        "payment.link",
        "Link to Pay",
        compute="_compute_payable_link_id",
        compute_sudo=True,
        groups="serviceflow_paylinks.group_payments_view",
    )

    @api.depends(
        "state", "amount_residual", "payment_link_ids.state", "payment_link_ids.expires_at"
    )
    def _compute_payable_link_id(self):
        found = self.env["payment.link"]._find_payable("invoice_id", self)
        for move in self:
            move.payable_link_id = found.get(move.id)

    def _paylinks_get_portal_link(self):
        """Return the link for the button on the invoice's portal page; empty where there is none.

        For whoever may see the page, also by the invoice's own access token: that token lets its
        holder pay the invoice in stock Odoo just as well.
        """
        self.ensure_one()
        return self.sudo().payable_link_id

    def _paylinks_get_printed_link(self):
        """Return the link that is printed on the invoice; empty where there is none, or by choice.

        Printing makes no link. As each invoice of a report is asked, the first one's question
        answers for all of them.
        """
        self.ensure_one()
        invoice = self.sudo()
        return invoice.company_id.paylinks_invoice_qr and invoice.payable_link_id
