"""Invariant 7: only a valid signature changes anything, and only what fits the attempt."""

import json
import time

from odoo.tools import mute_logger

from sandbox.signing import signature_header

from .common import PaylinksCase

WARNINGS = "odoo.addons.serviceflow_paylinks.controllers.webhook"


class TestWebhook(PaylinksCase):
    def setUp(self):
        super().setUp()
        self.link = self.make_link()
        self.attempt = self.pay(self.link)
        self.session = self.sandbox.store.get("checkout.session", self.attempt.checkout_ref)
        self.secret = self.provider.paylinks_webhook_secret
        self.env["payment.link.event"].search([]).unlink()

    def post(self, body, headers=None, provider=None):
        path = f"/paylinks/stripe/webhook/{(provider or self.provider).id}"
        answer = self.url_open(path, data=body, headers=headers or {}, method="POST")
        self.env.invalidate_all()
        return answer.status_code

    def craft(self, secret=None, **kwargs):
        return self.sandbox.webhooks.craft(
            "checkout.session.completed", self.session, secret or self.secret, **kwargs
        )

    def assert_nothing_changed(self):
        self.assertEqual((self.attempt.state, self.link.state), ("draft", "active"))
        self.assertFalse(self.payments())
        self.assertFalse(
            self.env["payment.link.event"].search([("state", "in", ("done", "received"))])
        )

    def assert_refused(self, body, headers):
        with mute_logger(WARNINGS):
            self.assertEqual(self.post(body, headers), 400)
        self.assert_nothing_changed()
        self.assertFalse(self.env["payment.link.event"].search([]))

    def test_a_valid_signature_is_accepted(self):
        self.assertEqual(self.post(*self.craft()), 200)
        self.assertEqual(self.link.state, "paid")

    def test_unsigned(self):
        body, headers = self.craft()
        headers.pop("Stripe-Signature")
        self.assert_refused(body, headers)

    def test_wrongly_signed(self):
        self.assert_refused(*self.craft(secret="whsec_somebodyelse"))

    def test_signed_but_changed(self):
        body, headers = self.craft()
        self.assert_refused(body.replace(b"cs_test_", b"cs_test_x", 1), headers)

    def test_too_old(self):
        self.assert_refused(*self.craft(timestamp=int(time.time()) - 3600))

    def test_from_the_future(self):
        self.assert_refused(*self.craft(timestamp=int(time.time()) + 3600))

    def test_no_secret(self):
        event = self.craft()
        self.provider.paylinks_webhook_secret = False
        self.assert_refused(*event)
        self.assert_refused(*self.craft(secret=" "))

    def test_previous_secret_is_valid_while_it_is_kept(self):
        event = self.craft()
        self.provider.write(
            {
                "paylinks_webhook_secret": "whsec_new",
                "paylinks_webhook_secret_previous": self.secret,
            }
        )
        self.assertEqual(self.post(*event), 200)
        self.assertEqual(self.link.state, "paid")
        self.provider.paylinks_webhook_secret_previous = False
        with mute_logger(WARNINGS):
            self.assertEqual(self.post(*event), 400)

    def test_junk(self):
        _body, headers = self.craft()
        for body in (b"", b"{", b"\xff\xfe\x00", b"[]", b"null", b"a=b", b'{"id": 1}'):
            with self.subTest(body):
                self.assert_refused(body, headers)
        for signature in ("", "t=", "t=1", "v1=abc", "t=x,v1=y", "t=1,v1=", ",,,=", "t" * 9999):
            with self.subTest(signature):
                self.assert_refused(b"{}", {"Stripe-Signature": signature})

    def test_signed_junk(self):
        """Signed by us, so genuine by all means, but nothing that Stripe would send."""
        for obj in ("[]", "{}", '{"id": 5, "type": "x", "livemode": false, "data": {}}', "3"):
            body = obj.encode()
            stamp = int(time.time())
            signature = signature_header(body, [self.secret], stamp)
            with self.subTest(obj):
                self.assert_refused(body, {"Stripe-Signature": signature})

    def test_too_large_is_refused_unread(self):
        body = b"x" * (600 * 1024)
        self.assertEqual(self.post(body), 413)

    def test_unknown_and_foreign_endpoints(self):
        body, headers = self.craft()
        other = self.env["payment.provider"].search([("code", "!=", "stripe")], limit=1)
        self.assertEqual(self.post(body, headers, other), 404)
        self.assertEqual(self.url_open("/paylinks/stripe/webhook/0", data=body).status_code, 404)
        self.assert_nothing_changed()

    def test_other_mode(self):
        self.assertEqual(self.post(*self.craft(livemode=True)), 200)
        event = self.env["payment.link.event"].search([])
        self.assertEqual(event.state, "ignored")
        self.assertIn("mode", event.error)
        self.assertEqual(self.link.state, "active")

    def test_test_mode_of_a_live_attempt(self):
        """Whatever its provider is by now, and though the event names the attempt."""
        self.attempt.is_live = True
        live = {"state": "enabled", "stripe_secret_key": "sk_live_" + "x" * 24}
        for values in ({}, live):
            self.provider.write(values)
            self.client.calls.clear()
            self.assertEqual(self.post(*self.craft(livemode=False)), 200)
            event = self.env["payment.link.event"].search([])
            self.assertEqual(event.state, "ignored")
            self.assertIn("mode", event.error)
            self.assertEqual((self.link.state, self.attempt.state), ("active", "draft"))
            self.assertFalse(self.payments() or self.client.calls)
            event.unlink()

    def test_test_mode_of_no_attempt_at_a_live_provider(self):
        """It is not even asked about."""
        self.provider.write({"state": "enabled", "stripe_secret_key": "sk_live_" + "x" * 24})
        stranger = json.loads(json.dumps(self.session))
        stranger.update(id="cs_test_stranger", metadata={"paylinks_key": "another"})
        for kind, obj in (
            ("checkout.session.completed", stranger),
            ("refund.created", {"id": "re_1", "object": "refund", "payment_intent": "pi_other"}),
        ):
            self.client.calls.clear()
            event = self.sandbox.webhooks.craft(kind, obj, self.secret, livemode=False)
            self.assertEqual(self.post(*event), 200)
            self.assertFalse(self.client.calls)
        events = self.env["payment.link.event"].search([])
        self.assertEqual(events.mapped("state"), ["ignored", "ignored"])
        self.assertTrue(all("mode" in event.error for event in events))

    def test_other_account(self):
        self.assertEqual(self.post(*self.craft(account="acct_other")), 200)
        event = self.env["payment.link.event"].search([])
        self.assertEqual(event.state, "ignored")
        self.assertEqual(self.link.state, "active")

    def test_event_of_another_system_on_the_same_account(self):
        """Same reference, another key: a copy of this database, or a different shop."""
        stranger = json.loads(json.dumps(self.session))
        stranger.update(id="cs_test_stranger", metadata={"paylinks_key": "another"})
        body, headers = self.sandbox.webhooks.craft(
            "checkout.session.completed", stranger, self.secret
        )
        self.assertEqual(self.post(body, headers), 200)
        self.assertEqual(self.env["payment.link.event"].search([]).state, "ignored")
        self.assertEqual(self.link.state, "active")

    def test_amount_that_does_not_fit_is_set_aside_visibly(self):
        self.session["amount_total"] = 1
        with mute_logger("odoo.addons.serviceflow_paylinks.models.payment_transaction_aside"):
            self.assertEqual(self.post(*self.craft()), 200)
        event = self.env["payment.link.event"].search([])
        self.assertEqual(event.state, "failed")
        self.assertIn("amount", event.error)
        self.assertEqual(self.attempt.state, "draft")
        self.assertFalse(self.payments())
        self.assertEqual(len(self.activities(self.link)), 1)

    def test_currency_that_does_not_fit_is_set_aside(self):
        self.session["currency"] = "eur"
        with mute_logger("odoo.addons.serviceflow_paylinks.models.payment_transaction_aside"):
            self.post(*self.craft())
        self.assertEqual(self.attempt.state, "draft")
        self.assertEqual(len(self.activities(self.link)), 1)

    def test_stock_webhook_cannot_touch_an_attempt(self):
        """Stock Odoo takes unsigned events where its own secret is not set."""
        intent = {
            "id": "pi_forged",
            "object": "payment_intent",
            "description": self.attempt.reference,
            "amount": 10000,
            "currency": "usd",
            "status": "succeeded",
            "payment_method": {"type": "card", "card": {"brand": "visa"}},
        }
        event = {"type": "payment_intent.succeeded", "data": {"object": intent}}
        with mute_logger("odoo.http"):
            self.url_open("/payment/stripe/webhook", json=event)
        self.env.invalidate_all()
        self.assert_nothing_changed()

    def test_stock_webhook_cannot_refund_an_attempt(self):
        """An unsigned refund would be booked as money paid out."""
        self.deliver_webhooks()
        refund = {"id": "re_forged", "object": "refund", "amount": 10000, "status": "succeeded"}
        charge = {
            "id": "ch_forged",
            "object": "charge",
            "description": self.attempt.reference,
            "refunds": {"data": [{**refund, "currency": "usd"}], "has_more": False},
        }
        event = {"type": "charge.refunded", "data": {"object": charge}}
        with mute_logger("odoo.http"):
            answer = self.url_open("/payment/stripe/webhook", json=event)
        self.assertEqual(answer.status_code, 200, "no reason for Stripe to give the endpoint up")
        self.env.invalidate_all()
        self.assertEqual(self.attempt.state, "done")
        self.assertFalse(self.attempt.child_transaction_ids)

    def test_stock_processing_cannot_touch_an_attempt(self):
        """A payment id of one's own in the address of stock Odoo's return page."""
        with mute_logger("odoo.addons.serviceflow_paylinks.models.payment_transaction"):
            self.attempt._process(
                "stripe",
                {
                    "reference": self.attempt.reference,
                    "payment_intent": {
                        "id": "pi_x",
                        "amount": 10000,
                        "currency": "usd",
                        "status": "succeeded",
                    },
                },
            )
        self.assert_nothing_changed()

    def test_events_of_other_kinds_are_noted_and_ignored(self):
        body, headers = self.sandbox.webhooks.craft(
            "payment_intent.succeeded",
            {**self.sandbox.store.all("payment_intent")[0], "id": "pi_other", "metadata": {}},
            self.secret,
        )
        self.assertEqual(self.post(body, headers), 200)
        self.assertEqual(self.env["payment.link.event"].search([]).state, "ignored")
