"""Invariant 1: every payment that succeeded is in the books exactly once, whatever happened."""

from datetime import timedelta
from unittest.mock import patch

from freezegun import freeze_time
from odoo import fields
from odoo.addons.account_payment.models.payment_transaction import (
    PaymentTransaction as AccountPaymentTransaction,
)

from .common import PaylinksCase


class TestLateMoney(PaylinksCase):
    def assert_kept_as_credit(self, link, amount):
        """One payment, matched with nothing, and one person told."""
        payment = self.assert_booked_once(amount)
        receivable = payment.move_id.line_ids.filtered(
            lambda line: line.account_id.account_type == "asset_receivable"
        )
        self.assertAlmostEqual(receivable.amount_residual, -amount)
        self.assertEqual(len(self.activities(link)), 1)
        return payment

    def test_on_an_expired_link(self):
        link = self.make_link()
        attempt = self.open_checkout(link)
        self.expire_by_time(link)
        self.run_schedule("cron_expire_links")
        self.assertEqual(link.state, "expired")
        self.sandbox.customer.pay(attempt.checkout_ref)
        self.deliver_webhooks()
        self.assert_kept_as_credit(link, 100)
        self.assertEqual(link.invoice_id.payment_state, "not_paid")
        self.assertIn("expired", self.activities(link).note)

    def test_paid_in_time_but_heard_of_after_expiry(self):
        """Paid two minutes ago, a minute before the link's time was over: only the message is
        late."""
        link = self.make_link()
        attempt = self.open_checkout(link)
        self.sandbox.clock.advance(-120)
        self.sandbox.customer.pay(attempt.checkout_ref)
        self.sandbox.clock.advance(120)
        self.expire_by_time(link)
        self.run_schedule("cron_expire_links")
        self.assertEqual(link.state, "expired")
        self.assertLess(link.expires_at, fields.Datetime.now())
        self.deliver_webhooks()
        self.assertLess(attempt.checkout_paid_at, link.expires_at)
        self.assert_booked_once(100)
        self.assertEqual(link.invoice_id.payment_state, "paid")
        self.assertEqual(link.state, "paid")
        self.assertFalse(self.activities(link))

    def test_on_a_deleted_link(self):
        link = self.make_link()
        attempt = self.open_checkout(link)
        link.cancel()
        self.sandbox.customer.pay(attempt.checkout_ref)
        self.deliver_webhooks()
        self.assert_kept_as_credit(link, 100)
        self.assertEqual(link.state, "cancelled")
        self.assertEqual(link.invoice_id.payment_state, "not_paid")
        self.assertIn("the link had been deleted", self.activities(link).note)

    def test_on_a_replaced_link(self):
        link = self.make_link()
        attempt = self.open_checkout(link)
        link._cancel("replaced", "another link")
        self.sandbox.customer.pay(attempt.checkout_ref)
        self.deliver_webhooks()
        self.assert_kept_as_credit(link, 100)
        self.assertIn("had been replaced by another one", self.activities(link).note)

    def test_on_a_link_whose_invoice_became_another_customers(self):
        link = self.make_link()
        attempt = self.open_checkout(link)
        link._cancel("document", "another customer")
        self.sandbox.customer.pay(attempt.checkout_ref)
        self.deliver_webhooks()
        self.assert_kept_as_credit(link, 100)
        self.assertIn("the document had changed", self.activities(link).note)

    def test_on_a_cancelled_attempt(self):
        link = self.make_link()
        attempt = self.open_checkout(link)
        attempt._set_canceled()
        self.sandbox.customer.pay(attempt.checkout_ref)
        self.deliver_webhooks()
        self.assert_kept_as_credit(link, 100)
        self.assertEqual(attempt.state, "done")

    def test_on_an_invoice_paid_by_bank_meanwhile(self):
        link = self.make_link()
        attempt = self.open_checkout(link)
        self.pay_by_bank_transfer(link.invoice_id)
        self.assertEqual(link.state, "settled")
        self.sandbox.customer.pay(attempt.checkout_ref)
        self.deliver_webhooks()
        self.assert_kept_as_credit(link, 100)
        self.assertEqual(link.invoice_id.payment_state, "paid")
        self.assertEqual(link.invoice_id.amount_residual, 0)

    def test_on_an_invoice_partly_paid_meanwhile(self):
        link = self.make_link()
        attempt = self.open_checkout(link)
        self.pay_by_bank_transfer(link.invoice_id, 40)
        self.sandbox.customer.pay(attempt.checkout_ref)
        self.deliver_webhooks()
        payment = self.assert_booked_once(100)
        receivable = payment.move_id.line_ids.filtered(
            lambda line: line.account_id.account_type == "asset_receivable"
        )
        self.assertAlmostEqual(receivable.amount_residual, -40, msg="the surplus is a credit")
        self.assertEqual(link.invoice_id.amount_residual, 0)
        self.assertEqual(len(self.activities(link)), 1)

    def test_on_an_invoice_reset_to_draft(self):
        link = self.make_link()
        attempt = self.open_checkout(link)
        link.invoice_id.button_draft()
        self.sandbox.customer.pay(attempt.checkout_ref)
        self.deliver_webhooks()
        self.assert_kept_as_credit(link, 100)
        self.assertEqual(link.invoice_id.state, "draft", "nobody confirms it but the clerk")

    def test_on_a_cancelled_invoice(self):
        link = self.make_link()
        attempt = self.open_checkout(link)
        link.invoice_id.button_draft()
        link.invoice_id.button_cancel()
        self.assertEqual((link.state, link.cancel_reason), ("cancelled", "document"))
        self.sandbox.customer.pay(attempt.checkout_ref)
        self.deliver_webhooks()
        self.assert_kept_as_credit(link, 100)
        self.assertIn("the document had been cancelled", self.activities(link).note)

    def test_what_cannot_be_booked_is_booked_later(self):
        link = self.make_link()
        attempt = self.pay(link)
        with (
            patch.object(
                AccountPaymentTransaction, "_create_payment", side_effect=ValueError("locked")
            ),
            self.assertLogs("odoo.addons.serviceflow_paylinks", "ERROR"),
        ):
            self.deliver_webhooks()
        self.assertEqual(attempt.state, "done")
        self.assertFalse(self.payments())
        self.assertEqual(len(self.activities(link)), 1)
        self.assertEqual(link.amount, 0, "nobody is asked again meanwhile")
        with freeze_time(fields.Datetime.now() + timedelta(minutes=15)):
            self.run_schedule("cron_sync_checkouts")
        self.assert_booked_once(100)
        self.assertEqual(link.invoice_id.payment_state, "paid")

    def test_money_for_no_document_is_the_customers_credit(self):
        link = self.make_custom_link(75)
        self.pay(link)
        self.deliver_webhooks()
        payment = self.assert_booked_once(75)
        self.assertEqual(link.state, "paid")
        self.assertFalse(payment.reconciled_invoice_ids)
        self.assertFalse(self.activities(link))
