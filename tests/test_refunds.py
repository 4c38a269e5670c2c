"""Refunds, from Odoo and from Stripe's dashboard: in the books exactly once, whoever brings the
message, in whatever order, and undone where they come back."""

import json
from contextlib import suppress
from datetime import timedelta
from unittest.mock import patch

from odoo import Command, fields
from odoo.addons.serviceflow_paylinks.models.payment_transaction_refund import (
    PaymentTransaction as RefundTransaction,
)
from odoo.exceptions import AccessError, UserError
from odoo.tests import new_test_user
from odoo.tools import mute_logger

from .common import PaylinksCase

LOGGER = "odoo.addons.serviceflow_paylinks"
REFUNDS = "/v1/refunds"


class Crash(Exception):
    """The process dies here."""


class RefundCase(PaylinksCase):
    def setUp(self):
        super().setUp()
        self.addCleanup(self.sandbox.webhooks.reorder, None)
        self.addCleanup(self.sandbox.webhooks.clear)

    def paid_link(self, amount=100.0, card=None, **values):
        link = self.make_link(amount, **values)
        self.pay(link, **({"card": card} if card else {}))
        self.deliver_webhooks()
        self.assertEqual(link.state, "paid")
        return link

    # -- the manager --

    def fill(self, env, link, **values):
        """The dialog as the link's button opens it, filled in."""
        action = env["payment.link"].browse(link.id).action_refund()
        return env["payment.link.refund"].with_context(action["context"]).create(values)

    def refund(self, link, user=None, **values):
        """Refund from the link's form; return what the manager is told."""
        try:
            with self.other_transaction() as env:
                if user:
                    env = env(user=user.id)
                return self.fill(env, link, **values).action_refund()["params"]
        finally:
            self.env.invalidate_all()

    def book(self, link, **values):
        """Say what becomes of the invoice, for a refund made elsewhere."""
        with self.other_transaction() as env:
            action = env["payment.link"].browse(link.id).action_book_refund()
            wizard = env["payment.link.refund"].with_context(action["context"]).create(values)
            return wizard.action_book()

    def run_sync(self):
        self.env.flush_all()
        self.env.cr.execute(
            "UPDATE payment_transaction SET checkout_check_at = '2020-01-01'"
            " WHERE checkout_check_at IS NOT NULL AND refund_link_id IS NOT NULL"
        )
        self.env.invalidate_all()
        self.run_schedule("cron_sync_checkouts")

    # -- the books --

    def stripe_refunds(self, link):
        """The refunds of the link's payments at Stripe, the newest first."""
        payments = link.transaction_ids.mapped("provider_reference")
        return [
            refund
            for refund in self.sandbox.store.all("refund")
            if refund["payment_intent"] in payments
        ]

    def refund_payments(self, partner=None):
        return self.payments(partner).filtered(lambda p: p.payment_type == "outbound")

    def customer_balance(self, partner=None):
        """What the customer owes in the books, in the company's currency."""
        lines = self.env["account.move.line"].search(
            [
                ("partner_id", "=", (partner or self.customer).id),
                ("account_id.account_type", "=", "asset_receivable"),
                ("parent_state", "=", "posted"),
            ]
        )
        return self.company.currency_id.round(sum(lines.mapped("balance")))

    def open_lines(self, partner=None):
        """The residuals that wait for something to meet."""
        lines = self.env["account.move.line"].search(
            [
                ("partner_id", "=", (partner or self.customer).id),
                ("account_id.account_type", "=", "asset_receivable"),
                ("parent_state", "=", "posted"),
                ("reconciled", "=", False),
            ]
        )
        return sorted(lines.mapped("amount_residual_currency"))

    def assert_refunded_once(self, link, amount):
        payment = self.refund_payments()
        self.assertEqual(len(payment), 1, "exactly one payment back")
        self.assertAlmostEqual(payment.amount, amount)
        self.assertAlmostEqual(link.amount_refunded, amount)
        self.assertEqual(link.refund_ids.mapped("state"), ["done"])


class TestRefundFromOdoo(RefundCase):
    def test_in_full_with_a_credit_note(self):
        link = self.paid_link()
        told = self.refund(link)
        self.assertEqual(told["type"], "success")
        self.assert_refunded_once(link, 100)
        self.assertEqual([r["amount"] for r in self.stripe_refunds(link)][:1], [10000])
        note = link.refund_ids.refund_note_id
        self.assertEqual((note.move_type, note.state, note.amount_total), ("out_refund", "posted", 100))
        self.assertEqual(note.reversed_entry_id, link.invoice_id)
        self.assertIn(note.payment_state, ("paid", "in_payment"))
        self.assertIn(link.invoice_id.payment_state, ("paid", "in_payment"))
        self.assertEqual(self.open_lines(), [])
        self.assertEqual((link.state, link.amount, link.amount_paid), ("paid", 0, 100))
        self.assertFalse(self.activities(link))
        # Its messengers come late: nothing is booked twice.
        self.deliver_webhooks()
        self.run_sync()
        self.assert_refunded_once(link, 100)

    def test_in_parts_several_times(self):
        link = self.paid_link()
        for number, amount in enumerate((20, 30, 50), 1):
            self.refund(link, amount=amount, choice="credit_note")
            self.deliver_webhooks()
            self.assertEqual(len(self.refund_payments()), number)
        self.assertEqual(link.amount_refunded, 100)
        self.assertEqual(link.amount_refundable, 0)
        self.assertEqual(link.refund_ids.refund_note_id.mapped("amount_total"), [50, 30, 20])
        self.assertEqual(self.open_lines(), [])
        with self.assertRaisesRegex(UserError, "left to refund"):
            link.action_refund()

    def test_more_than_was_paid(self):
        link = self.paid_link()
        self.refund(link, amount=60)
        count = len(self.stripe_refunds(link))
        for amount in (40.01, 0, -5):
            with self.subTest(amount), self.assertRaisesRegex(UserError, "can still be refunded"):
                self.refund(link, amount=amount, choice="outstanding")
        self.assertEqual(len(self.stripe_refunds(link)), count)

    def test_leaving_the_invoice_open(self):
        link = self.paid_link()
        self.refund(link, amount=30, choice="outstanding", reason="duplicate")
        self.assert_refunded_once(link, 30)
        self.assertEqual(self.stripe_refunds(link)[0]["reason"], "duplicate")
        self.assertEqual(link.invoice_id.amount_residual, 30)
        self.assertEqual(self.open_lines(), [30])
        self.assertEqual((link.state, link.amount), ("paid", 0), "this link asks for no more")
        another = link.invoice_id.generate_payment_links()
        self.assertNotEqual(another, link)
        self.assertEqual((another.state, another.amount), ("active", 30))
        self.refund(link, amount=70, choice="outstanding")
        self.assertEqual(link.invoice_id.amount_residual, 100)
        self.assertEqual(another.amount, 100)
        self.assertEqual(self.open_lines(), [100])

    def test_with_taxes_to_the_cent(self):
        taxes = self.env["account.tax"].create(
            [
                {"name": f"T{percent}", "amount": percent, "type_tax_use": "sale"}
                for percent in (19, 7)
            ]
        )
        invoice = self.make_invoice(0, post=False)
        invoice.invoice_line_ids = [
            Command.clear(),
            *(
                Command.create({"name": tax.name, "price_unit": price, "tax_ids": [Command.set(tax.ids)]})
                for tax, price in zip(taxes, (33.33, 12.34), strict=True)
            ),
        ]
        invoice.action_post()
        link = invoice.generate_payment_links()
        self.pay(link)
        self.deliver_webhooks()
        for amount in (0.53, 17.77, 7.01):
            self.refund(link, amount=amount, choice="credit_note")
        notes = link.refund_ids.refund_note_id
        self.assertEqual(notes.mapped("amount_total"), [7.01, 17.77, 0.53])
        self.assertEqual(notes.invoice_line_ids.tax_ids, taxes)
        self.assertTrue(all(note.amount_tax for note in notes))
        self.assertEqual(notes.line_ids.account_id, invoice.line_ids.account_id)
        self.assertEqual(self.open_lines(), [])

    def test_a_credit_note_that_was_there_before(self):
        """The accountant wrote it first: the refund takes that credit, and writes no second one."""
        link = self.paid_link()
        note = link.invoice_id._reverse_moves()
        note.action_post()
        with self.other_transaction() as env:
            self.assertEqual(self.fill(env, link).choice, "credit")
        with self.assertRaisesRegex(UserError, "not credited yet"):
            self.refund(link, choice="credit_note")
        self.refund(link)
        self.assert_refunded_once(link, 100)
        self.assertEqual(link.invoice_id.reversal_move_ids, note)
        self.assertEqual(self.open_lines(), [])

    def test_credit_money(self):
        link = self.make_custom_link(75)
        self.pay(link)
        self.deliver_webhooks()
        self.refund(link, amount=25)
        self.assert_refunded_once(link, 25)
        self.assertEqual(link.refund_ids.refund_choice, "credit")
        self.assertEqual(self.open_lines(), [-50], "the customer's credit is less")
        with self.assertRaisesRegex(UserError, "no single invoice"):
            self.refund(link, amount=5, choice="credit_note")

    def test_credit_money_that_an_invoice_was_paid_with(self):
        link = self.make_custom_link(75)
        attempt = self.pay(link)
        self.deliver_webhooks()
        invoice = self.make_invoice(75)
        (attempt.payment_id.move_id.line_ids + invoice.line_ids).filtered(
            lambda line: line.account_id.account_type == "asset_receivable"
        ).reconcile()
        self.refund(link, amount=25, choice="outstanding")
        self.assertEqual(invoice.amount_residual, 25)
        self.assertEqual(self.open_lines(), [25])

    def test_a_deposit(self):
        product = self.env["product.product"].create({"name": "Boiler"})
        order = self.env["sale.order"].create(
            {
                "partner_id": self.customer.id,
                "require_payment": True,
                "prepayment_percent": 0.5,
                "order_line": [
                    Command.create(
                        {"product_id": product.id, "price_unit": 200, "tax_ids": [Command.clear()]}
                    )
                ],
            }
        )
        link = order.generate_deposit_links()
        self.pay(link)
        self.deliver_webhooks()
        self.assertEqual((order.state, order.amount_paid), ("sale", 100))
        mails = self.env["mail.mail"].search_count([])
        self.refund(link, amount=40)
        self.assert_refunded_once(link, 40)
        self.assertEqual(order.amount_paid, 60)
        self.assertEqual((order.state, link.state), ("sale", "paid"))
        self.assertEqual(self.open_lines(), [-60])
        self.assertEqual(self.env["mail.mail"].search_count([]), mails, "nobody is thanked for it")
        self.sandbox.bank.fail_refund(self.stripe_refunds(link)[0]["id"])
        self.deliver_webhooks()
        self.assertEqual(order.amount_paid, 100)

    def test_in_a_foreign_currency(self):
        eur = self.activate("EUR", 0.5)
        link = self.paid_link(100, currency=eur)
        self.refund(link, amount=40, choice="outstanding")
        self.assert_refunded_once(link, 40)
        payment = self.refund_payments()
        self.assertEqual(payment.currency_id, eur)
        self.assertEqual(link.invoice_id.amount_residual, 40)
        self.refund(link, amount=60, choice="credit_note")
        self.assertEqual(link.refund_ids[0].refund_note_id.currency_id, eur)
        self.assertEqual(self.open_lines(), [40])

    def test_without_decimals(self):
        jpy = self.activate("JPY", 100)
        link = self.paid_link(5000, currency=jpy)
        self.refund(link, amount=1200)
        self.assertEqual(self.stripe_refunds(link)[0]["amount"], 1200)
        self.assert_refunded_once(link, 1200)

    def test_from_the_payment(self):
        link = self.paid_link()
        payment = self.assert_booked_once(100)
        self.assertEqual(payment.amount_available_for_refund, 100)
        action = payment.action_refund_wizard()
        self.assertEqual(action["res_model"], "payment.link.refund")
        self.assertEqual(action["context"]["default_link_id"], link.id)
        self.refund(link, amount=30)
        payment.invalidate_recordset()
        self.assertEqual(payment.amount_available_for_refund, 70)

    def test_stocks_own_action_goes_the_guarded_way(self):
        link = self.paid_link()
        with self.other_transaction() as env:
            attempt = env["payment.transaction"].browse(link.transaction_ids.id)
            attempt.action_refund(amount_to_refund=10)
        refund = link.refund_ids
        self.assertTrue(refund.checkout_key)
        self.assertEqual(
            self.stripe_refunds(link)[0]["metadata"]["paylinks_key"], refund.checkout_key
        )
        self.assert_refunded_once(link, 10)
        self.assertEqual(link.refunds_to_book, 1, "nobody said what becomes of the invoice")

    def test_written_down_before_stripe_is_called(self):
        link = self.paid_link()
        seen = []
        original = type(self.client).request

        def request(client, method, url, *args, **kwargs):
            if method.lower() == "post" and url.endswith(REFUNDS):
                with self.registry.cursor() as cr:
                    cr.execute(
                        "SELECT amount, state FROM payment_transaction"
                        " WHERE refund_link_id = %s AND checkout_key IS NOT NULL",
                        [link.id],
                    )
                    seen.append(cr.fetchall())
            return original(client, method, url, *args, **kwargs)

        with patch.object(type(self.client), "request", request):
            self.refund(link, amount=15)
        self.assertEqual([(float(a), s) for a, s in seen[0]], [(-15, "draft")])

    def test_the_same_dialog_twice_gives_back_once(self):
        link = self.paid_link()
        with self.other_transaction() as env:
            wizard = self.fill(env, link, amount=30)
            wizard.action_refund()
            wizard.action_refund()
        self.assert_refunded_once(link, 30)
        self.assertEqual(len(self.stripe_refunds(link)), 1)

    def test_rights(self):
        link = self.paid_link()
        groups = {
            "nobody": "base.group_user",
            "viewer": "serviceflow_paylinks.group_payments_view",
            "creator": "serviceflow_paylinks.group_payments_create",
            "invoicer": "account.group_account_invoice",
        }
        count = len(self.stripe_refunds(link))
        for name, group in groups.items():
            user = new_test_user(self.env, f"refund_{name}", group)
            with self.subTest(name):
                for method in ("action_refund", "action_book_refund"):
                    with self.assertRaises(AccessError):
                        getattr(link.with_user(user), method)()
                with self.assertRaises(AccessError):
                    self.env["payment.link.refund"].with_user(user).create(
                        {"link_id": link.id, "transaction_id": link.transaction_ids.id}
                    )
                with self.assertRaises(AccessError):
                    link.transaction_ids.with_user(user).action_refund(1)
        self.assertEqual(len(self.stripe_refunds(link)), count)
        manager = new_test_user(
            self.env, "refund_manager", "serviceflow_paylinks.group_payments_manage"
        )
        self.refund(link, user=manager, amount=10, choice="credit_note")
        self.assert_refunded_once(link, 10)
        link.with_user(manager).refund_ids.mapped("amount")

    def test_a_payment_of_another_link_is_refused(self):
        link, other = self.paid_link(), self.paid_link()
        with self.other_transaction() as env:
            wizard = self.fill(env, link)
            wizard.transaction_id = other.transaction_ids.id
            with self.assertRaisesRegex(UserError, "another link"):
                wizard.action_refund()


class TestRefundTrouble(RefundCase):
    """Stripe is slow, down, or answers 500 after doing it."""

    def test_no_answer_though_it_was_made(self):
        link = self.paid_link()
        self.sandbox.webhooks.lose()
        self.sandbox.faults.add("timeout", "POST", REFUNDS, after_effect=True, times=3)
        with mute_logger(f"{LOGGER}.wizards.payment_link_refund"):
            told = self.refund(link, amount=30)
        self.assertEqual(told["type"], "warning")
        self.assertEqual(link.refund_ids.state, "draft")
        self.assertEqual(link.amount_refunded, 0)
        self.assertEqual(link.amount_refundable, 70, "nobody gives it back a second time")
        self.run_sync()
        self.assert_refunded_once(link, 30)
        self.assertEqual(len(self.stripe_refunds(link)), 1)

    def test_no_answer_and_the_event_is_first(self):
        link = self.paid_link()
        self.sandbox.faults.add("timeout", "POST", REFUNDS, after_effect=True, times=3)
        with mute_logger(f"{LOGGER}.wizards.payment_link_refund"):
            self.refund(link, amount=30)
        self.deliver_webhooks()
        self.assert_refunded_once(link, 30)
        self.assertFalse(self.activities(link), "the choice was made in the dialog")
        self.run_sync()
        self.assert_refunded_once(link, 30)

    def test_no_answer_and_it_was_not_made(self):
        link = self.paid_link()
        self.sandbox.faults.add("timeout", "POST", REFUNDS, times=3)
        with mute_logger(f"{LOGGER}.wizards.payment_link_refund"):
            self.refund(link, amount=30)
        self.assertFalse(self.refund_payments())
        self.run_sync()
        self.assert_refunded_once(link, 30)

    def test_500_after_it_was_made(self):
        """The key then remembers the error: only looking tells."""
        link = self.paid_link()
        self.sandbox.faults.add("error", "POST", REFUNDS, after_effect=True)
        self.refund(link, amount=30)
        self.assert_refunded_once(link, 30)
        self.deliver_webhooks()
        self.assert_refunded_once(link, 30)

    def test_500_without_effect(self):
        link = self.paid_link()
        self.sandbox.faults.add("error", "POST", REFUNDS, times=None)
        with self.assertLogs(LOGGER, "WARNING"), self.assertRaisesRegex(UserError, "refused"):
            self.refund(link, amount=30)
        self.sandbox.faults.clear()
        self.assertEqual(link.refund_ids.state, "error")
        self.assertEqual(link.amount_refundable, 100)
        self.refund(link, amount=30)
        self.assertEqual(link.amount_refunded, 30)

    def test_too_many_requests(self):
        link = self.paid_link()
        self.sandbox.faults.add("rate_limit", "POST", REFUNDS)
        with mute_logger(f"{LOGGER}.wizards.payment_link_refund"):
            self.refund(link, amount=30)
        self.run_sync()
        self.assert_refunded_once(link, 30)

    def test_stripe_is_away_for_long(self):
        """The key is forgotten after a day: what exists is looked up before it is asked again."""
        link = self.paid_link()
        self.sandbox.webhooks.lose()
        self.sandbox.faults.add("timeout", "POST", REFUNDS, after_effect=True, times=3)
        with mute_logger(f"{LOGGER}.wizards.payment_link_refund"):
            self.refund(link, amount=30)
        self.sandbox.faults.outage()
        with self.assertLogs(LOGGER, "WARNING"):
            self.run_sync()
        self.assertEqual(link.refund_ids.state, "draft")
        self.sandbox.faults.clear()
        self.sandbox.clock.advance(2 * 86_400)
        self.addCleanup(self.sandbox.clock.advance, -2 * 86_400)
        self.run_sync()
        self.assert_refunded_once(link, 30)
        self.assertEqual(len(self.stripe_refunds(link)), 1)

    def test_crash_between_the_answer_and_the_books(self):
        link = self.paid_link()
        self.sandbox.webhooks.lose()
        # Not `assertRaises`, which takes back what was committed.
        with patch.object(RefundTransaction, "_apply_refunds", side_effect=Crash), suppress(Crash):
            self.refund(link, amount=30)
        self.assertEqual(link.refund_ids.state, "draft", "what was committed before the call")
        self.run_sync()
        self.assert_refunded_once(link, 30)

    def test_refunded_at_stripe_a_moment_before(self):
        link = self.paid_link()
        self.sandbox.webhooks.lose()
        self.sandbox.dashboard.refund(link.transaction_ids.provider_reference)
        with self.assertLogs(LOGGER, "WARNING"), self.assertRaisesRegex(UserError, "already"):
            self.refund(link)
        self.assertEqual(sorted(link.refund_ids.mapped("state")), ["done", "error"])
        self.assertEqual((link.amount_refunded, link.amount_refundable), (100, 0))
        self.assertEqual(len(self.refund_payments()), 1)

    def test_what_cannot_be_booked_is_booked_later(self):
        link = self.paid_link()
        with (
            patch.object(RefundTransaction, "_create_payment", side_effect=ValueError("locked"), create=True),
            self.assertLogs(LOGGER, "ERROR"),
        ):
            self.refund(link, amount=30)
        self.assertFalse(self.refund_payments())
        self.assertIn("not booked", self.activities(link).summary)
        self.run_sync()
        self.assert_refunded_once(link, 30)
        self.assertEqual(link.invoice_id.reversal_move_ids.amount_total, 30)
        self.assertFalse(self.activities(link))

    def test_disputed_money_is_not_refunded(self):
        link = self.paid_link()
        self.sandbox.bank.open_dispute(link.transaction_ids.provider_reference)
        with self.assertLogs(LOGGER, "WARNING"), self.assertRaisesRegex(UserError, "dispute"):
            self.refund(link)


class TestRefundAtStripe(RefundCase):
    """Made in Stripe's dashboard: it comes back by event, and a person says what it is for."""

    def test_comes_back_by_event(self):
        link = self.paid_link()
        self.sandbox.webhooks.repeat(3)
        self.sandbox.webhooks.reorder("reverse")
        self.sandbox.dashboard.refund(
            link.transaction_ids.provider_reference, 4000, "requested_by_customer"
        )
        self.deliver_webhooks()
        self.assert_refunded_once(link, 40)
        self.assertEqual(link.refund_ids.refund_reason, "requested_by_customer")
        self.assertEqual(link.refunds_to_book, 1)
        self.assertEqual(self.open_lines(), [40], "a debit of the customer")
        self.assertIn("Book Refund", self.activities(link).note)
        self.assertEqual(link.invoice_id.amount_residual, 0)

    def test_a_person_books_it(self):
        for choice, left in (("credit_note", []), ("outstanding", [40])):
            with self.subTest(choice):
                self.customer = self.env["res.partner"].create(
                    {"name": choice, "email": "ada@example.com"}
                )
                link = self.paid_link()
                self.sandbox.dashboard.refund(link.transaction_ids.provider_reference, 4000)
                self.deliver_webhooks()
                self.book(link, choice=choice)
                self.assertEqual(self.open_lines(), left)
                self.assertFalse(self.activities(link))
                self.assertEqual(link.refunds_to_book, 0)
                self.assertEqual(len(self.refund_payments()), 1)
                with self.assertRaisesRegex(UserError, "is booked"):
                    link.action_book_refund()

    def test_two_dialogs_book_it_once(self):
        link = self.paid_link()
        self.sandbox.dashboard.refund(link.transaction_ids.provider_reference, 4000)
        self.deliver_webhooks()
        with self.other_transaction() as env:
            action = env["payment.link"].browse(link.id).action_book_refund()
            wizards = env["payment.link.refund"].with_context(action["context"])
            first, second = wizards.create([{}, {}])
            first.action_book()
            with self.assertRaisesRegex(UserError, "booked already"):
                second.action_book()
        self.assertEqual(len(link.invoice_id.reversal_move_ids), 1)

    def test_before_the_payment_was_heard_of(self):
        """The refund's event arrives first: the payment is booked, then the refund."""
        link = self.make_link()
        attempt = self.pay(link)
        self.sandbox.webhooks.lose()
        self.sandbox.webhooks.clear()
        session = self.sandbox.store.get("checkout.session", attempt.checkout_ref)
        for delivery in self.sandbox.webhooks.queue:
            self.sandbox.webhooks.mark(delivery, 200)
        self.sandbox.dashboard.refund(session["payment_intent"], 4000)
        self.deliver_webhooks()
        self.assertEqual((attempt.state, link.state), ("done", "paid"))
        self.assertEqual(len(self.payments()), 2)
        self.assertEqual((link.amount_paid, link.amount_refunded), (100, 40))

    def test_pending_first(self):
        link = self.paid_link(card="4000000000007726")
        self.sandbox.dashboard.refund(link.transaction_ids.provider_reference, 4000)
        self.deliver_webhooks()
        self.assertEqual(link.refund_ids.state, "pending")
        self.assertFalse(self.refund_payments())
        self.assertEqual((link.amount_refunded, link.amount_refundable), (0, 60))
        self.sandbox.webhooks.lose()
        self.sandbox.bank.settle_refund(link.refund_ids.provider_reference)
        self.run_sync()
        self.assert_refunded_once(link, 40)

    def test_an_event_of_before_does_not_undo(self):
        """`refund.created` says pending, and arrives after `refund.updated` said succeeded."""
        link = self.paid_link(card="4000000000007726")
        self.sandbox.webhooks.reorder("reverse")
        refund = self.sandbox.dashboard.refund(link.transaction_ids.provider_reference, 4000)
        self.sandbox.bank.settle_refund(refund["id"])
        self.deliver_webhooks()
        self.assert_refunded_once(link, 40)

    def test_of_a_stranger_on_the_same_account(self):
        secret = self.provider.paylinks_webhook_secret
        link = self.paid_link()
        self.sandbox.dashboard.refund(link.transaction_ids.provider_reference, 100)
        refund = json.loads(json.dumps(self.stripe_refunds(link)[0]))
        refund.update(id="re_3stranger", payment_intent="pi_3stranger")
        body, headers = self.sandbox.webhooks.craft("refund.created", refund, secret)
        self.url_open(
            f"/paylinks/stripe/webhook/{self.provider.id}", data=body, headers=headers
        )
        self.env.invalidate_all()
        event = self.env["payment.link.event"].search([("object_ref", "=", "re_3stranger")])
        self.assertEqual(event.state, "ignored")
        self.assertFalse(link.refund_ids)


class TestRefundComesBack(RefundCase):
    """It had succeeded, then the customer's bank refused it."""

    def bounce(self, link):
        self.sandbox.bank.fail_refund(link.refund_ids[:1].provider_reference)
        self.deliver_webhooks()

    def test_with_an_open_invoice(self):
        link = self.paid_link()
        self.refund(link, amount=30, choice="outstanding")
        self.deliver_webhooks()
        self.bounce(link)
        self.assertEqual(link.refund_ids.state, "error")
        self.assertFalse(self.refund_payments())
        self.assertEqual((link.amount_refunded, link.amount_refundable), (0, 100))
        self.assertEqual(link.invoice_id.amount_residual, 0, "we have the money: nobody is asked")
        self.assertEqual(self.open_lines(), [])
        self.assertIn("Refund failed", self.activities(link).summary)
        # Late and repeated messages change nothing any more.
        self.run_sync()
        with self.other_transaction() as env:
            env["payment.transaction"].browse(link.transaction_ids.id)._look_at_refunds()
        self.assertEqual(len(self.activities(link)), 1)
        self.assertEqual(link.amount_refunded, 0)

    def test_with_a_credit_note(self):
        link = self.paid_link()
        self.refund(link, amount=30, choice="credit_note")
        self.deliver_webhooks()
        self.bounce(link)
        note = link.invoice_id.reversal_move_ids
        self.assertEqual(note.state, "posted")
        self.assertEqual(self.open_lines(), [-30], "the note is a credit of the customer")
        self.assertIn(note.name, self.activities(link).note)
        with self.other_transaction() as env:
            wizard = self.fill(env, link, amount=30)
            wizard._compute_choice()
            self.assertEqual(wizard.choice, "credit")
        self.refund(link, amount=30, choice="credit")
        self.assertEqual(self.open_lines(), [])
        self.assertEqual(link.amount_refunded, 30)

    def test_before_a_person_has_booked_it(self):
        link = self.paid_link()
        self.sandbox.dashboard.refund(link.transaction_ids.provider_reference, 4000)
        self.deliver_webhooks()
        self.bounce(link)
        self.assertEqual(link.refunds_to_book, 0)
        self.assertEqual(self.activities(link).mapped("summary"), [
            f"Refund failed: {link.refund_ids.reference}"
        ])
        self.assertEqual(self.open_lines(), [])

    def test_in_a_closed_period(self):
        link = self.paid_link()
        self.refund(link, amount=30, choice="outstanding")
        payment = self.refund_payments()
        self.env.flush_all()
        day = fields.Date.today() - timedelta(days=40)
        self.env.cr.execute("UPDATE account_move SET date = %s WHERE id = %s", [day, payment.move_id.id])
        self.env.cr.execute("UPDATE account_move_line SET date = %s WHERE move_id = %s", [day, payment.move_id.id])
        self.env.invalidate_all()
        self.company.fiscalyear_lock_date = fields.Date.today() - timedelta(days=10)
        self.bounce(link)
        self.assertEqual(payment.move_id.state, "posted", "the closed books stay as they are")
        opposite = payment.move_id.reversal_move_ids
        self.assertEqual((opposite.state, opposite.date), ("posted", fields.Date.today()))
        self.assertEqual(self.open_lines(), [])
        self.assertEqual(self.customer_balance(), 0)
        self.assertEqual(link.amount_refunded, 0)

    def test_heard_of_only_when_it_had_failed(self):
        link = self.paid_link()
        self.sandbox.webhooks.reorder("reverse")
        refund = self.sandbox.dashboard.refund(link.transaction_ids.provider_reference, 4000)
        self.sandbox.bank.fail_refund(refund["id"])
        self.deliver_webhooks()
        self.assertEqual(link.refund_ids.state, "error")
        self.assertFalse(self.refund_payments())
        self.assertEqual(link.amount_refunded, 0)
