from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain


class SaleOrder(models.Model):
    _inherit = "sale.order"

    payment_link_count = fields.Integer(
        compute="_compute_payment_link_count", groups="serviceflow_paylinks.group_payments_view"
    )
    paylinks_deposit_due = fields.Boolean(
        compute="_compute_paylinks_deposit_due",
        groups="serviceflow_paylinks.group_payments_create",
        help="The order asks for a prepayment that has not been paid.",
    )

    @api.depends_context("uid", "allowed_company_ids")
    def _compute_payment_link_count(self):
        for order in self:
            domain = order._paylinks_domain()
            order.payment_link_count = self.env["payment.link"].search_count(domain)

    def _paylinks_domain(self):
        """Return the domain of the order's links: its deposits, and those of its invoices."""
        invoices = self.sudo().invoice_ids.ids
        return Domain("sale_order_id", "=", self.id) | Domain("invoice_id", "in", invoices)

    @api.depends("state", "require_payment", "prepayment_percent", "amount_total")
    def _compute_paylinks_deposit_due(self):
        for order in self:
            due = order.state != "cancel" and order._get_deposit_due()
            order.paylinks_deposit_due = due and order.currency_id.compare_amounts(due, 0) > 0

    def _get_deposit_due(self):
        """Return what is left to pay of the prepayment that the order asks for."""
        self.ensure_one()
        order = self.sudo()
        if not order.require_payment:
            return 0.0
        asked = order._get_prepayment_required_amount() - order.amount_paid
        return min(asked, order._paylinks_amount_due())

    def action_view_payment_links(self):
        """Open the links of the order and of its invoices."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "serviceflow_paylinks.payment_link_action"
        )
        return {**action, "domain": list(self._paylinks_domain()), "context": {}}

    def action_generate_deposit_link(self):
        """Make the order's deposit link, or find the open one, and show it to be passed on."""
        self.ensure_one()
        existed = self._get_open_deposits()
        link = self.generate_deposit_links()
        wizard = self.env["payment.link.generate"].create({"purpose": "custom"})
        return wizard._show_link(link, wizard._describe_found(existed))

    def generate_deposit_links(self):
        """Return a link for the prepayment that each order asks for: the open one, or a new one.

        :return: the links, in the order of the orders
        :raise AccessError: the user may not create payment links, or not see an order
        :raise UserError: an order asks for no prepayment, or cannot be paid any more
        """
        link_model = self.env["payment.link"]
        link_model.check_access("create")
        self.check_access("read")
        for company in self.company_id:
            self.env["payment.provider"]._paylinks_check_connected(company)
        existing = self._get_open_deposits()
        missing = self.filtered(lambda order: order.id not in existing)
        created = link_model.create([order._prepare_deposit_link_values() for order in missing])
        found = {**existing, **{link.sale_order_id.id: link.id for link in created}}
        return link_model.browse([found[order.id] for order in self])

    def _get_open_deposits(self):
        """Return the open deposit link of each order that has one: {order id: link id}."""
        links = self.env["payment.link"].search(
            [
                ("sale_order_id", "in", self.ids),
                ("purpose", "=", "deposit"),
                ("state", "in", ("active", "processing")),
            ]
        )
        return {link.sale_order_id.id: link.id for link in links}

    def _prepare_deposit_link_values(self):
        self.ensure_one()
        if self.state == "cancel":
            raise UserError(self.env._("%s is cancelled: there is nothing to pay.", self.name))
        amount = self._get_deposit_due()
        if self.currency_id.compare_amounts(amount, 0) <= 0:
            raise UserError(
                self.env._(
                    "%s asks for no prepayment. Turn on Online payment on the order and enter the"
                    " percentage.",
                    self.name,
                )
            )
        return {"purpose": "deposit", "sale_order_id": self.id, "amount": amount}

    def _paylinks_amount_due(self):
        """Return what is not paid of the order, in its currency."""
        self.ensure_one()
        return 0.0 if self.state == "cancel" else self.amount_total - self.sudo().amount_paid
