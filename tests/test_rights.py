"""Invariant 9: companies apart; portal users see their company's; what nobody may do.

Who may do what is a table: `rights.py`, walked by `test_rights_table.py`.
"""

import json

from odoo import Command
from odoo.exceptions import AccessError
from odoo.tests import new_test_user
from odoo.tools import mute_logger

from .common import PaylinksCase

MODULE = "serviceflow_paylinks"


class TestRights(PaylinksCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        users = {
            "nobody": "base.group_user",
            "viewer": f"{MODULE}.group_payments_view",
            "creator": f"{MODULE}.group_payments_create",
            "manager": f"{MODULE}.group_payments_manage",
        }
        cls.users = {
            name: new_test_user(cls.env, f"paylinks_{name}", groups)
            for name, groups in users.items()
        }
        cls.other_company = cls.env["res.company"].create({"name": "Other Ltd"})
        cls.users["stranger"] = new_test_user(
            cls.env,
            "paylinks_stranger",
            f"{MODULE}.group_payments_manage",
            company_id=cls.other_company.id,
            company_ids=[Command.set(cls.other_company.ids)],
        )
        cls.users["portal"] = new_test_user(cls.env, "paylinks_portal", "base.group_portal")
        cls.users["public"] = cls.env.ref("base.public_user")

    def setUp(self):
        super().setUp()
        self.link = self.make_link()

    def test_portal_user_sees_the_own_companys_links_only(self):
        portal = self.users["portal"]
        parent = self.env["res.partner"].create({"name": "Their Company", "is_company": True})
        portal.partner_id.parent_id = parent
        links = self.env["payment.link"].with_user(portal)
        self.assertNotIn(self.link, links.search([]))
        self.customer.parent_id = parent
        self.assertIn(self.link, links.search([]))
        self.assertEqual(self.link.with_user(portal).amount, 100)
        self.link.cancel()
        self.assertNotIn(self.link, links.search([]))

    def test_companies_are_separate(self):
        links = self.env["payment.link"].with_user(self.users["stranger"])
        self.assertFalse(links.search([]))

    def test_fields_that_follow_from_payments_cannot_be_written(self):
        link = self.link.with_user(self.users["manager"])
        for values in (
            {"state": "paid"},
            {"token": "mine"},
            {"amount": 1},
            {"amount_fixed": 1},
            {"paid_at": "2026-01-01"},
            {"invoice_id": False},
            {"partner_id": self.company.partner_id.id},
        ):
            with self.subTest(values), self.assertRaises(AccessError):
                link.write(values)

    def test_nor_created_with(self):
        links = self.env["payment.link"].with_user(self.users["manager"])
        for values in ({"state": "paid"}, {"token": "x" * 24}, {"name": "PL/1"}):
            with self.subTest(values), self.assertRaises(AccessError):
                links.create(
                    {"purpose": "custom", "partner_id": self.customer.id, "amount": 5, **values}
                )

    def test_secrets_are_for_administrators(self):
        for name in ("creator", "manager", "portal"):
            provider = self.provider.with_user(self.users[name])
            for field in ("paylinks_webhook_secret", "paylinks_webhook_secret_previous"):
                with self.subTest((name, field)), self.assertRaises(AccessError):
                    provider.read([field])
            for method in ("action_paylinks_create_webhook", "action_paylinks_check_connection"):
                with self.subTest((name, method)), self.assertRaises(AccessError):
                    getattr(provider, method)()
        for field in ("checkout_url", "checkout_key", "checkout_request"):
            with self.subTest(field), self.assertRaises(AccessError):
                self.env["payment.transaction"].with_user(self.users["manager"]).search(
                    [(field, "!=", False)]
                )

    # -- over the wire --

    def _json2(self, user, model, method, **kwargs):
        """Call a method as other programs do; return (status, answer)."""
        key = (
            self.env["res.users.apikeys"]
            .with_user(user)
            .sudo()
            ._generate("rpc", "test", self.env.cr.now().replace(year=2099))
        )
        answer = self.url_open(
            f"/json/2/{model}/{method}",
            json=kwargs,
            headers={"Authorization": f"bearer {key}"},
        )
        self.env.invalidate_all()
        return answer.status_code, json.loads(answer.text)

    def test_the_contract_over_json2(self):
        invoices = self.make_invoice(10) | self.make_invoice(20)
        creator, manager = self.users["creator"], self.users["manager"]
        status, ids = self._json2(
            creator, "account.move", "generate_payment_links", ids=invoices.ids
        )
        self.assertEqual(status, 200, ids)
        links = self.env["payment.link"].browse(ids)
        self.assertEqual(links.invoice_id, invoices)
        self.assertEqual(links.user_id, creator)
        again = self._json2(creator, "account.move", "generate_payment_links", ids=invoices.ids)
        self.assertEqual(again, (200, ids))
        for method in ("send_by_email", "send_by_sms"):
            self.assertEqual(self._json2(creator, "payment.link", method, ids=ids)[0], 200)
        self.run_schedule("cron_send_links")
        self.assertTrue(all(links.mapped("sent_at")))
        token = links[0].token
        self.assertEqual(self._json2(manager, "payment.link", "rotate_token", ids=ids)[0], 200)
        self.assertNotEqual(links[0].token, token)
        self.assertEqual(self._json2(manager, "payment.link", "cancel", ids=ids)[0], 200)
        self.assertEqual(set(links.mapped("state")), {"cancelled"})

    def test_deposit_over_json2(self):
        order = self.make_boiler_order(require_signature=False)
        status, ids = self._json2(
            self.users["creator"], "sale.order", "generate_deposit_links", ids=order.ids
        )
        self.assertEqual(status, 200, ids)
        link = self.env["payment.link"].browse(ids)
        self.assertEqual((link.purpose, link.amount), ("deposit", 60))
        self.pay(link)
        self.deliver_webhooks()
        self.assertEqual((link.state, order.state), ("paid", "sale"))
        self.assert_booked_once(60)

    def test_private_steps_are_not_reachable(self):
        schedules = self.get_schedules()
        self.assertTrue(schedules)
        for method in ("start_checkout", *schedules):
            with self.subTest(method), mute_logger("odoo.http"):
                status, _answer = self._json2(
                    self.users["manager"], "payment.link", method, ids=self.link.ids
                )
                self.assertEqual(status, 403)
