"""Invariants 2 to 6: what a click opens, what it closes, and what it asks for."""

from unittest.mock import patch

from odoo import Command, fields
from odoo.addons.serviceflow_paylinks.models.payment_transaction_checkout import (
    PaymentTransaction as CheckoutTransaction,
)
from odoo.tests.test_cursor import TestCursor
from psycopg2.errors import SerializationFailure

from .common import PaylinksCase


class TestClick(PaylinksCase):
    def test_get_has_no_effect_at_the_processor(self):
        link = self.make_link()
        before = dict(self.open_page(link).headers)
        for method in ("GET", "HEAD"):
            self.url_open(self.path(link), method=method)
        self.assertFalse(self.client.calls)
        self.assertFalse(link.transaction_ids)
        self.assertEqual(before["Referrer-Policy"], "no-referrer")
        self.assertEqual(before["Cache-Control"], "no-store")

    def test_post_without_the_pages_token_is_refused(self):
        link = self.make_link()
        answer = self.url_open(self.path(link, "/checkout"), data={"a": "b"})
        self.assertEqual(answer.status_code, 400)
        self.assertFalse(self.client.calls)

    def test_double_click_gives_the_same_session(self):
        link = self.make_link()
        first = self.click_pay(link).headers["Location"]
        second = self.click_pay(link).headers["Location"]
        self.assertEqual(first, second)
        self.assertEqual(len(link.transaction_ids), 1)
        self.assertEqual(len(self.open_sessions()), 1)

    def test_changed_amount_closes_the_older_session_first(self):
        link = self.make_link()
        first = self.open_checkout(link)
        self.pay_by_bank_transfer(link.invoice_id, 30)
        second = self.open_checkout(link)
        self.assertNotEqual(first, second)
        self.assertEqual((first.state, first.checkout_open), ("cancel", False))
        self.assertEqual(second.checkout_request["amount"], 7000)
        self.assertEqual([s["id"] for s in self.open_sessions()], [second.checkout_ref])

    def test_two_links_of_one_invoice_never_have_two_open_sessions(self):
        link = self.make_link()
        part = self.env["payment.link"].create(
            {"invoice_id": link.invoice_id.id, "amount": 40, "purpose": "invoice"}
        )
        first = self.open_checkout(link)
        second = self.open_checkout(part)
        self.assertFalse(first.checkout_open)
        self.assertTrue(second.checkout_open)
        self.assertEqual([s["id"] for s in self.open_sessions()], [second.checkout_ref])

    def test_click_in_another_language_gets_a_page_in_it(self):
        """The older page is closed at Stripe; a click in the same language gets the same one."""
        for code in ("fr_FR", "nl_NL"):
            self.env["res.lang"]._activate_lang(code)
        self.customer.lang = False
        link = self.make_link()
        attempts = []
        for wanted in ("fr", "fr-BE", "nl"):
            self.opener.headers["Accept-Language"] = wanted
            attempts.append(self.open_checkout(link))
            [opened] = self.open_sessions()
            self.assertEqual(opened["locale"], wanted[:2])
        french, same, dutch = attempts
        self.assertEqual(french, same)
        self.assertEqual((french.state, dutch.checkout_open), ("cancel", True))
        self.assertFalse(dutch._is_stale(), "nor does the schedule mind the language")

    def test_older_session_that_was_paid_is_not_paid_again(self):
        link = self.make_link()
        part = self.env["payment.link"].create(
            {"invoice_id": link.invoice_id.id, "amount": 40, "purpose": "invoice"}
        )
        self.pay(link)
        self.sandbox.webhooks.clear()
        answer = self.click_pay(part)
        self.assertEqual(answer.status_code, 303)
        self.assertIn("/pay/", answer.headers["Location"], "back to our page: it is paid")
        self.env.invalidate_all()
        self.assert_booked_once(100)
        self.assertEqual((link.state, part.state), ("paid", "settled"))

    def test_the_index_alone_keeps_a_second_attempt_out(self):
        link = self.make_link()
        attempt = self.open_checkout(link)
        with (
            self.assertRaisesRegex(Exception, "checkout_scope"),
            self.env.cr.savepoint(),
        ):
            self.env.cr.execute(
                "INSERT INTO payment_transaction (provider_id, payment_method_id, reference,"
                " amount, currency_id, state, partner_id, checkout_scope, checkout_open)"
                " SELECT provider_id, payment_method_id, 'x', amount, currency_id, 'draft',"
                " partner_id, checkout_scope, true FROM payment_transaction WHERE id = %s",
                [attempt.id],
            )

    def test_attempt_is_committed_before_the_call(self):
        """With its parameters and its key: seen in the database at the last commit before it."""
        link = self.make_link()
        commit, handle = TestCursor.commit, type(self.sandbox).handle
        committed, at_the_call = [], []

        def note_commit(cr):
            commit(cr)
            cr.execute(
                "SELECT checkout_key, checkout_request FROM payment_transaction"
                " WHERE payment_link_id = %s",
                [link.id],
            )
            committed[:] = cr.fetchall()

        def note_call(sandbox, method, path, *args):
            if (method.upper(), path) == ("POST", "/v1/checkout/sessions"):
                at_the_call.extend(committed)
            return handle(sandbox, method, path, *args)

        with (
            patch.object(TestCursor, "commit", note_commit),
            patch.object(type(self.sandbox), "handle", note_call),
        ):
            self.click_pay(link)
        [(key, request)] = at_the_call
        self.assertTrue(key)
        self.assertEqual(request["amount"], 10000)

    def test_a_request_that_runs_again_repeats_the_call(self):
        """A serialization failure after Stripe answered: Odoo runs the request once more."""
        link = self.make_link()
        plain = CheckoutTransaction._apply_checkout
        failures = [SerializationFailure("could not serialize access")]

        def fail_once(attempt, checkout):
            if failures:
                raise failures.pop()
            return plain(attempt, checkout)

        with (
            patch.object(CheckoutTransaction, "_apply_checkout", fail_once),
            patch("odoo.service.model.PG_CONCURRENCY_EXCEPTIONS_TO_RETRY", (SerializationFailure,)),
            patch("odoo.service.model.errorcodes.lookup", lambda code: "SERIALIZATION_FAILURE"),
            patch("odoo.service.model.time.sleep"),
        ):
            answer = self.click_pay(link)
        self.assertFalse(failures)
        self.assertEqual(answer.status_code, 303)
        self.env.invalidate_all()
        self.assertEqual(len(link.transaction_ids), 1)
        self.assertEqual(len(self.open_sessions()), 1)
        posts = [call for call in self.client.calls if call == ("POST", "/v1/checkout/sessions")]
        self.assertEqual(len(posts), 2, "the same call twice")

    def test_stripe_unreachable(self):
        link = self.make_link()
        self.sandbox.faults.add("refused", "POST", "*", times=None)
        with self.assertLogs("odoo.addons.serviceflow_paylinks", "WARNING") as logs:
            answer = self.click_pay(link)
        self.assertEqual(answer.status_code, 503)
        self.assertIn("Nothing was charged", answer.text)
        self.assertNotIn(link.token, "".join(logs.output))
        self.assertEqual(len(self.client.calls), 3, "one try and two retries")
        self.sandbox.faults.clear()
        attempt = self.open_checkout(link)
        self.assertEqual(link.transaction_ids, attempt, "the same attempt, the same key")

    def test_stripe_answers_500_after_doing_it(self):
        """The key remembers the 500, so the page that it opened is looked for: no second one."""
        link, before = self.make_link(), len(self.sessions())
        self.sandbox.faults.add("error", "POST", "/v1/checkout/sessions", after_effect=True)
        self.assertEqual(self.click_pay(link).status_code, 303)
        attempt = self.pay(link)
        self.assertEqual(link.transaction_ids, attempt)
        self.assertEqual(len(self.sessions()), before + 1)
        self.deliver_webhooks()
        self.assertEqual(attempt.state, "done")
        self.assertEqual(link.state, "paid")

    def test_answer_lost_after_stripe_did_it(self):
        link = self.make_link()
        self.sandbox.faults.add(
            "timeout", "POST", "/v1/checkout/sessions", times=None, after_effect=True
        )
        with self.assertLogs("odoo.addons.serviceflow_paylinks", "WARNING"):
            self.assertEqual(self.click_pay(link).status_code, 503)
        self.assertFalse(link.transaction_ids.checkout_ref)
        self.sandbox.faults.clear()
        attempt = self.open_checkout(link)
        self.assertEqual(len(self.open_sessions()), 1, "the same session was found again")
        self.assertTrue(attempt.checkout_ref)

    def test_lost_answer_and_no_second_click(self):
        """Nobody has the page's address: the schedule finds the session and closes what expired."""
        link = self.make_link()
        self.sandbox.faults.add(
            "timeout", "POST", "/v1/checkout/sessions", times=None, after_effect=True
        )
        with self.assertLogs("odoo.addons.serviceflow_paylinks", "WARNING"):
            self.click_pay(link)
        self.sandbox.faults.clear()
        self.env.invalidate_all()
        link.cancel()
        self.run_schedule("cron_sync_checkouts")
        self.assertFalse(self.open_sessions())
        self.assertEqual(link.transaction_ids.state, "cancel")

    def test_key_rejected(self):
        link = self.make_link()
        self.provider.stripe_secret_key = "sk_test_"
        self.sandbox.faults.add("forbidden", "POST", "*", times=None)
        with self.assertLogs("odoo.addons.serviceflow_paylinks", "WARNING"):
            answer = self.click_pay(link)
        self.assertIn("not available at the moment. Nothing was charged", answer.text)
        self.assertIn("rejected the key", self.activities(link).note, "staff can mend it")

    def test_not_connected_any_more(self):
        link = self.make_link()
        self.provider.state = "disabled"
        with self.assertLogs("odoo.addons.serviceflow_paylinks", "WARNING"):
            answer = self.click_pay(link)
        self.assertEqual(answer.status_code, 503)
        self.assertIn("Nothing was charged", answer.text)
        self.assertIn("Stripe is not connected", self.activities(link).note)

    def test_nothing_is_called_inside_the_documents_transaction(self):
        link = self.make_link()
        attempt = self.open_checkout(link)
        self.client.calls.clear()
        self.pay_by_bank_transfer(link.invoice_id, 30)
        self.assertTrue(attempt.checkout_close)
        link.invoice_id.button_draft()
        link.invoice_id.action_post()
        link.cancel()
        self.assertFalse(self.client.calls)
        self.run_schedule("cron_sync_checkouts")
        self.assertIn(
            ("POST", f"/v1/checkout/sessions/{attempt.checkout_ref}/expire"), self.client.calls
        )
        self.assertFalse(self.open_sessions())
        self.assertEqual(attempt.state, "cancel")

    def test_closing_what_was_completed_books_it(self):
        link = self.make_link()
        attempt = self.pay(link)
        self.sandbox.webhooks.clear()
        self.pay_by_bank_transfer(link.invoice_id)
        self.run_schedule("cron_sync_checkouts")
        self.assertEqual(attempt.state, "done")
        self.assert_booked_once(100)
        self.assertEqual(len(self.activities(link)), 1)

    def test_session_never_outlives_its_link_by_more_than_stripe_demands(self):
        link = self.make_custom_link(expires_at=fields.Datetime.add(fields.Datetime.now(), hours=2))
        attempt = self.open_checkout(link)
        self.assertAlmostEqual(
            attempt.checkout_expires_at.timestamp(), link.expires_at.timestamp(), delta=2
        )
        forever = self.make_custom_link(expires_at=False)
        lifetime = self.open_checkout(forever).checkout_expires_at - fields.Datetime.now()
        self.assertLess(lifetime.total_seconds(), 24 * 3600)

    def test_session_about_to_close_is_not_reused(self):
        link = self.make_link()
        first = self.open_checkout(link)
        first.checkout_expires_at = fields.Datetime.add(fields.Datetime.now(), minutes=5)
        second = self.open_checkout(link)
        self.assertNotEqual(first, second)
        self.assertEqual(len(self.open_sessions()), 1)

    def test_the_payers_own_account_does_not_become_the_customer(self):
        link = self.make_link()
        self.authenticate("admin", "admin")
        attempt = self.open_checkout(link)
        self.assertEqual(attempt.partner_id, self.customer)

    def test_what_stripe_is_asked(self):
        """Exactly the parameters of the design: Stripe's page in the customer's language."""
        self.env["res.lang"]._activate_lang("fr_FR")
        self.customer.lang = "fr_FR"
        link = self.make_link(99.5)
        attempt = self.open_checkout(link)
        session = self.sandbox.store.get("checkout.session", attempt.checkout_ref)
        self.assertEqual(session["amount_total"], 9950)
        self.assertEqual(session["currency"], "usd")
        self.assertEqual(session["locale"], "fr")
        self.assertEqual(session["client_reference_id"], attempt.reference)
        self.assertEqual(session["customer_email"], "ada@example.com")
        self.assertFalse(session["adaptive_pricing"]["enabled"])
        self.assertTrue(session["success_url"].endswith("?session_id={CHECKOUT_SESSION_ID}"))

    def test_bank_transfer_in_flight_elsewhere_is_not_asked_again(self):
        """An attempt on stock Odoo's own invoice page counts as in flight as well."""
        link = self.make_link()
        self.env["payment.transaction"].create(
            {
                "provider_id": self.provider.id,
                "payment_method_id": self.provider._paylinks_payment_method().id,
                "reference": "portal-1",
                "amount": 60,
                "currency_id": self.usd.id,
                "partner_id": self.customer.id,
                "operation": "online_direct",
                "state": "pending",
                "invoice_ids": [Command.link(link.invoice_id.id)],
            }
        )
        link.invalidate_recordset()
        self.assertEqual(link.amount, 40)
        attempt = self.open_checkout(link)
        self.assertEqual(attempt.checkout_request["amount"], 4000)
