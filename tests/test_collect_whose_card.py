"""Whose saved cards may be charged, and by whom."""

from odoo import Command
from odoo.exceptions import AccessError
from odoo.tests import new_test_user
from odoo.tools import mute_logger

from .collecting import CollectCase


class TestWhoseCard(CollectCase):
    def refused(self, link, token, user=None):
        with (
            self.assertRaises(AccessError) as caught,
            mute_logger("odoo.models"),
            self.other_transaction() as env,
        ):
            link = env["payment.link"].with_user(user or self.creator).browse(link.id)
            link.charge_saved_card(token.id)
        self.assertFalse(self.intents_of(token))
        return str(caught.exception)

    def intents_of(self, token):
        return [i for i in self.intents() if i["customer"] == token.provider_ref]

    def test_cards_of_the_whole_customer_are_offered(self):
        parent = self.env["res.partner"].create({"name": "Payer & Sons", "is_company": True})
        self.customer.parent_id = parent
        tokens = self.save_card(partner=parent) | self.save_card()
        wizard = self.collect(self.make_invoice(100))
        self.assertEqual(wizard.card_ids, tokens)

    def test_anothers_card_is_refused(self):
        link = self.make_link()
        other = self.env["res.partner"].create({"name": "Somebody Else"})
        self.assertIn("not saved by Ada Payer", self.refused(link, self.save_card(partner=other)))

    def test_card_of_another_company_is_refused(self):
        company = self.env["res.company"].create({"name": "Other Ltd"})
        provider = self.env["payment.provider"].search(
            [("code", "=", "stripe"), ("company_id", "=", company.id)], limit=1
        ) or self.provider.copy({"company_id": company.id})
        self.refused(self.make_link(), self.save_card(provider=provider))

    def test_removed_card_is_refused(self):
        self.refused(self.make_link(), self.save_card(active=False))

    def test_card_without_its_stripe_id_is_not_offered(self):
        self.save_card(stripe_payment_method=False)
        self.assertFalse(self.collect(self.make_invoice()).card_ids)

    def test_rights(self):
        token, link = self.save_card(), self.make_link()
        for groups in ("serviceflow_paylinks.group_payments_view", "base.group_portal"):
            user = new_test_user(self.env, f"nobody_{groups[-4:]}", groups)
            with self.subTest(groups):
                self.refused(link, token, user)
        stranger = self.env["res.company"].create({"name": "Stranger Ltd"})
        user = new_test_user(
            self.env,
            "stranger",
            "serviceflow_paylinks.group_payments_manage",
            company_id=stranger.id,
            company_ids=[Command.set(stranger.ids)],
        )
        self.refused(link, token, user)
        wizard = self.collect(link.invoice_id)
        with self.assertRaises(AccessError), mute_logger("odoo.models"):
            wizard.with_user(self.creator).action_charge()
