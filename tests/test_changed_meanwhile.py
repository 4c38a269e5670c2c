"""What changes between the click and the money: keys, modes, currencies, customers, addresses."""

from unittest.mock import patch

from odoo import Command, fields
from odoo.addons.account_payment.models.payment_transaction import (
    PaymentTransaction as AccountPaymentTransaction,
)
from odoo.exceptions import UserError
from odoo.tests import new_test_user
from odoo.tools import mute_logger

from .common import DECLINED, PaylinksCase

MODELS = "odoo.addons.serviceflow_paylinks.models"
CHECKOUT = f"{MODELS}.payment_transaction_checkout"


class TestChangedMeanwhile(PaylinksCase):
    def sync_now(self, attempt):
        attempt.checkout_check_at = "2020-01-01"
        with mute_logger(CHECKOUT):
            self.run_schedule("cron_sync_checkouts")

    def deliver_but_fail_to_book(self):
        failing = patch.object(
            AccountPaymentTransaction, "_create_payment", side_effect=ValueError("locked")
        )
        with failing, mute_logger(CHECKOUT):
            self.deliver_webhooks()

    def stock_attempt(self, invoice, amount, state="pending"):
        """An attempt on stock Odoo's own invoice page."""
        return self.env["payment.transaction"].create(
            {
                "provider_id": self.provider.id,
                "payment_method_id": self.provider._paylinks_payment_method().id,
                "reference": f"portal-{invoice.id}-{amount}",
                "amount": amount,
                "currency_id": self.usd.id,
                "partner_id": self.customer.id,
                "operation": "online_direct",
                "state": state,
                "invoice_ids": [Command.link(invoice.id)],
            }
        )

    def test_keys_of_another_account(self):
        """The account does not know the session: nothing is given up, a person is told."""
        link = self.make_link()
        attempt = self.pay(link)
        self.sandbox.webhooks.clear()
        with patch.object(type(self.sandbox), "handle", self._unknown_sessions):
            self.sync_now(attempt)
        self.assertEqual(attempt.state, "draft")
        self.assertTrue(attempt.checkout_check_at)
        self.assertEqual(len(self.activities(link)), 1)
        self.sync_now(attempt)
        self.assertEqual(link.state, "paid", "the right keys are back")
        self.assert_booked_once(100)

    @staticmethod
    def _unknown_sessions(sandbox, method, path, body=b"", headers=None):
        from sandbox import Response

        error = b'{"error": {"type": "invalid_request_error", "code": "resource_missing"}}'
        return Response(404, {"Content-Type": "application/json"}, error)

    def test_live_attempt_while_the_provider_is_in_test_mode(self):
        link = self.make_link()
        attempt = self.pay(link)
        attempt.is_live = True
        self.client.calls.clear()
        self.sync_now(attempt)
        self.assertFalse(self.client.calls, "a test account is not asked about live money")
        self.assertEqual(attempt.state, "draft")
        self.assertTrue(attempt.checkout_check_at)

    def test_currency_of_the_invoice_changes(self):
        link = self.make_link(100)
        attempt = self.open_checkout(link)
        eur = self.activate("EUR", 0.8)
        link.invoice_id.button_draft()
        link.invoice_id.currency_id = eur
        link.invoice_id.action_post()
        self.assertEqual((link.state, link.cancel_reason), ("cancelled", "document"))
        self.assertTrue(attempt.checkout_close)
        self.assertEqual(link.invoice_id.generate_payment_links().currency_id, eur)

    def test_customer_of_the_invoice_changes(self):
        link = self.make_link(100)
        link.invoice_id.button_draft()
        link.invoice_id.partner_id = self.env["res.partner"].create({"name": "Somebody Else"})
        link.invoice_id.action_post()
        self.assertEqual(link.state, "cancelled")
        self.assertEqual(self.open_page(link).status_code, 404)

    def test_money_in_flight_elsewhere_does_not_settle_a_link(self):
        link = self.make_link(100)
        attempt = self.open_checkout(link)
        other = self.stock_attempt(link.invoice_id, 100)
        self.sandbox.dashboard.expire(attempt.checkout_ref)
        self.deliver_webhooks()
        self.assertEqual((attempt.state, link.state, link.amount), ("cancel", "active", 0))
        other._set_error("refused")
        link.invalidate_recordset()
        self.assertEqual((link.state, link.amount), ("active", 100))

    def test_link_that_would_come_back_beside_a_newer_one_is_replaced(self):
        link = self.make_link(100)
        self.pay_by_bank_transfer(link.invoice_id)
        self.assertEqual(link.state, "settled")
        link.invoice_id.line_ids.remove_move_reconcile()
        self.expire_by_time(link)
        self.run_schedule("cron_expire_links")
        newer = link.invoice_id.generate_payment_links()
        self.env.flush_all()
        self.env.cr.execute("UPDATE payment_link SET expires_at = NULL WHERE id = %s", [link.id])
        link.invalidate_recordset()
        self.pay_by_bank_transfer(link.invoice_id, 10)
        self.assertEqual((link.state, link.cancel_reason), ("cancelled", "replaced"))
        self.assertEqual((newer.state, newer.amount), ("active", 90))

    def test_open_session_that_became_stale_unnoticed_is_closed(self):
        link = self.make_link(100)
        attempt = self.open_checkout(link)
        self.pay_by_bank_transfer(link.invoice_id, 60)
        attempt.checkout_close = False  # As if the payment had been registered by an import.
        self.sync_now(attempt)
        self.assertEqual(attempt.state, "cancel")
        self.assertFalse(self.open_sessions())

    def test_a_message_does_not_put_the_closing_off(self):
        """The bank refused on the open page, and Stripe says so after the link was deleted."""
        link = self.make_link()
        attempt = self.open_checkout(link)
        self.sandbox.customer.pay(attempt.checkout_ref, card=DECLINED)
        link.cancel()
        self.deliver_webhooks()
        self.assertTrue(attempt.checkout_close)
        self.run_schedule("cron_sync_checkouts")
        self.assertFalse(self.open_sessions(), "the page can still be paid")

    def test_draft_is_not_confirmed_by_a_late_booking(self):
        link = self.make_link()
        attempt = self.pay(link)
        self.deliver_but_fail_to_book()
        self.assertEqual(link.state, "processing", "paid, but not booked")
        link.invoice_id.button_draft()
        self.sync_now(attempt)
        self.assertEqual(link.invoice_id.state, "draft")
        self.assert_booked_once(100)
        self.assertIn("draft", self.activities(link).note)

    def test_surplus_of_a_late_booking_is_told(self):
        link = self.make_link()
        attempt = self.pay(link)
        self.deliver_but_fail_to_book()
        self.assertIn("not booked", self.activities(link).summary)
        self.pay_by_bank_transfer(link.invoice_id)
        self.sync_now(attempt)
        self.assert_booked_once(100)
        self.assertEqual(len(self.activities(link)), 1, "the first has mended itself")
        self.assertIn("to be assigned", self.activities(link).summary)

    def test_every_late_payment_is_told(self):
        link = self.make_custom_link(50)
        first = self.open_checkout(link)
        link.cancel()
        self.sandbox.customer.pay(first.checkout_ref)
        self.deliver_webhooks()
        other = self.make_custom_link(60)
        second = self.open_checkout(other)
        second.payment_link_id = link
        self.sandbox.customer.pay(second.checkout_ref)
        self.deliver_webhooks()
        self.assertEqual(len(self.activities(link)), 2)

    def test_failed_attempt_whose_debit_is_on_its_way_after_all(self):
        eur = self.activate("EUR", 1.0)
        link = self.make_link(100, currency=eur)
        attempt = self.open_checkout(link)
        attempt._set_error("something")
        self.sandbox.customer.pay_by_bank(attempt.checkout_ref)
        self.deliver_webhooks()
        self.assertEqual((attempt.state, link.state, link.amount), ("pending", "processing", 0))

    def test_replaced_address_closes_the_page_that_leads_to_the_old_one(self):
        link = self.make_link()
        first = self.open_checkout(link)
        link.rotate_token()
        self.assertTrue(first.checkout_close)
        second = self.open_checkout(link)
        self.assertNotEqual(first, second)
        session = self.sandbox.store.get("checkout.session", second.checkout_ref)
        self.assertIn(link.token, session["success_url"])
        self.assertNotIn(link.token, str(second.checkout_request), "told to Stripe, kept nowhere")

    def test_paid_while_the_address_is_replaced(self):
        """Nobody's return and no webhook tell: the schedule looks, at once."""
        link = self.make_link()
        attempt = self.pay(link)
        self.sandbox.webhooks.clear()
        old = self.path(link, f"/return?session_id={attempt.checkout_ref}")
        link.rotate_token()
        self.assertEqual(self.url_open(old).status_code, 404, "as any unknown address")
        self.assertLessEqual(attempt.checkout_check_at, fields.Datetime.now())
        self.run_schedule("cron_sync_checkouts")
        self.assert_booked_once(100)
        self.assertEqual(link.state, "paid")

    def test_customer_with_a_malformed_address_can_pay(self):
        self.customer.email = "n/a"
        link = self.make_link()
        self.assertFalse(link.email)
        self.pay(link)
        self.deliver_webhooks()
        self.assertEqual(link.state, "paid")

    def test_attempt_is_named_after_its_document(self):
        link = self.make_link()
        attempt = self.open_checkout(link)
        self.assertTrue(attempt.reference.startswith(link.invoice_id.name))
        custom = self.make_custom_link()
        self.assertTrue(self.open_checkout(custom).reference.startswith(custom.name))

    def test_link_past_its_time_is_not_handed_out_again(self):
        link = self.make_link()
        self.expire_by_time(link)
        with self.assertRaisesRegex(UserError, "can no longer be paid"):
            link.send_by_email()
        newer = link.invoice_id.generate_payment_links()
        self.assertNotEqual(newer, link)
        self.assertEqual((link.state, newer.state), ("expired", "active"))

    def test_discount_that_cannot_be_charged_exactly_is_not_offered(self):
        kwd = self.activate("KWD", 0.3)
        term = self.env["account.payment.term"].create(
            {
                "name": "2% 10",
                "early_discount": True,
                "discount_percentage": 2,
                "discount_days": 10,
                "line_ids": [Command.create({"value": "percent", "value_amount": 100})],
            }
        )
        link = self.make_link(12.34, currency=kwd, term=term)
        self.assertEqual(link.amount, 12.34)

    def test_history_says_how_it_was_paid(self):
        link = self.make_link()
        attempt = self.pay(link)
        self.deliver_webhooks()
        bodies = " ".join(link.message_ids.mapped("body"))
        self.assertIn(f"Paid: payment {attempt.reference}", bodies)

    def test_webhook_that_runs_again_keeps_its_body(self):
        from psycopg2.errors import SerializationFailure

        link = self.make_link()
        self.pay(link)
        failures = [SerializationFailure("could not serialize access")]
        plain = type(self.env["payment.link.event"])._process

        def fail_once(event):
            if failures:
                raise failures.pop()
            return plain(event)

        with (
            patch.object(type(self.env["payment.link.event"]), "_process", fail_once),
            patch("odoo.service.model.PG_CONCURRENCY_EXCEPTIONS_TO_RETRY", (SerializationFailure,)),
            patch("odoo.service.model.errorcodes.lookup", lambda code: "SERIALIZATION_FAILURE"),
            patch("odoo.service.model.time.sleep"),
        ):
            self.deliver_webhooks()
        self.assertFalse(failures)
        self.assertFalse(self.sandbox.webhooks.queue, "all were answered with 200")
        self.assertEqual(link.state, "paid")


class TestWhoMaySee(PaylinksCase):
    def test_every_group_can_open_the_form(self):
        link = self.make_link()
        self.open_checkout(link)
        for group in ("view", "create", "manage"):
            user = new_test_user(
                self.env, f"form_{group}", f"serviceflow_paylinks.group_payments_{group}"
            )
            with self.subTest(group):
                view = self.env["payment.link"].with_user(user).get_view(view_type="form")
                names = list(view["models"]["payment.link"])
                spec = {name: {} for name in names}
                spec["transaction_ids"] = {"fields": {"reference": {}, "state": {}}}
                [record] = link.with_user(user).web_read(spec)
                self.assertEqual(len(record["transaction_ids"]), 1)

    def test_create_right_does_not_open_the_ledger(self):
        clerk = new_test_user(self.env, "ledger", "serviceflow_paylinks.group_payments_create")
        entry = self.env["account.move"].create({"move_type": "entry"})
        moves = self.env["account.move"].with_user(clerk)
        self.assertFalse(moves.search([("id", "=", entry.id)]))
        self.assertTrue(moves.search([("id", "=", self.make_invoice().id)]))

    def test_defaults_in_the_context_do_not_slip_past(self):
        clerk = new_test_user(self.env, "context", "serviceflow_paylinks.group_payments_create")
        links = self.env["payment.link"].with_user(clerk)
        link = links.with_context(
            default_state="paid", default_paid_at=fields.Datetime.now(), default_open_count=9
        ).create({"purpose": "custom", "partner_id": self.customer.id, "amount": 5})
        self.assertEqual((link.state, link.paid_at, link.open_count), ("active", False, 0))

    def test_customers_of_another_company(self):
        other = self.env["res.company"].create({"name": "Other Ltd"})
        partner = self.env["res.partner"].create({"name": "Theirs", "company_id": other.id})
        with self.assertRaisesRegex(UserError, "customer of Other Ltd only"):
            self.make_custom_link(partner_id=partner.id)
