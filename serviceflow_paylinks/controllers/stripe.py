from odoo.addons.payment_stripe.controllers.main import StripeController
from werkzeug.exceptions import Forbidden


class PaymentLinkStripeController(StripeController):
    """Stock Stripe's own webhook must not touch attempts of links: it accepts unsigned events."""

    def _verify_signature(self, tx_sudo):
        if tx_sudo.payment_link_id or tx_sudo.source_transaction_id.payment_link_id:
            raise Forbidden
        return super()._verify_signature(tx_sudo)
