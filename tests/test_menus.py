"""The menus and the user menu's entry come and go with the connection to Stripe."""

import json
import re

from odoo import Command
from odoo.tests import new_test_user

from .common import PaylinksCase

MODULE = "serviceflow_paylinks"
VIEW = f"{MODULE}.group_payments_view"


class TestMenus(PaylinksCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.biller = new_test_user(cls.env, "biller", f"account.group_account_invoice,{VIEW}")
        cls.plain = new_test_user(cls.env, "plain", "account.group_account_invoice")
        cls.portal = new_test_user(cls.env, "portal_user", "base.group_portal")

    def _menus(self, user=None):
        """As the web client loads them, caches and all: our menus' names."""
        user = user or self.biller
        menus = self.env["ir.ui.menu"].with_user(user).load_web_menus(False)
        xmlids = {menu["xmlid"] for menu in menus.values()}
        return {name.partition(".")[2] for name in xmlids if name.startswith(f"{MODULE}.")}

    def _session(self, user):
        """What the web client's page tells the browser."""
        self.authenticate(user.login, user.login)
        page = self.url_open("/odoo").text
        return json.loads(re.search(r"odoo.__session_info__ = (\{.*\});", page)[1])

    def test_where_they_are(self):
        menu = self.env.ref
        self.assertEqual(
            menu(f"{MODULE}.payment_link_menu_customers").complete_name,
            "Invoicing/Customers/Payment Links",
        )
        self.assertTrue(
            menu(f"{MODULE}.payment_link_menu_reporting").complete_name.startswith(
                "Invoicing/Reporting/"
            )
        )
        self.assertEqual(
            menu(f"{MODULE}.payment_link_menu").complete_name, "Payments/Payment Links"
        )
        for name in ("", "_customers", "_reporting"):
            action = menu(f"{MODULE}.payment_link_menu{name}").action
            self.assertEqual(action.path, "payment-links")

    def test_reporting_only_while_connected(self):
        always = {
            "payments_menu_root",
            "payment_link_menu",
            "payment_link_menu_customers",
            "payment_link_dispute_menu",
        }
        self.assertEqual(self._menus(), always | {"payment_link_menu_reporting"})
        self.provider.state = "disabled"
        self.assertEqual(self._menus(), always)
        self.provider.state = "test"
        self.assertEqual(self._menus(), always | {"payment_link_menu_reporting"})
        self.provider.write({"state": "disabled", "stripe_secret_key": False})
        self.assertEqual(self._menus(), always)
        self.assertFalse(self._menus(self.plain))

    def test_user_menu_only_while_connected_and_with_the_right(self):
        name = "paylinks_in_user_menu"
        self.assertIs(self._session(self.biller)[name], True)
        self.assertIs(self._session(self.plain)[name], False)
        self.provider.state = "disabled"
        self.assertIs(self._session(self.biller)[name], False)

    def test_nothing_for_portal_users(self):
        self.authenticate(self.portal.login, self.portal.login)
        answer = self.url_open("/web/session/get_session_info", json={"params": {}}).json()
        self.assertNotIn("paylinks_in_user_menu", answer["result"])

    def test_any_of_the_users_companies_counts(self):
        other = self.env["res.company"].create({"name": "Other Ltd"})
        self.biller.write({"company_ids": [Command.set(other.ids)], "company_id": other.id})
        self.assertNotIn("payment_link_menu_reporting", self._menus())
        self.biller.company_ids = [Command.link(self.company.id)]
        self.assertIn("payment_link_menu_reporting", self._menus())

    def test_the_question_costs_one_query_until_something_changes(self):
        providers = self.env["payment.provider"]
        ids = tuple(self.company.ids)
        self.env.registry.clear_cache()
        providers._paylinks_any_connected(ids)
        with self.assertQueryCount(0):
            self.assertTrue(providers._paylinks_any_connected(ids))
        self.provider.name = "Stripe, renamed"
        self.env.flush_all()
        with self.assertQueryCount(0):
            providers._paylinks_any_connected(ids)
