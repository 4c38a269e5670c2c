from odoo import http
from odoo.addons.sale.controllers.portal import CustomerPortal
from odoo.http import request

from ..const import PAY_ROUTE


class PaymentLinkSigning(CustomerPortal):
    """Who has signed a quotation goes on to pay its deposit, in one flow."""

    @http.route()
    def portal_quote_accept(self, order_id, access_token=None, name=None, signature=None):
        """Override of ``sale``: the page to return to is that of the deposit's link.

        Nobody learns of the link who may not: the portal's own page shows it to the same person.
        """
        answer = super().portal_quote_accept(
            order_id, access_token=access_token, name=name, signature=signature
        )
        if answer.get("redirect_url"):
            order = request.env["sale.order"].sudo().browse(order_id)
            if link := order._paylinks_get_portal_link():
                answer["redirect_url"] = f"{PAY_ROUTE}/{link.token}"
        return answer
