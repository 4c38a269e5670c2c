from odoo import http
from odoo.addons.payment_stripe.controllers.main import StripeController
from odoo.http import request


class _AttemptOfALink(Exception):
    """The event is about an attempt of a payment link, which has a webhook of its own."""


class PaymentLinkStripeController(StripeController):
    """Stock Stripe's own webhook must not touch attempts of links: it accepts unsigned events."""

    @http.route()
    def stripe_webhook(self):
        try:
            return super().stripe_webhook()
        except _AttemptOfALink:
            return request.make_json_response("")  # An error would make Stripe give it up.

    def _verify_signature(self, tx_sudo):
        if tx_sudo.payment_link_id or tx_sudo.source_transaction_id.payment_link_id:
            raise _AttemptOfALink
        return super()._verify_signature(tx_sudo)
