"""Attempts that come to nothing: bounced bank debits, what is set aside, what test mode leaves."""

from datetime import timedelta
from unittest.mock import patch

from odoo import fields
from odoo.exceptions import UserError
from odoo.tools import mute_logger

from sandbox import Response

from .collecting import CollectCase
from .common import PaylinksCase

ASIDE = "odoo.addons.serviceflow_paylinks.models.payment_transaction_aside"
GIVEN_UP = "odoo.addons.serviceflow_paylinks.models.payment_transaction_given_up"
CONTROLLER = "odoo.addons.serviceflow_paylinks.controllers.pay"


def refuse(_sandbox, _method, _path, _body=b"", _headers=None):
    """Stripe's answer to a call that it will never do."""
    error = b'{"error": {"type": "invalid_request_error", "code": "parameter_invalid"}}'
    return Response(400, {"Content-Type": "application/json"}, error)


class GivenUpCase(PaylinksCase):
    def sync_now(self, attempt):
        attempt.checkout_check_at = fields.Datetime.now() - timedelta(minutes=1)
        self.run_schedule("cron_sync_checkouts")

    def look(self, attempt):
        """Ask Stripe, as a messenger does."""
        with self.other_transaction() as env:
            attempt.with_env(env)._look_at_checkout()
        self.env.invalidate_all()

    def calls_to_open(self):
        return [call for call in self.client.calls if call == ("POST", "/v1/checkout/sessions")]


class TestBounced(GivenUpCase):
    def setUp(self):
        super().setUp()
        self.link = self.make_link()
        self.attempt = self.open_checkout(self.link)
        self.sandbox.customer.pay_by_bank(self.attempt.checkout_ref)
        self.deliver_webhooks()
        self.assertEqual(self.link.state, "processing")

    def bounce(self):
        self.sandbox.bank.fail(self.attempt.provider_reference)
        self.deliver_webhooks()

    def test_staff_are_told(self):
        """The customer believes that it is paid: somebody has to say that it is not."""
        self.sandbox.webhooks.repeat(2)
        self.addCleanup(self.sandbox.webhooks.clear)
        self.bounce()
        self.assertEqual((self.attempt.state, self.link.state), ("error", "active"))
        activity = self.activities(self.link)
        self.assertEqual(activity.summary, f"Bank debit failed: {self.attempt.reference}")
        self.assertIn("send the link again", activity.note)

    def test_nobody_is_called_any_more_once_it_is_paid(self):
        self.bounce()
        self.pay(self.link)
        self.deliver_webhooks()
        self.assertEqual(self.link.state, "paid")
        self.assertFalse(self.activities(self.link))

    def test_a_declined_card_is_the_customers_affair(self):
        link = self.make_link()
        attempt = self.open_checkout(link)
        self.sandbox.customer.pay(attempt.checkout_ref, card="4000000000000002")
        self.deliver_webhooks()
        self.assertFalse(self.activities(link))


class TestGivenUpForGood(GivenUpCase):
    @mute_logger(GIVEN_UP)
    def test_what_stripe_refuses_is_not_asked_for_again(self):
        link = self.make_link()
        self.sandbox.faults.add("timeout", "POST", "/v1/checkout/sessions", times=None)
        with mute_logger(CONTROLLER):
            self.assertEqual(self.click_pay(link).status_code, 503)
        attempt = link.transaction_ids
        self.assertTrue(attempt.checkout_open, "nobody knows whether Stripe has it")
        self.sandbox.faults.clear()
        with patch.object(type(self.sandbox), "handle", refuse):
            self.sync_now(attempt)
        self.env.invalidate_all()
        self.assertEqual((attempt.state, attempt.checkout_open), ("error", False))
        self.assertFalse(attempt.checkout_check_at, "the schedule has nothing more to ask")
        self.client.calls.clear()
        self.look(attempt)
        self.assertFalse(self.calls_to_open(), "nobody would watch a page that is opened now")


class TestSetAside(GivenUpCase):
    def setUp(self):
        super().setUp()
        self.startPatcher(patch(f"{ASIDE}._logger.warning"))
        self.link = self.make_link(300)
        self.attempt = self.pay(self.link)
        session = self.sandbox.store.get("checkout.session", self.attempt.checkout_ref)
        session["amount_total"] -= 100
        self.deliver_webhooks()
        self.assertEqual(self.attempt.state, "draft")
        self.assertTrue(self.link.has_aside)

    @mute_logger(CONTROLLER)
    def test_nobody_pays_twice_meanwhile(self):
        calls = len(self.calls_to_open())
        page = self.open_page(self.link)
        self.assertIn("Please do not pay again", page.text)
        self.assertNotIn("<button", page.text)
        other = self.env["payment.link"].create(
            {"purpose": "invoice", "invoice_id": self.link.invoice_id.id, "amount": 100}
        )
        answer = self.click_pay(other)
        self.assertEqual(answer.status_code, 503)
        self.assertIn("please contact us", answer.text)
        self.assertFalse(self.activities(other), "staff know already")
        self.assertEqual(len(self.calls_to_open()), calls)

    def test_staff_are_called_once(self):
        self.activities(self.link).unlink()
        self.sync_now(self.attempt)
        self.assertFalse(self.activities(self.link), "somebody is at it already")

    def test_settled_by_hand(self):
        with self.other_transaction() as env:
            self.link.with_env(env).action_settle_by_hand()
        self.env.invalidate_all()
        self.assertEqual((self.attempt.state, self.attempt.checkout_open), ("cancel", False))
        self.assertFalse(self.link.has_aside)
        self.assertFalse(self.activities(self.link))
        self.assertIn("by hand", str(self.link.message_ids.mapped("body")))
        self.deliver_webhooks()
        self.look(self.attempt)
        self.assertFalse(self.payments(), "what staff have settled stays as it is")
        self.assertFalse(self.activities(self.link))
        self.pay(self.link)
        self.deliver_webhooks()
        self.assertEqual(self.link.state, "paid")
        with self.assertRaisesRegex(UserError, "is set aside"):
            self.link.action_settle_by_hand()

    def test_a_page_that_is_open_still_is_closed(self):
        link = self.make_link(300)
        attempt = self.open_checkout(link)
        session = self.sandbox.store.get("checkout.session", attempt.checkout_ref)
        session["amount_total"] -= 100
        self.look(attempt)
        with self.other_transaction() as env:
            link.with_env(env).action_settle_by_hand()
        self.assertEqual(session["status"], "expired")

    @mute_logger(CONTROLLER)
    def test_nobody_has_heard_of_it_and_it_does_not_fit(self):
        """Its address was never told to us, so there is nothing to close: no error, a person."""
        link = self.make_link(300)
        create = ("POST", "/v1/checkout/sessions")
        self.sandbox.faults.add("timeout", *create, after_effect=True, times=3)
        self.assertEqual(self.click_pay(link).status_code, 503)
        self.open_sessions()[0]["amount_total"] -= 100
        self.pay_by_bank_transfer(link.invoice_id, 50)
        self.assertEqual(self.click_pay(link).status_code, 503)
        self.assertIn("is being checked", self.open_page(link).text)
        self.assertTrue(link.has_aside)
        with self.other_transaction() as env:
            link.with_env(env).action_settle_by_hand()
        self.assertFalse(self.open_sessions(), "its page is found and closed")

    def test_it_fits_after_all(self):
        session = self.sandbox.store.get("checkout.session", self.attempt.checkout_ref)
        session["amount_total"] += 100
        self.sync_now(self.attempt)
        self.assertEqual(self.link.state, "paid")
        self.assertFalse(self.link.has_aside)
        self.assertFalse(self.activities(self.link))


class TestTestModeIsOver(GivenUpCase):
    def setUp(self):
        super().setUp()
        self.startPatcher(patch(f"{GIVEN_UP}._logger.warning"))
        self.link = self.make_link()
        self.attempt = self.open_checkout(self.link)

    def go_live(self):
        self.provider.write(
            {
                "state": "enabled",
                "stripe_secret_key": "sk_live_4eC39HqLyjWDarjtT1zdp7dc",
                "stripe_publishable_key": "pk_live_TYooMQauvdEDq54NiTphI7jx",
            }
        )

    def test_the_customer_is_not_sent_to_the_test_page(self):
        self.go_live()
        link = self.link.sudo()
        self.assertFalse(link._get_open_attempts())
        self.assertEqual((self.attempt.state, self.attempt.checkout_open), ("error", False))
        self.assertFalse(self.activities(self.link))

    def test_a_test_debit_is_not_on_its_way_for_ever(self):
        self.sandbox.customer.pay_by_bank(self.attempt.checkout_ref)
        self.deliver_webhooks()
        self.assertEqual(self.link.state, "processing")
        self.go_live()
        self.sync_now(self.attempt)
        self.assertEqual((self.attempt.state, self.link.state), ("error", "active"))
        self.assertFalse(self.activities(self.link))


class TestCollectRefused(CollectCase):
    def test_the_clerk_is_told_and_the_attempt_is_over(self):
        """A dialog's error rolls back what it did, but not what became of the attempt."""
        wizard = self.collect(self.make_invoice())
        with (
            mute_logger(GIVEN_UP),
            mute_logger("odoo.addons.serviceflow_paylinks.wizards.payment_link_generate_collect"),
            patch.object(type(self.sandbox), "handle", refuse),
            self.assertRaisesRegex(UserError, "Nothing was charged"),
        ):
            self.press(wizard, "action_take_card")
        self.env.invalidate_all()
        attempt = wizard.sudo().invoice_ids.payment_link_ids.transaction_ids
        self.assertEqual((attempt.state, attempt.checkout_open), ("error", False))
