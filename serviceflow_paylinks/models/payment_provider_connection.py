from odoo import api, models
from odoo.tools import ormcache

# Whatever decides whether a company is connected.
CONNECTION_FIELDS = {"code", "state", "company_id", "stripe_secret_key"}


class PaymentProvider(models.Model):
    """How a company stands with its processor, in words; menus follow it."""

    _inherit = "payment.provider"

    @api.model_create_multi
    def create(self, vals_list):
        providers = super().create(vals_list)
        self.env.registry.clear_cache()
        return providers

    def write(self, vals):
        result = super().write(vals)
        if CONNECTION_FIELDS & vals.keys():
            self.env.registry.clear_cache()  # The menus are cached there, too.
        return result

    def unlink(self):
        result = super().unlink()
        self.env.registry.clear_cache()
        return result

    @api.model
    @ormcache("company_ids")
    def _paylinks_any_connected(self, company_ids):
        """Whether the customers of any of the companies could pay a link now.

        :param tuple company_ids: of `res.company`
        """
        domain = [
            *self._check_company_domain(company_ids),
            ("code", "in", self._paylinks_codes()),
            ("state", "in", ("enabled", "test")),
            ("stripe_secret_key", "!=", False),
        ]
        return bool(self.sudo().search_count(domain, limit=1))

    @api.model
    def _paylinks_provider_for(self, company):
        """Return the provider that a company is, or would be, connected by; empty if it has none.

        :rtype: payment.provider, as superuser
        """
        return self._paylinks_of_company(company) or self.sudo().search(
            [*self._check_company_domain(company), ("code", "in", self._paylinks_codes())],
            order="sequence, id",
            limit=1,
        )

    @api.model
    def _paylinks_make_provider(self, company):
        """Give a company a provider as Odoo does when a company is made: a copy of the first one.

        Branches have none of their own, they use their parent's.

        :rtype: payment.provider, as superuser
        """
        original = self.env.ref("payment.payment_provider_stripe").sudo()
        return original.copy({"company_id": company.sudo().root_id.id})

    def _paylinks_connection(self):
        """Return ``none``, ``test`` or ``live``; an empty record is not connected."""
        provider = self.sudo()
        if provider.state not in ("enabled", "test") or not provider.stripe_secret_key:
            return "none"
        return "live" if provider._paylinks_is_live() else "test"

    def _paylinks_connection_words(self):
        """Return how the company stands with Stripe, for the settings (str)."""
        connection, provider = self._paylinks_connection(), self.sudo()
        if connection == "none" and provider.stripe_secret_key:
            return self.env._(
                "Stripe is switched off, so no link can be paid. Connect it again to go on."
            )
        if connection == "none":
            return self.env._(
                "No link can be made or paid before Stripe is connected. You need the two keys"
                " of your Stripe account."
            )
        if connection == "test":
            return self.env._("Only Stripe's test cards work; no real money moves.")
        return self.env._("Customers pay with real money.")
