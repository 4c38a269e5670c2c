from odoo import api, models

from .own_context import get_handed_down

# What an order's deposit depends on, besides its lines.
WATCHED = frozenset(
    "state require_payment require_signature signature prepayment_percent prepayment_type"
    " prepayment_amount partner_id currency_id pricelist_id company_id validity_date".split()
)
LINE_WATCHED = frozenset(
    "price_unit product_uom_qty discount tax_ids product_id product_uom_id display_type"
    " order_id".split()
)


class SaleOrder(models.Model):
    """Links follow the order: its total, what it asks for, its end."""

    _inherit = "sale.order"

    @api.model_create_multi
    def create(self, vals_list):
        orders = super().create(vals_list)
        orders._update_deposit_part()
        return orders

    def write(self, vals):
        result = super().write(vals)
        if WATCHED & vals.keys():
            if vals.get("state") == "cancel":
                why = self.env._("the order was cancelled")
            else:
                why = self.env._("the order was changed")
            self._paylinks_order_changed(why)
        return result

    def _recompute_prices(self):
        result = super()._recompute_prices()
        self._paylinks_order_changed(self.env._("the order's prices were updated"))
        return result

    def _recompute_taxes(self):
        result = super()._recompute_taxes()
        self._paylinks_order_changed(self.env._("the order's taxes were updated"))
        return result

    def _paylinks_order_changed(self, why):
        """What is asked for may have changed: bring everything in line that depends on it.

        :param str why: what happened, for the links' history
        """
        orders = self.exists()
        orders._update_deposit_part()
        orders._paylinks_document_changed(why)

    def _paylinks_document_changed(self, why):
        """Bring deposit links in line with what the orders ask for now, mark stale payment pages.

        No call to the processor: this runs inside the document's own transaction.

        :param str why: what happened, for the links' history
        """
        why = get_handed_down(self, "paylinks_why", why)
        links = (
            self.env["payment.link"]
            .sudo()
            .search([("sale_order_id", "in", self.ids), ("state", "not in", ("paid", "cancelled"))])
        )
        if links:
            # A click that came meanwhile has changed its link: Odoo runs this transaction again.
            links._lock_rows()
            links._refresh_state(why)
            links._close_stale_checkouts()


class SaleOrderLine(models.Model):
    _inherit = "sale.order.line"

    @api.model_create_multi
    def create(self, vals_list):
        lines = super().create(vals_list)
        lines._paylinks_lines_changed()
        return lines

    def write(self, vals):
        watched = LINE_WATCHED & vals.keys()
        orders = self.order_id if watched else self.order_id.browse()
        result = super().write(vals)
        if watched:
            self._paylinks_lines_changed(orders)
        return result

    def unlink(self):
        orders = self.order_id
        result = super().unlink()
        orders._paylinks_order_changed(self.env._("the order's lines were changed"))
        return result

    def _paylinks_lines_changed(self, orders=None):
        """Tell the orders: those that the lines are on now, and those that they were on."""
        orders = (orders or self.env["sale.order"]) | self.order_id
        orders._paylinks_order_changed(self.env._("the order's lines were changed"))
