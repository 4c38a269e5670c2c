"""The dialog that makes links: what it says about bad input."""

from odoo import Command, fields
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import new_test_user
from odoo.tools import mute_logger

from .generating import WizardCase


class TestBadInput(WizardCase):
    """Each gets a sentence that says what to do, and nothing is made."""

    def assert_refused(self, words, make):
        before = self.env["payment.link"].search_count([])
        with (
            self.assertRaisesRegex((UserError, ValidationError), words),
            self.env.cr.savepoint(),
        ):
            make()
        self.assertEqual(self.env["payment.link"].search_count([]), before)

    def make(self, **values):
        """The dialog with these answers, over RPC; then its button."""
        wizards = self.env["payment.link.generate"].with_user(self.clerk)
        return lambda: wizards.create(values).action_generate()

    def test_amounts(self):
        invoice = self.make_invoice(100)
        part = {"invoice_ids": [Command.set(invoice.ids)], "amount_choice": "other"}
        custom = {"purpose": "custom", "partner_id": self.customer.id}
        above = {"words": r"owes .*100\.00\. Enter that or less"}
        cases = (
            (part, 0, "greater than zero"),
            (part, -5, "greater than zero"),
            (part, 100.01, above["words"]),
            (part, "ten", "“ten” is not an amount. Enter a number"),
            (part, "nan", "is not an amount. Enter a number"),
            (part, 0.2, "the least that Stripe charges"),
            (custom, 0, "greater than zero"),
            (custom, -5, "greater than zero"),
            (custom, "ten", "“ten” is not an amount. Enter a number"),
            (custom, 0.2, "the least that Stripe charges"),
        )
        for values, amount, words in cases:
            with self.subTest(purpose=values.get("purpose"), amount=amount):
                self.assert_refused(words, self.make(**values, amount=amount))
        links = self.env["payment.link"].with_user(self.clerk)
        self.assert_refused("is not an amount", lambda: links.create({**custom, "amount": "ten"}))

    def test_expiries(self):
        values = {"invoice_ids": [Command.set(self.make_invoice().ids)], "expiry": "date"}
        yesterday = fields.Date.subtract(fields.Date.today(), days=2)
        self.assert_refused("lies in the past. Choose", self.make(**values, expires_on=yesterday))
        self.assert_refused("Choose the last day", self.make(**values))

    def test_contacts(self):
        silent = self.env["res.partner"].create({"name": "Silent Payer"})
        values = {"invoice_ids": [Command.set(self.make_invoice(partner=silent).ids)]}
        cases = (
            ({"send_email": True}, "Silent Payer has no email address. Enter one"),
            ({"send_sms": True}, "Silent Payer has no phone number. Enter one"),
            ({"email": "nobody"}, "nobody is not an email address. Correct it"),
            ({"phone": "12"}, "12 is not a phone number"),
        )
        for answers, words in cases:
            with self.subTest(answers):
                self.assert_refused(words, self.make(**values, **answers))

    def test_documents(self):
        paid, cancelled, waiting = self.make_invoice(), self.make_invoice(), self.make_link()
        self.pay_by_bank_transfer(paid)
        cancelled.button_draft()
        cancelled.button_cancel()
        self.open_checkout(waiting)
        self.sandbox.customer.pay_by_bank(self.open_sessions()[0])
        self.deliver_webhooks()
        cases = (
            (self.make_invoice(post=False), "is a draft: confirm it first"),
            (cancelled, "is cancelled: there is nothing to pay"),
            (paid, "is paid: there is nothing left to pay"),
            (self.make_invoice(move_type="in_invoice", ref="x"), "is a vendor bill"),
            (self.make_invoice(move_type="out_refund"), "is a credit note"),
            (self.make_invoice(0.2), "the least that Stripe charges"),
        )
        for invoice, words in cases:
            with self.subTest(words):
                make = self.make(invoice_ids=[Command.set(invoice.ids)])
                self.assert_refused(words, make)
                there = invoice.with_user(self.clerk)
                self.assert_refused(words, there.action_generate_payment_link)
        make = self.make(invoice_ids=[Command.set(waiting.invoice_id.ids)])
        self.assert_refused("is on its way", make)
        drafts = self.make_invoice(post=False) | self.make_invoice(post=False)
        self.assert_refused("is a draft", self.make(invoice_ids=[Command.set(drafts.ids)]))
        self.assert_refused("Choose at least one invoice", self.make())

    def test_customers(self):
        self.assert_refused(
            "Choose the customer", self.make(purpose="custom", amount=5, partner_id=False)
        )
        self.customer.active = False
        custom = {"purpose": "custom", "partner_id": self.customer.id, "amount": 5}
        words = "Ada Payer is archived. Unarchive the customer first"
        self.assert_refused(words, self.make(**custom))
        links = self.env["payment.link"].with_user(self.clerk)
        self.assert_refused(words, lambda: links.create(custom))

    def test_archived_customer_still_owes_an_invoice(self):
        invoice = self.make_invoice(100)
        self.customer.active = False
        self.assertTrue(invoice.with_user(self.clerk).generate_payment_links())

    def test_not_connected(self):
        invoice = self.make_invoice()
        self.provider.state = "disabled"
        words = "Stripe is not connected for Brook Plumbing.*Connect it in Settings"
        self.assert_refused(words, self.make(invoice_ids=[Command.set(invoice.ids)]))
        self.assert_refused(
            words, self.make(purpose="custom", partner_id=self.customer.id, amount=5)
        )

    def test_without_the_right(self):
        viewer = new_test_user(self.env, "viewer", "serviceflow_paylinks.group_payments_view")
        invoice, order = self.make_invoice(), self.env["sale.order"]
        calls = (
            invoice.with_user(viewer).action_generate_payment_link,
            self.customer.with_user(viewer).action_generate_payment_link,
            order.with_user(viewer).generate_deposit_links,
            lambda: self.env["payment.link.generate"].with_user(viewer).create({}),
        )
        for call in calls:
            with self.assertRaises(AccessError), mute_logger("odoo.models"):
                call()
