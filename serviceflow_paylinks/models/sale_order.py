from odoo import models
from odoo.exceptions import UserError


class SaleOrder(models.Model):
    _inherit = "sale.order"

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
        existing = {
            link.sale_order_id.id: link.id
            for link in link_model.search(
                [
                    ("sale_order_id", "in", self.ids),
                    ("purpose", "=", "deposit"),
                    ("state", "in", ("active", "processing")),
                ]
            )
        }
        missing = self.filtered(lambda order: order.id not in existing)
        created = link_model.create([order._prepare_deposit_link_values() for order in missing])
        found = {**existing, **{link.sale_order_id.id: link.id for link in created}}
        return link_model.browse([found[order.id] for order in self])

    def _prepare_deposit_link_values(self):
        self.ensure_one()
        if self.state == "cancel":
            raise UserError(self.env._("%s is cancelled: there is nothing to pay.", self.name))
        amount = min(
            self._get_prepayment_required_amount() - self.amount_paid,
            self._paylinks_amount_due(),
        )
        if not self.require_payment or self.currency_id.compare_amounts(amount, 0) <= 0:
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
