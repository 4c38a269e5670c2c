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

    @api.depends(
        "state",
        "require_payment",
        "prepayment_percent",
        "prepayment_type",
        "prepayment_amount",
        "amount_total",
        "transaction_ids.state",
    )
    def _compute_paylinks_deposit_due(self):
        for order in self:
            due = 0.0 if order.is_expired else order._get_deposit_due()
            order.paylinks_deposit_due = order.currency_id.compare_amounts(due, 0) > 0

    def _get_deposit_due(self):
        """Return what is left to pay of the prepayment that the order asks for."""
        self.ensure_one()
        order = self.sudo()
        if not order.require_payment or order.state == "cancel":
            return 0.0
        asked = order._get_prepayment_required_amount() - order._paylinks_get_paid()
        return max(min(asked, order._paylinks_amount_due()), 0.0)

    def action_view_payment_links(self):
        """Open the links of the order and of its invoices.

        :raise AccessError: the user may not see links, or not the order
        """
        self.ensure_one()
        self.env["payment.link"].check_access("read")
        self.check_access("read")
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
        self.env["payment.link"].check_access("create")
        self.check_access("read")
        return self._find_or_create_deposit_links()

    def _find_or_create_deposit_links(self, **values):
        """As ``generate_deposit_links``, for whoever may.

        :param values: further values of new links (``user_id`` …)
        """
        link_model = self.env["payment.link"]
        for company in self.company_id:
            self.env["payment.provider"]._paylinks_check_connected(company)
        self._expire_overdue_deposits()
        existing = self._get_open_deposits()
        missing = self.filtered(lambda order: order.id not in existing)
        created = link_model.create(
            [{**order._prepare_deposit_link_values(), **values} for order in missing]
        )
        found = {**existing, **{link.sale_order_id.id: link.id for link in created}}
        return link_model.browse([found[order.id] for order in self])

    def _expire_overdue_deposits(self):
        """A link whose time is over is none to be handed out, even before the schedule has run."""
        overdue = [("state", "=", "active"), ("expires_at", "<=", fields.Datetime.now())]
        links = self.env["payment.link"].sudo()
        links = links.search([("sale_order_id", "in", self.ids), *overdue])
        links._set_state("expired", self.env._("its time is over"))
        links._close_checkouts_soon()

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
        """Return the values of a link that follows what the order asks for.

        :raise UserError: there is nothing to ask for, and why
        """
        self.ensure_one()
        if why := self._get_no_deposit_reason():
            raise UserError(why)
        return {"purpose": "deposit", "sale_order_id": self.id}

    def _get_no_deposit_reason(self):
        """Return why no deposit can be collected on the order, for the clerk; empty if it can."""
        if self.state == "cancel":
            return self.env._("%s is cancelled: there is nothing to pay.", self.name)
        if self.is_expired:
            return self.env._(
                "The time to accept %s is over. Enter a later expiration on the quotation first.",
                self.name,
            )
        asked = self.sudo()._get_prepayment_required_amount()
        if self.currency_id.compare_amounts(asked, 0) <= 0:
            return self.env._(
                "%s asks for no deposit. Open Other Info on the order, turn on Online payment and"
                " enter the percentage or the amount.",
                self.name,
            )
        if self.currency_id.compare_amounts(self._get_deposit_due(), 0) <= 0:
            return self.env._("The deposit on %s is paid: there is nothing left to pay.", self.name)
        return ""

    def _paylinks_amount_due(self):
        """Return what is not paid of the order, in its currency."""
        self.ensure_one()
        return 0.0 if self.state == "cancel" else self.amount_total - self._paylinks_get_paid()
