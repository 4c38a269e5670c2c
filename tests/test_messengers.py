"""Three messengers, one function: webhook, return and schedule, in any order and number."""

import json
from dataclasses import replace
from datetime import timedelta
from unittest.mock import patch

from odoo import fields

from .common import PaylinksCase


class TestMessengers(PaylinksCase):
    def assert_paid_once(self, link, attempt):
        self.assertEqual(attempt.state, "done")
        self.assertEqual(link.state, "paid")
        self.assertEqual(link.invoice_id.payment_state, "paid")
        self.assert_booked_once(100)

    def test_webhook_before_return(self):
        link = self.make_link()
        attempt = self.pay(link)
        self.deliver_webhooks()
        self.come_back(link, attempt)
        self.assert_paid_once(link, attempt)

    def test_webhook_after_return(self):
        link = self.make_link()
        attempt = self.pay(link)
        page = self.come_back(link, attempt)
        self.assertIn("Paid", page.text)
        self.env.invalidate_all()
        self.assert_paid_once(link, attempt)
        self.deliver_webhooks()
        self.assert_paid_once(link, attempt)

    def test_return_without_webhook(self):
        self.sandbox.webhooks.lose()
        self.addCleanup(self.sandbox.webhooks.clear)
        link = self.make_link()
        attempt = self.pay(link)
        self.come_back(link, attempt)
        self.env.invalidate_all()
        self.assert_paid_once(link, attempt)

    def test_neither_webhook_nor_return(self):
        self.sandbox.webhooks.lose()
        self.addCleanup(self.sandbox.webhooks.clear)
        link = self.make_link()
        attempt = self.pay(link)
        self.assertTrue(attempt.checkout_check_at)
        self.run_schedule("cron_sync_checkouts")
        self.assertEqual(attempt.state, "draft", "two minutes are not over")
        attempt.checkout_check_at = "2020-01-01"
        self.run_schedule("cron_sync_checkouts")
        self.assert_paid_once(link, attempt)
        self.assertFalse(attempt.checkout_check_at, "nothing more to ask")

    def test_repeated_and_reordered_webhooks(self):
        self.sandbox.webhooks.repeat(3)
        self.sandbox.webhooks.reorder("reverse")
        self.addCleanup(self.sandbox.webhooks.reorder, None)
        self.addCleanup(self.sandbox.webhooks.clear)
        link = self.make_link()
        attempt = self.pay(link)
        self.assertGreater(self.deliver_webhooks(), 3)
        self.assert_paid_once(link, attempt)

    def test_bank_debit_settles_later(self):
        eur = self.activate("EUR", 1.0)
        link = self.make_link(100, currency=eur)
        attempt = self.open_checkout(link)
        outcome = self.sandbox.customer.pay_by_bank(attempt.checkout_ref)
        self.assertEqual(outcome.status, "processing")
        self.deliver_webhooks()
        self.assertEqual((attempt.state, link.state), ("pending", "processing"))
        self.assertEqual(link.amount, 0, "what is in flight is not asked for again")
        page = self.open_page(link).text
        self.assertIn("on its way", page)
        self.assertNotIn("<button", page)
        self.sandbox.bank.settle(attempt.provider_reference)
        self.deliver_webhooks()
        self.assert_paid_once(link, attempt)

    def test_bank_debit_fails_and_the_customer_tries_again(self):
        eur = self.activate("EUR", 1.0)
        link = self.make_link(100, currency=eur)
        attempt = self.open_checkout(link)
        self.sandbox.customer.pay_by_bank(attempt.checkout_ref)
        self.deliver_webhooks()
        self.sandbox.bank.fail(attempt.provider_reference)
        self.deliver_webhooks()
        self.assertEqual((attempt.state, link.state), ("error", "active"))
        self.assertEqual(link.amount, 100)
        second = self.pay(link)
        self.assertNotEqual(second, attempt)
        self.deliver_webhooks()
        self.assert_paid_once(link, second)

    def test_bank_debit_survives_the_links_expiry(self):
        eur = self.activate("EUR", 1.0)
        link = self.make_link(100, currency=eur)
        attempt = self.open_checkout(link)
        self.sandbox.customer.pay_by_bank(attempt.checkout_ref)
        self.deliver_webhooks()
        self.expire_by_time(link)
        self.run_schedule("cron_expire_links")
        self.assertEqual(link.state, "processing")

    def test_the_ledger_holds_every_event_once(self):
        link = self.make_link()
        attempt = self.pay(link)
        deliveries = self.sandbox.webhooks.due()
        for delivery in deliveries * 2:
            path = "/" + delivery.url.split("/", 3)[3]
            answer = self.url_open(path, data=delivery.body, headers=delivery.headers)
            self.assertEqual(answer.status_code, 200)
        events = self.env["payment.link.event"].search([("transaction_id", "=", attempt.id)])
        refs = [json.loads(delivery.body)["id"] for delivery in deliveries]
        self.assertEqual(sorted(events.mapped("event_ref")), sorted(refs))
        self.assertEqual(set(events.mapped("state")), {"done"})

    def test_an_event_that_fails_is_tried_again(self):
        link = self.make_link()
        attempt = self.pay(link)
        self.sandbox.faults.add("refused", "GET", "*", times=None)
        with self.assertLogs("odoo.addons.serviceflow_paylinks", "WARNING"):
            self.deliver_webhooks()
        events = self.env["payment.link.event"].search([("transaction_id", "=", attempt.id)])
        self.assertEqual(set(events.mapped("state")), {"failed"})
        self.assertIn("APIConnectionError", events[0].error)
        self.sandbox.faults.clear()
        self.env.flush_all()
        self.env.cr.execute(
            "UPDATE payment_link_event SET write_date = write_date - interval '1 hour',"
            " create_date = create_date - interval '1 hour'"
        )
        self.env.invalidate_all()
        self.run_schedule("cron_sync_checkouts")
        self.assertEqual(set(events.mapped("state")), {"done"})
        self.assert_paid_once(link, attempt)

    def test_refund_or_dispute_at_stripe_calls_a_person(self):
        link = self.make_link()
        attempt = self.pay(link)
        self.deliver_webhooks()
        self.sandbox.dashboard.refund(attempt.provider_reference, 1000)
        self.deliver_webhooks()
        self.assertIn("Refund", self.activities(link).summary)
        self.sandbox.bank.open_dispute(attempt.provider_reference)
        self.deliver_webhooks()
        self.assertEqual(len(self.activities(link)), 2)

    def test_when_the_schedule_asks(self):
        """After 2 minutes, after 10, at expiry, then every hour; a bank debit every hour."""
        link = self.make_link()
        attempt = self.open_checkout(link)
        expires_at = attempt.checkout_expires_at
        opened, minute = attempt.create_date, timedelta(minutes=1)
        self.assertLess(abs(attempt.checkout_check_at - opened - 2 * minute), minute / 2)
        times = {
            2 * minute: opened + 10 * minute,
            10 * minute: expires_at,
            expires_at - opened + minute: expires_at + 61 * minute,
            expires_at - opened + 61 * minute: expires_at + 121 * minute,
        }
        checkout = attempt._get_processor().look_at_checkout(attempt.checkout_ref)
        for passed, expected in times.items():
            with (
                self.subTest(passed),
                patch.object(fields.Datetime, "now", lambda p=passed: opened + p),
            ):
                found = attempt._next_check(checkout)
                self.assertLess(abs(found - expected), minute / 2)
        with patch.object(fields.Datetime, "now", lambda: opened):
            found = attempt._next_check(replace(checkout, outcome="processing"))
        self.assertEqual(found, opened + 60 * minute)
