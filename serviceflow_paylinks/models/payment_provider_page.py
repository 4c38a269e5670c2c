from odoo import models


class PaymentProvider(models.Model):
    """What the customer is told of the processor."""

    _inherit = "payment.provider"

    def _paylinks_processor_name(self):
        """Return who processes the payment, for the customer. To be overridden by other addons."""
        return "Stripe"

    def _paylinks_explain_decline(self, kind):
        """Return in plain words why a try did not go through, and what helps.

        :param str kind: one of ``providers.declines``; whatever is not known is plainly declined
        :rtype: str
        """
        sentences = {
            "funds": self.env._(
                "The bank says that there is not enough money in the account. Please use another"
                " card or account, or try again later."
            ),
            "expired": self.env._("This card has expired. Please use another card."),
            "details": self.env._(
                "Something in the card's details is not right. Please check the number, the expiry"
                " date and the security code, and try again."
            ),
            "confirm": self.env._(
                "Your bank wanted you to confirm the payment, and that did not work. Please try"
                " again and confirm it when your bank asks, or use another card."
            ),
            "pin": self.env._("The PIN was not right. Please try again or use another card."),
            "limit": self.env._(
                "The amount is above the limit of this card. Please use another card, or ask your"
                " bank to raise the limit."
            ),
            "unsupported": self.env._(
                "This card cannot be used for this payment. Please use another card."
            ),
            "later": self.env._(
                "The bank could not be reached. Please try again in a few minutes."
            ),
            "account": self.env._(
                "The bank account could not be debited. Please use another account, or pay by card."
            ),
            "test": self.env._(
                "Test cards and real cards cannot be mixed. Please use another card."
            ),
        }
        return sentences.get(
            kind,
            self.env._(
                "Your bank declined the payment. Please use another card, or ask your bank."
            ),
        )
