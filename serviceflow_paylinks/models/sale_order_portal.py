from odoo import models


class SaleOrder(models.Model):
    _inherit = "sale.order"

    def _paylinks_get_portal_link(self):
        """Return the deposit's link for the order's portal page; empty where there is none.

        Not before the customer has signed, where the offer asks for it, and not for an offer whose
        time is over. For whoever may see the page: see the same of `account.move`.
        """
        self.ensure_one()
        links = self.env["payment.link"]
        if self.state == "cancel" or self.is_expired or self._has_to_be_signed():
            return links.sudo()
        return links._find_payable("sale_order_id", self).get(self.id, links.sudo())
