"""A saved card was charged and nobody knows how it ended."""

from odoo.addons.serviceflow_paylinks.exceptions import FinalError
from odoo.exceptions import UserError
from odoo.tools import mute_logger

from .collecting import CollectCase

INTENTS = "/v1/payment_intents"
MODULE = "odoo.addons.serviceflow_paylinks"


class TestLostAnswer(CollectCase):
    def lose_answer(self, kind="timeout", after_effect=True):
        self.sandbox.faults.add(kind, "POST", INTENTS, times=None, after_effect=after_effect)

    def let_time_pass(self, attempt, minutes):
        self.env.flush_all()
        self.env.cr.execute(
            "UPDATE payment_transaction SET create_date = create_date - %s * interval '1 minute',"
            " checkout_check_at = checkout_check_at - %s * interval '1 minute' WHERE id = %s",
            [minutes, minutes, attempt.id],
        )
        self.env.invalidate_all()

    def charge_unheard(self, **lost):
        """Charge; the answer never comes: return (token, wizard, attempt)."""
        token = self.save_card()
        wizard = self.collect(self.make_invoice(100))
        self.lose_answer(**lost)
        self.press(wizard, "action_charge")
        self.sandbox.faults.clear()
        attempt = wizard.link_id.transaction_ids
        self.assertEqual(wizard.payment_state, "unknown")
        self.assertIn("not known yet whether the card was charged", wizard.payment_message)
        self.assertEqual((attempt.state, attempt.checkout_ref), ("draft", False))
        return token, wizard, attempt

    def test_lost_answer_is_found_by_the_schedule(self):
        """As well as a crash between Stripe's yes and our commit: the attempt was committed."""
        for lost in ({"kind": "timeout"}, {"kind": "reset"}, {"kind": "error"}):
            with self.subTest(lost):
                token, wizard, attempt = self.charge_unheard(**lost)
                self.sandbox.webhooks.clear()
                self.client.calls.clear()
                self.let_time_pass(attempt, 3)
                self.run_schedule("cron_sync_checkouts")
                self.assertEqual(attempt.state, "done")
                self.assertEqual(wizard.payment_state, "paid")
                self.assertEqual(self.charges(token), [10000])
                posts = [call for call in self.client.calls if call == ("POST", INTENTS)]
                self.assertFalse(posts, "the schedule looks, it never charges")

    def test_lost_answer_is_brought_by_the_webhook(self):
        token, wizard, attempt = self.charge_unheard()
        self.deliver_webhooks()
        self.assertEqual((attempt.state, wizard.payment_state), ("done", "paid"))
        self.assertEqual(self.charges(token), [10000])
        self.assert_booked_once(100)

    def test_lost_answer_and_pressed_again(self):
        token, wizard, attempt = self.charge_unheard()
        self.press(wizard, "action_charge")
        self.assertEqual(wizard.payment_state, "paid")
        self.assertEqual(wizard.link_id.transaction_ids, attempt)
        self.assertEqual(self.charges(token), [10000])

    def test_lost_answer_and_the_clerk_looks_again(self):
        token, wizard, _attempt = self.charge_unheard()
        self.press(wizard, "action_refresh")
        self.assertEqual(wizard.payment_state, "paid")
        self.assertEqual(self.charges(token), [10000])

    def test_lost_request_is_given_up_and_never_sent_by_itself(self):
        token, wizard, attempt = self.charge_unheard(after_effect=False)
        self.let_time_pass(attempt, 3)
        self.run_schedule("cron_sync_checkouts")
        self.assertEqual(attempt.state, "draft", "too early to be sure")
        with (
            self.assertRaisesRegex(UserError, "does not say yet"),
            mute_logger(f"{MODULE}.wizards"),
        ):
            self.press(wizard, "action_refresh")
        self.let_time_pass(attempt, 20)
        with self.assertLogs(MODULE, "WARNING"):
            self.run_schedule("cron_sync_checkouts")
        self.assertEqual(attempt.state, "error")
        self.assertEqual(wizard.payment_state, "failed")
        self.assertIn("never reached Stripe", wizard.payment_message)
        self.assertFalse(self.charges(token))
        self.press(wizard, "action_back")
        self.press(wizard, "action_charge")
        self.assertEqual(self.charges(token), [10000])

    def test_no_other_payment_while_nobody_knows(self):
        token, wizard, _attempt = self.charge_unheard(after_effect=False)
        other = self.save_card()
        second = self.collect(wizard.invoice_ids, card_id=other.id)
        with self.assertRaisesRegex(UserError, "Another payment of this is under way"):
            self.press(second, "action_charge")
        with self.assertLogs(MODULE, "WARNING"):
            page = self.click_pay(wizard.link_id)
        self.assertEqual(page.status_code, 503)
        self.assertIn("Another payment is under way", page.text)
        self.assertFalse(self.activities(wizard.link_id))
        self.assertFalse(self.charges(token) + self.charges(other))

    def test_old_call_is_not_repeated(self):
        """Stripe forgets keys: an old call made again would be a second charge."""
        token, wizard, attempt = self.charge_unheard()
        self.let_time_pass(attempt, 60 * 30)
        self.client.calls.clear()
        self.press(wizard, "action_charge")
        self.assertNotIn(("POST", INTENTS), self.client.calls)
        self.assertEqual(wizard.payment_state, "paid")
        self.assertEqual(self.charges(token), [10000])

    def test_stripe_busy_then_free(self):
        token = self.save_card()
        wizard = self.collect(self.make_invoice(100))
        self.sandbox.faults.add("rate_limit", "POST", INTENTS, times=None)
        self.press(wizard, "action_charge")
        self.assertEqual(wizard.payment_state, "unknown")
        self.assertIn("busy", wizard.payment_message)
        self.sandbox.faults.clear()
        self.press(wizard, "action_charge")
        self.assertEqual(self.charges(token), [10000])

    def test_money_that_comes_after_it_was_given_up_is_booked(self):
        """Stripe answers after all, to an attempt that failed: invariant 1."""
        token, _wizard, attempt = self.charge_unheard()
        with mute_logger(f"{MODULE}.models.payment_transaction_given_up"):
            attempt._fail_checkout(FinalError("given up"))
        self.assertEqual(attempt.state, "error")
        self.deliver_webhooks()
        self.assertEqual(attempt.state, "done")
        self.assertEqual(self.charges(token), [10000])
        self.assert_booked_once(100)

    def test_charge_that_does_not_fit_is_set_aside(self):
        _token, wizard, attempt = self.charge_unheard()
        [intent] = self.intents()[:1]
        intent["amount"] = 1
        self.let_time_pass(attempt, 3)
        with self.assertLogs(MODULE, "WARNING") as logs:
            self.run_schedule("cron_sync_checkouts")
        self.assertEqual(len(logs.output), 1)
        self.assertEqual(attempt.state, "draft")
        self.assertIn("amount", self.activities(wizard.link_id).note)
