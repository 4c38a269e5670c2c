"""The ways in for staff: who gets where, who is told what is missing, and that nothing breaks."""

import re
from urllib.parse import parse_qs, urlsplit

from odoo import Command
from odoo.tests import new_test_user
from odoo.tools import mute_logger

from .common import PaylinksCase

MODULE = "serviceflow_paylinks"
USERS = {
    "nobody": "base.group_user",
    "viewer": f"{MODULE}.group_payments_view",
    "creator": f"{MODULE}.group_payments_create",
    "manager": f"{MODULE}.group_payments_manage",
    "administrator": "base.group_system",
    "portal": "base.group_portal",
}
HUB, COLLECT = "/odoo/payment-links", "/odoo/%s/collect-payment"
ADMINISTRATORS, MANAGERS = "/odoo/payment-settings", "/odoo/payment-link-settings"
VIEW, CREATE, MANAGE = (f"Payment Links: {right}" for right in ("View", "Create", "Manage"))


class TestBackendRoutes(PaylinksCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.users = {
            name: new_test_user(cls.env, f"routes_{name}", groups) for name, groups in USERS.items()
        }

    def setUp(self):
        super().setUp()
        self.invoice = self.make_invoice()

    def _get(self, path, user=None, **kwargs):
        login = user and self.users[user].login
        self.authenticate(login, login)
        return self.url_open(path, allow_redirects=False, **kwargs)

    def _assert_leads_to(self, answer, target):
        self.assertEqual(answer.status_code, 303, answer.text[:500])
        self.assertEqual(urlsplit(answer.headers["Location"]).path, target)

    def _assert_refused(self, answer, right=""):
        self.assertEqual(answer.status_code, 403, answer.text[:500])
        self.assertIn("You cannot open this page", answer.text)
        self.assertIn(right, answer.text)
        self.assertNotIn("Traceback", answer.text)
        self.assertEqual(answer.headers["Cache-Control"], "no-store")

    # -- not logged in --

    def test_log_in_first_then_there(self):
        for path, target in (
            ("/payments/links", HUB),
            ("/payment-links", HUB),
            (f"/invoices/{self.invoice.id}/payment", COLLECT % self.invoice.id),
            ("/settings/payments", MANAGERS),
            (HUB, None),
        ):
            with self.subTest(path):
                answer = self._get(path)
                self.assertIn(answer.status_code, (302, 303))
                login = urlsplit(answer.headers["Location"])
                self.assertEqual(login.path, "/web/login")
                (redirect,) = parse_qs(login.query)["redirect"]
                self.assertEqual(redirect.rstrip("?"), path)
                page = self.url_open(f"{login.path}?{login.query}").text
                after = self.url_open(
                    "/web/login",
                    data={
                        "csrf_token": re.search(r'name="csrf_token" value="([^"]+)"', page)[1],
                        "login": self.users["manager"].login,
                        "password": self.users["manager"].login,
                        "redirect": redirect,
                    },
                    allow_redirects=False,
                )
                self.assertEqual(after.headers["Location"].rstrip("?"), path)
                answer = self.url_open(path, allow_redirects=False)
                if target:
                    self._assert_leads_to(answer, target)
                else:
                    self.assertEqual(answer.status_code, 200)

    # -- with and without the right --

    def test_each_way_for_each_user(self):
        invoice = self.invoice.id
        table = {
            "/payments/links": (VIEW, dict.fromkeys(("viewer", "creator", "manager"), HUB)),
            "/payment-links": (VIEW, dict.fromkeys(("viewer", "creator", "manager"), HUB)),
            f"/invoices/{invoice}/payment": (
                CREATE,
                dict.fromkeys(("creator", "manager"), COLLECT % invoice),
            ),
            "/settings/payments": (
                MANAGE,
                {"manager": MANAGERS, "administrator": ADMINISTRATORS},
            ),
        }
        for path, (right, allowed) in table.items():
            for user in USERS:
                with self.subTest(path=path, user=user):
                    answer = self._get(path, user)
                    if user in allowed:
                        self._assert_leads_to(answer, allowed[user])
                    else:
                        self._assert_refused(answer, "" if user == "portal" else right)

    def test_the_web_clients_own_addresses_refuse_in_words(self):
        for path, allowed in (
            (HUB, "viewer creator manager"),
            (f"{HUB}/5", "viewer creator manager"),
            (COLLECT % 1, "creator manager"),
            (MANAGERS, "manager"),
            (f"{MANAGERS}/new", "manager"),
            (ADMINISTRATORS, "administrator"),
        ):
            for user in USERS.keys() - {"portal"}:
                with self.subTest(path=path, user=user):
                    answer = self._get(path, user)
                    if user in allowed.split():
                        self.assertEqual(answer.status_code, 200)
                        self.assertIn("odoo.__session_info__", answer.text)
                    else:
                        self._assert_refused(answer)
        self.assertEqual(self._get(HUB, "portal").status_code, 303)
        self.assertEqual(self._get("/odoo", "nobody").status_code, 200)
        self.assertEqual(self._get("/odoo/customer-invoices", "nobody").status_code, 200)

    def test_the_page_says_whom_to_ask_but_only_to_staff(self):
        administrators = self.env.ref("base.group_system").all_user_ids.mapped("name")
        page = self._get("/payment-links", "nobody").text
        self.assertTrue(any(name in page for name in administrators))
        page = self._get("/payment-links", "portal").text
        self.assertFalse(any(name in page for name in administrators))
        self.assertIn('action="/my"', page)

    def test_other_methods_are_not_taken(self):
        self.authenticate(self.users["manager"].login, self.users["manager"].login)
        for path in (
            "/payments/links",
            "/settings/payments",
            f"/invoices/{self.invoice.id}/payment",
        ):
            with self.subTest(path), mute_logger("odoo.http"):
                self.assertEqual(self.url_open(path, data={"x": 1}).status_code, 405)

    # -- invoices --

    def test_unknown_and_foreign_invoices_look_the_same(self):
        other = self.env["res.company"].create({"name": "Other Ltd"})
        self.env["account.chart.template"].try_loading("generic_coa", other, install_demo=False)
        foreign = self.env["account.move"].create(
            {
                "move_type": "out_invoice",
                "partner_id": self.customer.id,
                "company_id": other.id,
                "journal_id": self.env["account.journal"]
                .search([("company_id", "=", other.id), ("type", "=", "sale")], limit=1)
                .id,
            }
        )
        bill = self.env["account.move"].create(
            {"move_type": "in_invoice", "partner_id": self.customer.id}
        )
        pages = set()
        for number in (foreign.id, bill.id, 2**31 - 1, 2**31, 10**30, 0):
            with self.subTest(number):
                answer = self._get(f"/invoices/{number}/payment", "creator")
                self.assertEqual(answer.status_code, 404)
                self.assertIn("There is no such invoice", answer.text)
                pages.add(re.sub(r"csrf_token: \"[^\"]+\"", "", answer.text))
        self.assertEqual(len(pages), 1, "nobody learns which invoices there are")

    def test_junk_in_the_address(self):
        for path in ("/invoices/x/payment", "/invoices/-1/payment", "/invoices/1.5/payment"):
            with self.subTest(path), mute_logger("odoo.http"):
                self.assertEqual(self._get(path, "creator").status_code, 404)

    def test_the_invoices_company_is_selected(self):
        other = self.env["res.company"].create({"name": "Other Ltd"})
        creator = self.users["creator"]
        creator.company_ids = [Command.link(other.id)]
        path = f"/invoices/{self.invoice.id}/payment"
        for before, after in (
            ("", str(self.company.id)),
            (str(other.id), f"{self.company.id}-{other.id}"),
            (f"{other.id}-{self.company.id}", f"{self.company.id}-{other.id}"),
            ("x--;", str(self.company.id)),
        ):
            with self.subTest(before):
                self.authenticate(creator.login, creator.login)
                self.opener.cookies.set("cids", before)
                answer = self.url_open(path, allow_redirects=False)
                self.assertEqual(answer.cookies["cids"], after)
