"""Direct payment on an invoice: what its tests have in common."""

import stripe
from odoo.tests import new_test_user

from .common import PaylinksCase


class CollectCase(PaylinksCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.clerk = new_test_user(
            cls.env,
            "paylinks_clerk",
            "account.group_account_invoice,serviceflow_paylinks.group_payments_create",
        )
        cls.creator = new_test_user(
            cls.env, "paylinks_creator", "serviceflow_paylinks.group_payments_create"
        )
        cls.stripe = stripe.StripeClient(
            cls.provider.stripe_secret_key, http_client=cls.client, max_network_retries=0
        ).v1

    def save_card(self, method="pm_card_visa", partner=None, provider=None, **values):
        """A card that the customer saved earlier: at Stripe, and Odoo's token of it."""
        partner = partner or self.customer
        owner = self.stripe.customers.create({"name": partner.name})
        card = self.stripe.payment_methods.attach(method, {"customer": owner.id})
        self.client.calls.clear()
        return self.env["payment.token"].create(
            {
                "provider_id": (provider or self.provider).id,
                "payment_method_id": self.provider._paylinks_payment_method().id,
                "partner_id": partner.id,
                "payment_details": card.card.last4,
                "provider_ref": owner.id,
                "stripe_payment_method": card.id,
                **values,
            }
        )

    def intents(self):
        """The charges that Stripe made of saved cards, the newest first."""
        return [i for i in self.sandbox.store.all("payment_intent") if i["customer"]]

    def charges(self, token):
        """How often money was taken from a card."""
        return [
            charge["amount"]
            for charge in self.sandbox.store.all("charge")
            if charge["customer"] == token.provider_ref and charge["status"] == "succeeded"
        ]

    def collect(self, invoice, user=None, **values):
        """The dialog on an invoice, as it opens with direct payment chosen."""
        wizards = self.env["payment.link.generate"].with_user(user or self.clerk)
        action = invoice.with_user(user or self.clerk).action_collect_payment()
        context = {**action["context"], "default_method": "direct"}
        wizard = wizards.with_context(**context).create(values)
        self.env.flush_all()
        return wizard

    def press(self, wizard, button):
        """Press a button in a transaction of its own, as a browser's request is one."""
        with self.other_transaction() as env:
            there = env[wizard._name].with_user(wizard.env.user).browse(wizard.id)
            return getattr(there, button)()
