"""The records and helpers that the tests share. Stripe is played by the sandbox, under the SDK."""

import re
from contextlib import contextmanager
from datetime import timedelta
from unittest.mock import patch

from odoo import Command, fields
from odoo.addons.serviceflow_paylinks.providers.stripe import StripeProcessor
from odoo.tests import HttpCase, tagged

from sandbox import Sandbox, SystemClock
from sandbox.inprocess import InProcessClient

DECLINED = "4000000000000002"


@tagged("post_install", "-at_install")
class PaylinksCase(HttpCase):
    """A company connected to the sandbox, one customer, and the clerk, the customer and Stripe."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.sandbox = Sandbox(SystemClock(), settle_after=None)
        cls.client = InProcessClient(cls.sandbox, timeout=10)
        cls.startClassPatcher(
            patch.object(StripeProcessor, "_build_http_client", staticmethod(lambda: cls.client))
        )
        cls.company = cls.env.company
        cls.company.name = "Brook Plumbing"
        # Whatever time it is where the tests run.
        cls.company.write({"paylinks_quiet_from": 0, "paylinks_quiet_until": 0})
        cls.provider = cls._connect(cls.company)
        cls.customer = cls.env["res.partner"].create(
            {
                "name": "Ada Payer",
                "email": "ada@example.com",
                "phone": "+1 202-555-0143",
                "country_id": cls.env.ref("base.us").id,
            }
        )
        cls.usd = cls.env.ref("base.USD")

    @classmethod
    def _connect(cls, company):
        """Connect a company to the sandbox, its webhook included."""
        provider = cls.env["payment.provider"].search(
            [("code", "=", "stripe"), ("company_id", "=", company.id)], limit=1
        )
        provider.write(
            {
                "state": "test",
                "stripe_secret_key": "sk_test_4eC39HqLyjWDarjtT1zdp7dc",
                "stripe_publishable_key": "pk_test_TYooMQauvdEDq54NiTphI7jx",
            }
        )
        provider.action_paylinks_create_webhook()
        return provider

    def setUp(self):
        super().setUp()
        self.addCleanup(self._check_contract)
        for session in self.open_sessions():
            self.sandbox.dashboard.expire(session)
        self.sandbox.webhooks.clear()
        self.client.calls.clear()
        self.addCleanup(self.sandbox.faults.clear)

    def _check_contract(self):
        """Every exchange with Stripe kept to Stripe's contract."""
        violations = list(self.sandbox.violations)
        self.sandbox.violations.clear()
        self.assertFalse(violations, "the exchange with Stripe broke its contract")

    # -- the clerk --

    def make_invoice(
        self, amount=100.0, currency=None, term=None, post=True, partner=None, **values
    ):
        invoice = self.env["account.move"].create(
            {
                "move_type": "out_invoice",
                "partner_id": (partner or self.customer).id,
                "invoice_date": fields.Date.today(),
                "currency_id": (currency or self.usd).id,
                "invoice_payment_term_id": term.id if term else False,
                "invoice_line_ids": [
                    Command.create(
                        {
                            "name": "Boiler service",
                            "price_unit": amount,
                            "tax_ids": [Command.clear()],
                        }
                    )
                ],
                **values,
            }
        )
        if post:
            invoice.action_post()
        return invoice

    def make_link(self, amount=100.0, **values):
        """A link for a new invoice."""
        invoice = self.make_invoice(amount, **values)
        return invoice.generate_payment_links()

    def make_custom_link(self, amount=50.0, **values):
        return self.env["payment.link"].create(
            {"purpose": "custom", "partner_id": self.customer.id, "amount": amount, **values}
        )

    @classmethod
    def make_discount_term(cls, percent=2):
        """Payment terms with a discount for who pays within ten days."""
        line = {"value": "percent", "value_amount": 100, "nb_days": 30}
        return cls.env["account.payment.term"].create(
            {
                "name": f"{percent}% 10, net 30",
                "early_discount": True,
                "discount_percentage": percent,
                "discount_days": 10,
                "line_ids": [Command.create(line)],
            }
        )

    @classmethod
    def make_boiler_order(cls, **values):
        """A quotation over 200 that asks for a deposit of 60."""
        product = cls.env["product.product"].create({"name": "Boiler"})
        line = {"product_id": product.id, "price_unit": 200, "tax_ids": [Command.clear()]}
        return cls.env["sale.order"].create(
            {
                "partner_id": cls.customer.id,
                "require_payment": True,
                "prepayment_percent": 0.3,
                "order_line": [Command.create(line)],
                **values,
            }
        )

    def pay_by_bank_transfer(self, invoice, amount=None):
        """Money that comes another way."""
        wizard = (
            self.env["account.payment.register"]
            .with_context(active_model="account.move", active_ids=invoice.ids)
            .create({"amount": amount or invoice.amount_residual})
        )
        return wizard._create_payments()

    def activate(self, name, rate=None):
        """A currency by its code, active, with a rate to the company's."""
        currency = (
            self.env["res.currency"].with_context(active_test=False).search([("name", "=", name)])
        )
        currency.active = True
        if rate:
            self.env["res.currency.rate"].create(
                {"currency_id": currency.id, "name": "2020-01-01", "rate": rate}
            )
        return currency

    # -- the customer --

    def path(self, link, suffix=""):
        return f"/pay/{link.token}{suffix}"

    def open_page(self, link, **kwargs):
        return self.url_open(self.path(link), **kwargs)

    def click_pay(self, link):
        """Open the page, press the button; return the answer, its redirect not followed."""
        page = self.open_page(link)
        match = re.search(r'name="csrf_token" value="([^"]+)"', page.text)
        self.assertTrue(match, f"the page has no button: {page.text[-800:]}")
        return self.url_open(
            self.path(link, "/checkout"), data={"csrf_token": match[1]}, allow_redirects=False
        )

    def open_checkout(self, link):
        """Click, and return the attempt whose checkout opened."""
        answer = self.click_pay(link)
        self.assertEqual(answer.status_code, 303, answer.text[-800:])
        self.env.invalidate_all()
        return link.transaction_ids.filtered("checkout_open")

    def come_back(self, link, attempt):
        """Return from Stripe's page."""
        return self.url_open(self.path(link, f"/return?session_id={attempt.checkout_ref}"))

    def pay(self, link, **kwargs):
        """Click and pay on Stripe's page, but tell nobody: return the attempt."""
        attempt = self.open_checkout(link)
        outcome = self.sandbox.customer.pay(attempt.checkout_ref, **kwargs)
        self.assertEqual(outcome.status, "succeeded")
        return attempt

    # -- Stripe --

    def deliver_webhooks(self):
        """Post what is due, genuinely signed, to our endpoint; return how many."""

        def post(url, body, headers):
            path = re.sub(r"^https?://[^/]+", "", url)
            return self.url_open(path, data=body, headers=headers).status_code

        count = self.sandbox.webhooks.deliver(post)
        self.env.invalidate_all()
        return count

    @contextmanager
    def other_transaction(self):
        """An environment with a cursor of its own, that can be committed and rolled back."""
        self.env.flush_all()
        with self.registry.cursor() as cr:
            yield self.env(cr=cr)
        self.env.invalidate_all()

    def run_schedule(self, name):
        """Run one of the scheduled actions."""
        with self.other_transaction() as env:
            getattr(env["payment.link"], name)()

    def get_schedules(self):
        """The names of the addon's scheduled actions, which are those of the methods they call."""
        rows = self.env["ir.model.data"].search(
            [("module", "=", "serviceflow_paylinks"), ("model", "=", "ir.cron")]
        )
        for row in rows:
            schedule = self.env["ir.cron"].browse(row.res_id)
            self.assertEqual(schedule.code.strip(), f"model.{row.name}()")
            self.assertEqual(schedule.model_id.model, "payment.link")
        return sorted(rows.mapped("name"))

    def sessions(self):
        return self.sandbox.store.all("checkout.session")

    def open_sessions(self):
        return [session for session in self.sessions() if session["status"] == "open"]

    # -- the books --

    def payments(self, partner=None):
        """The posted customer payments."""
        return self.env["account.payment"].search(
            [
                ("partner_id", "=", (partner or self.customer).id),
                ("state", "in", ("in_process", "paid")),
                ("payment_transaction_id", "!=", False),
            ]
        )

    def assert_booked_once(self, amount, partner=None):
        payment = self.payments(partner)
        self.assertEqual(len(payment), 1, "exactly one payment")
        self.assertAlmostEqual(payment.amount, amount)
        return payment

    def activities(self, link):
        return self.env["mail.activity"].search(
            [("res_model", "=", "payment.link"), ("res_id", "=", link.id)]
        )

    def expire_by_time(self, link):
        """Let the link's time pass: it was over a minute ago."""
        now = fields.Datetime.now()
        link.sudo().write({"expires_at": now + timedelta(days=1)})
        self.env.flush_all()
        self.env.cr.execute(
            "UPDATE payment_link SET expires_at = %s WHERE id = %s",
            [now - timedelta(minutes=1), link.id],
        )
        link.invalidate_recordset()
