from odoo import api, fields, models
from odoo.exceptions import AccessError

# The states in which the expiry still decides something.
EXPIRY_STATES = ("active", "expired")
# Odoo's own forms read more than the document: its journal, its salesperson's team.
FORM_GROUPS = {
    "account.move": ("account.group_account_invoice", "account.group_account_readonly"),
    "sale.order": ("sales_team.group_sale_salesman",),
}


class PaymentLink(models.Model):
    """What a row of the hub shows, and what a click on it opens."""

    _inherit = "payment.link"

    document_name = fields.Char(
        "Document", compute="_compute_document_name", compute_sudo=True, exportable=True
    )
    document_openable = fields.Boolean(compute="_compute_document_openable", exportable=False)
    amount_shown = fields.Monetary(
        "Asked, Under Way or Paid",
        compute="_compute_amount_shown",
        compute_sudo=True,
        help="What is to be paid, is on its way or was paid; for a link that asks for nothing any"
        " more, what it was for.",
    )
    amount_in_flight = fields.Monetary(
        "On Its Way",
        compute="_compute_amount_in_flight",
        compute_sudo=True,
        help="Accepted by the customer's bank, but not received yet.",
    )
    expiry_editable = fields.Boolean(compute="_compute_expiry_editable", exportable=False)
    payment_count = fields.Integer(
        "Payments", compute="_compute_payment_count", compute_sudo=True, exportable=False
    )

    @api.depends("purpose", "invoice_id.name", "sale_order_id.name")
    def _compute_document_name(self):
        for link in self:
            document = link._get_document()
            link.document_name = document.display_name if document else False

    @api.depends("purpose", "invoice_id", "sale_order_id")
    @api.depends_context("uid", "allowed_company_ids")
    def _compute_document_openable(self):
        openable = {
            records._name: set(records.sudo(False)._filtered_access("read").ids)
            for records in (self.sudo().invoice_id, self.sudo().sale_order_id)
        }
        for link in self:
            document = link.sudo()._get_document()
            link.document_openable = bool(document) and document.id in openable[document._name]

    @api.depends("transaction_ids.state", "transaction_ids.amount")
    def _compute_amount_in_flight(self):
        sums = self._sum_in_flight("payment_link_id", self)
        for link in self:
            link.amount_in_flight = sums.get(link._origin.id, 0.0)

    @api.depends("state", "amount", "amount_paid", "amount_refunded", "amount_in_flight")
    def _compute_amount_shown(self):
        for link in self:
            if link.state == "paid":
                link.amount_shown = link.amount_paid
            elif link.state == "processing":
                link.amount_shown = link.amount_in_flight
            elif link.state in ("settled", "cancelled") or not link.amount:
                link.amount_shown = link._get_original_amount()
            else:
                link.amount_shown = link.amount

    def _get_original_amount(self):
        """Return what the link was made for."""
        self.ensure_one()
        if self.amount_policy == "fixed":
            return self.amount_fixed
        return self._get_document().amount_total

    @api.depends("state")
    @api.depends_context("uid")
    def _compute_expiry_editable(self):
        may_write = self.has_access("write")
        for link in self:
            link.expiry_editable = may_write and link.state in EXPIRY_STATES

    @api.depends("transaction_ids.payment_id")
    def _compute_payment_count(self):
        for link in self:
            link.payment_count = len(link.transaction_ids.payment_id)

    # -- what a click opens --

    def action_open_document(self):
        """Open the invoice or the order that the link is for: for those who may see it, but do not
        work with invoices or orders, as its customer sees it.

        :raise AccessError: the user may not see it
        """
        self.ensure_one()
        self.check_access("read")
        document = self.sudo()._get_document().sudo(False)
        if not document.has_access("read"):
            raise AccessError(
                self.env._(
                    "You may not open %s. Ask an administrator for access to invoices or orders.",
                    self.document_name,
                )
            )
        if not any(self.env.user.has_group(group) for group in FORM_GROUPS[document._name]):
            url = document.sudo().get_portal_url()
            return {"type": "ir.actions.act_url", "url": url, "target": "new"}
        return {
            "type": "ir.actions.act_window",
            "res_model": document._name,
            "res_id": document.id,
            "views": [(False, "form")],
        }

    def action_view_attempts(self):
        """Open what the customer tried.

        :raise AccessError: the user may not see the link, or its attempts
        """
        self.ensure_one()
        self.check_access("read")
        self.env["payment.transaction"].check_access("read")
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "serviceflow_paylinks.payment_transaction_action_attempts"
        )
        return {**action, "domain": [("payment_link_id", "=", self.id)]}

    def action_view_payments(self):
        """Open the payments in the books that came of the link.

        :raise AccessError: the user may not see payments
        """
        self.ensure_one()
        self.check_access("read")
        payments = self.sudo().transaction_ids.payment_id.sudo(False)
        payments.check_access("read")
        action = {
            "type": "ir.actions.act_window",
            "name": self.env._("Payments"),
            "res_model": "account.payment",
            "context": {"create": False},
        }
        if len(payments) == 1:
            return {**action, "res_id": payments.id, "views": [(False, "form")]}
        return {
            **action,
            "views": [(False, "list"), (False, "form")],
            "domain": [("id", "in", payments.ids)],
        }
