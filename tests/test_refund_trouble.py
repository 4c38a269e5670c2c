"""Refunds when Stripe is slow, down, or answers 500 after doing it, or Odoo dies meanwhile."""

from contextlib import suppress
from unittest.mock import patch

from odoo.addons.serviceflow_paylinks.models.payment_transaction_refund import (
    PaymentTransaction as RefundTransaction,
)
from odoo.exceptions import ConcurrencyError, UserError
from odoo.tools import mute_logger

from .refunds import RefundCase

LOGGER = "odoo.addons.serviceflow_paylinks"
REFUNDS = "/v1/refunds"


class Crash(Exception):
    """The process dies here."""


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

    def lose_the_race(self):
        """After Stripe's answer somebody else changes the rows first: once."""
        genuine, raced = RefundTransaction._apply_refunds, []

        def lose(tx, refunds):
            if not raced:
                raced.append(tx)
                raise ConcurrencyError("could not serialize access")
            return genuine(tx, refunds)

        return patch.object(RefundTransaction, "_apply_refunds", lose)

    def test_overtaken_after_it_was_made(self):
        """Odoo would run `action_refund` again, as another refund: customers got it twice."""
        link = self.paid_link()
        self.sandbox.webhooks.lose()
        with self.lose_the_race(), self.other_transaction() as env:
            link.transaction_ids.with_env(env).action_refund(30)
        self.assertEqual(len(self.stripe_refunds(link)), 1)
        self.run_sync()
        self.assert_refunded_once(link, 30)

    def test_the_dialog_run_again_does_not_refuse_what_it_has_done(self):
        """The books have taken the credit note over meanwhile: nothing is left to credit."""
        link = self.paid_link()
        with self.other_transaction() as env:
            wizard = self.fill(env, link, amount=100, choice="credit_note")
        with (
            self.lose_the_race(),
            suppress(ConcurrencyError),
            self.other_transaction() as env,
        ):
            wizard.with_env(env).action_refund()
        self.deliver_webhooks()
        self.assert_refunded_once(link, 100)
        with self.other_transaction() as env:
            told = wizard.with_env(env).action_refund()["params"]
        self.assertEqual(told["type"], "success")
        self.assert_refunded_once(link, 100)
        self.assertEqual(len(self.stripe_refunds(link)), 1)

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
            patch.object(
                RefundTransaction, "_create_payment", side_effect=ValueError("locked"), create=True
            ),
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
