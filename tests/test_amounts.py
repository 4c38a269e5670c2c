"""Invariant 2, in numbers: what the link asks for, and what Stripe sees, in minor units."""

from datetime import timedelta
from unittest.mock import patch

from odoo import Command, fields
from odoo.addons.serviceflow_paylinks.providers import money
from odoo.exceptions import UserError, ValidationError

from .common import PaylinksCase


class TestAmounts(PaylinksCase):
    def assert_stripe_is_asked(self, link, minor, currency="usd"):
        attempt = self.open_checkout(link)
        session = self.sandbox.store.get("checkout.session", attempt.checkout_ref)
        self.assertEqual((session["amount_total"], session["currency"]), (minor, currency))
        return attempt

    def assert_pays_in_full(self, link, minor, currency="usd"):
        attempt = self.assert_stripe_is_asked(link, minor, currency)
        self.sandbox.customer.pay(attempt.checkout_ref)
        self.deliver_webhooks()
        self.assertEqual(link.state, "paid")
        self.assertEqual(link.invoice_id.amount_residual, 0)
        self.assertEqual(link.invoice_id.payment_state, "paid")

    def test_partial_payments_by_bank(self):
        link = self.make_link(100)
        self.pay_by_bank_transfer(link.invoice_id, 33.33)
        self.assertAlmostEqual(link.amount, 66.67)
        self.assert_pays_in_full(link, 6667)

    def test_partial_payments_by_link(self):
        invoice = self.make_invoice(100)
        first, second = (
            self.env["payment.link"].create({"invoice_id": invoice.id, "amount": amount})
            for amount in (30, 90)
        )
        self.assert_stripe_is_asked(first, 3000)
        self.sandbox.customer.pay(first.transaction_ids.checkout_ref)
        self.deliver_webhooks()
        self.assertEqual(first.state, "paid")
        self.assertEqual(invoice.payment_state, "partial")
        self.assertEqual(second.amount, 70, "agreed on 90, but never more than is owed")
        self.assert_pays_in_full(second, 7000)

    def test_credit_note(self):
        link = self.make_link(100)
        reversal = (
            self.env["account.move.reversal"]
            .with_context(active_model="account.move", active_ids=link.invoice_id.ids)
            .create({"journal_id": link.invoice_id.journal_id.id})
        )
        credit_note = self.env["account.move"].browse(reversal.refund_moves()["res_id"])
        credit_note.invoice_line_ids.price_unit = 25
        credit_note.action_post()
        lines = (credit_note + link.invoice_id).line_ids.filtered(
            lambda line: line.account_id.account_type == "asset_receivable"
        )
        lines.reconcile()
        self.assertEqual(link.amount, 75)
        self.assert_pays_in_full(link, 7500)

    def test_bank_transfer_over_everything_settles_the_link_and_back(self):
        link = self.make_link(100)
        self.pay_by_bank_transfer(link.invoice_id)
        self.assertEqual((link.state, link.amount), ("settled", 0))
        link.invoice_id.line_ids.remove_move_reconcile()
        self.assertEqual((link.state, link.amount), ("active", 100))

    def test_early_payment_discount(self):
        link = self.make_link(100, term=self.make_discount_term())
        self.assertEqual(link.amount, 98)
        self.assert_pays_in_full(link, 9800)

    def test_early_payment_discount_is_over(self):
        late = fields.Date.today() - timedelta(days=20)
        link = self.make_link(100, term=self.make_discount_term(), invoice_date=late)
        self.assertEqual(link.amount, 100)
        self.assert_pays_in_full(link, 10000)

    def test_instalments(self):
        term = self.env["account.payment.term"].create(
            {
                "name": "30% now, the rest later",
                "line_ids": [
                    Command.create({"value": "percent", "value_amount": 30, "nb_days": 0}),
                    Command.create({"value": "percent", "value_amount": 70, "nb_days": 60}),
                ],
            }
        )
        invoice = self.make_invoice(100, term=term)
        first = self.env["payment.link"].create({"invoice_id": invoice.id, "amount": 30})
        self.assert_stripe_is_asked(first, 3000)
        self.sandbox.customer.pay(first.transaction_ids.checkout_ref)
        self.deliver_webhooks()
        self.assertEqual(invoice.amount_residual, 70)
        instalments = invoice.line_ids.filtered(lambda line: line.display_type == "payment_term")
        self.assertEqual(instalments.sorted("date_maturity").mapped("reconciled"), [True, False])
        self.assert_pays_in_full(invoice.generate_payment_links(), 7000)

    def test_foreign_currency(self):
        eur = self.activate("EUR", 0.8)
        link = self.make_link(80, currency=eur)
        self.assertEqual(link.currency_id, eur)
        self.assert_pays_in_full(link, 8000, "eur")
        payment = self.assert_booked_once(80)
        self.assertEqual(payment.currency_id, eur)
        self.assertAlmostEqual(sum(payment.move_id.line_ids.mapped("debit")), 100)

    def test_yen_has_no_minor_unit(self):
        self.assert_pays_in_full(
            self.make_link(12345, currency=self.activate("JPY", 150)), 12345, "jpy"
        )

    def test_dinar_has_three_decimals_and_ends_in_zero(self):
        self.assert_pays_in_full(
            self.make_link(12.34, currency=self.activate("KWD", 0.3)), 12340, "kwd"
        )

    def test_dinar_that_stripe_cannot_charge_exactly_is_rounded_down(self):
        link = self.make_link(12.345, currency=self.activate("KWD", 0.3))
        self.assertEqual(link.amount, 12.34, "never more than is owed")
        attempt = self.assert_stripe_is_asked(link, 12340, "kwd")
        self.sandbox.customer.pay(attempt.checkout_ref)
        self.deliver_webhooks()
        self.assertEqual(link.state, "paid", "what is left cannot be charged")
        self.assertAlmostEqual(link.invoice_id.amount_residual, 0.005)

    def test_shilling_and_krona_are_sent_in_hundredths(self):
        ugx = self.make_link(35000, currency=self.activate("UGX", 3700))
        self.assert_pays_in_full(ugx, 3500000, "ugx")
        isk = self.make_link(4500, currency=self.activate("ISK", 130))
        self.assert_pays_in_full(isk, 450000, "isk")

    def test_binary_fractions_do_not_lose_a_cent(self):
        for amount, minor in ((1.1, 110), (2.3, 230), (8.2, 820), (1111.11, 111111), (0.57, 57)):
            with self.subTest(amount):
                self.assert_stripe_is_asked(self.make_link(amount), minor)

    def test_below_stripes_minimum(self):
        with self.assertRaisesRegex(UserError, r"\$.?0\.50"):
            self.make_link(0.49)
        with self.assertRaisesRegex(ValidationError, r"\$.?0\.50"):
            self.make_custom_link(0.10)
        gbp = self.activate("GBP", 0.7)
        with self.assertRaisesRegex(UserError, r"0\.30"):
            self.make_link(0.29, currency=gbp)
        self.assertTrue(self.make_link(0.30, currency=gbp))

    def test_a_rest_below_the_minimum_is_not_asked_for(self):
        link = self.make_link(100)
        self.pay_by_bank_transfer(link.invoice_id, 99.80)
        page = self.open_page(link).text
        self.assertNotIn("<button", page)
        self.assertFalse(link._is_payable())

    def test_zero_and_negative_amounts(self):
        for amount in (0, -5):
            with self.subTest(amount), self.assertRaisesRegex(ValidationError, "greater than zero"):
                self.make_custom_link(amount)

    def test_stripes_own_minimum(self):
        """Stripe applies the minimum after conversion: its own refusal is told in words as well."""
        with patch.dict(money.MINIMUM, clear=True):
            tiny = self.make_custom_link(0.20)
            with self.assertLogs("odoo.addons.serviceflow_paylinks", "WARNING"):
                answer = self.click_pay(tiny)
        self.assertEqual(answer.status_code, 503)
        self.assertIn("Nothing was charged", answer.text)
        self.assertIn("below the least that Stripe charges", self.activities(tiny).note)
