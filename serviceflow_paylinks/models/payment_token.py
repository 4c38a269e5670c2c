from odoo import api, models


class PaymentToken(models.Model):
    _inherit = "payment.token"

    @api.depends_context("paylinks_show_brand")
    def _compute_display_name(self):
        """With the card's brand where staff choose which one to charge."""
        result = super()._compute_display_name()
        if self.env.context.get("paylinks_show_brand"):
            # Odoo reads the name of what a field points at as superuser, for anybody.
            for token in self & self.sudo(False)._filtered_access("read"):
                token.display_name = f"{token.payment_method_id.name} {token.display_name}"
        return result

    @api.model
    def _paylinks_saved_cards(self, partner, company):
        """Return the cards that a customer has saved and that staff of a company may charge.

        Of the customer's commercial entity, saved with the company's own provider.

        :rtype: payment.token, as superuser; the newest first
        """
        provider = self.env["payment.provider"]._paylinks_of_company(company)
        if not provider or not partner:
            return self.sudo().browse()
        tokens = self.sudo().search(
            [
                ("provider_id", "=", provider.id),
                ("partner_id.commercial_partner_id", "=", partner.sudo().commercial_partner_id.id),
                # Those of an older Odoo have none, and Stripe wants to know which card.
                ("stripe_payment_method", "!=", False),
            ],
            order="id desc",
        )
        return tokens.filtered(lambda token: token._paylinks_is_card())

    def _paylinks_is_card(self):
        """Whether it is a card: the method noted is the card's brand, or cards as such."""
        method = self.payment_method_id
        return "card" in (method.code, method.primary_payment_method_id.code)
