"""Ten thousand messages that Stripe never sent, and bodies of any size and encoding: refused,
without an effect, a 500 or a traceback. Driven through Odoo's whole WSGI application, in this
process."""

import gzip
import io
import json
import logging
import random
import time
from unittest.mock import patch

from odoo.addons.serviceflow_paylinks.models.payment_link_event import PaymentLinkEvent
from odoo.http import root
from odoo.tools import mute_logger
from werkzeug.test import EnvironBuilder, run_wsgi_app

from sandbox.signing import signature_header

from .common import PaylinksCase

WARNINGS = "odoo.addons.serviceflow_paylinks.controllers.webhook"
JUNK = 10_000
LIMIT = 512 * 1024
TYPES = (
    "application/json",
    "application/json; charset=utf-16",
    "application/x-www-form-urlencoded",
    "multipart/form-data",
    "multipart/form-data; boundary=x",
    "text/plain; charset=latin-1",
    "text/xml",
    "\x7f/\x01",
    "",
)
ENCODINGS = ("utf-8", "utf-8-sig", "utf-16", "utf-16-be", "utf-32", "cp500", "utf-7")


class Unreadable(io.RawIOBase):
    """A body of which nobody may read a byte."""

    def read(self, _size=-1):
        raise AssertionError("the body was read")

    readinto = readline = readlines = read


class WebhookCase(PaylinksCase):
    def setUp(self):
        super().setUp()
        self.link = self.make_link()
        self.attempt = self.pay(self.link)
        session = self.sandbox.store.get("checkout.session", self.attempt.checkout_ref)
        self.secret = self.provider.paylinks_webhook_secret
        self.genuine, headers = self.sandbox.webhooks.craft(
            "checkout.session.completed", session, self.secret
        )
        self.signature = headers["Stripe-Signature"]
        self.env["payment.link.event"].search([]).unlink()
        self.env.flush_all()
        self.records = []
        handler = logging.Handler(logging.ERROR)
        handler.emit = self.records.append
        logger = logging.getLogger("odoo")
        level = logger.level
        logger.addHandler(handler)
        logger.setLevel(logging.ERROR)  # The tests run with errors unlogged.
        self.addCleanup(logger.setLevel, level)
        self.addCleanup(logger.removeHandler, handler)

    def send(self, body, kind="application/json", path=None, stream=None, **headers):
        """Hand a request to Odoo's application; return (status, text).

        :param stream: what stands in for the body, of which only the length is told
        """
        builder = EnvironBuilder(
            path=path or f"/paylinks/stripe/webhook/{self.provider.id}",
            base_url=self.base_url(),
            method="POST",
            data=body,
        )
        environ = builder.get_environ()
        environ["CONTENT_TYPE"] = kind
        environ["REMOTE_ADDR"] = "127.0.0.1"
        environ["HTTP_X_ODOO_DATABASE"] = self.env.cr.dbname
        environ["HTTP_COOKIE"] = f"test_request_key={self.http_request_key}"
        for name, value in headers.items():
            environ[name] = value
        if stream:
            environ["wsgi.input"] = stream
        chunks, status, _headers = run_wsgi_app(root, environ, buffered=True)
        return int(status.split()[0]), b"".join(chunks).decode()

    def assert_no_effect(self):
        self.env.invalidate_all()
        self.assertEqual((self.attempt.state, self.link.state), ("draft", "active"))
        self.assertFalse(self.payments())
        self.assertFalse(self.env["payment.link.event"].search([]))
        self.assertFalse(self.records, [record.getMessage() for record in self.records])


class TestWebhookJunk(WebhookCase):
    def make_junk(self, dice):
        """A body and a signature, one of them at least not genuine."""
        bodies = (
            lambda: dice.randbytes(dice.randrange(0, 400)),
            lambda: self.genuine[: dice.randrange(len(self.genuine))],
            lambda: self.flip(dice, self.genuine),
            lambda: json.dumps(self.nest(dice)).encode(),
            lambda: self.genuine.decode().encode(dice.choice(ENCODINGS[1:])),
            lambda: gzip.compress(self.genuine),
            lambda: b"[" * dice.randrange(1, 4000),
            lambda: self.genuine + b"\0",
        )
        body = dice.choice(bodies)()
        stamp = int(time.time()) + dice.choice((0, 0, -3600, 3600, -(10**9), 10**11))
        signatures = (
            lambda: self.signature,
            lambda: signature_header(body, [f"whsec_{dice.random()}"], stamp),
            lambda: signature_header(body, [self.secret], stamp + 10**6),
            lambda: signature_header(body, [self.secret[:-1]], stamp),
            lambda: self.signature.replace("v1=", "v0="),
            lambda: self.flip(dice, self.signature.encode()).decode("latin-1"),
            lambda: ",".join(f"v1={dice.random()}" for _i in range(50)),
            lambda: f"t={'9' * dice.randrange(1, 5000)},v1=x",
            lambda: "",
        )
        return body, dice.choice(signatures)()

    def flip(self, dice, data):
        data = bytearray(data)
        for _i in range(dice.randrange(1, 4)):
            data[dice.randrange(len(data))] ^= 1 << dice.randrange(8)
        return bytes(data)

    def nest(self, dice, depth=0):
        """Any JSON, with an event's own names."""
        names = ("id", "type", "data", "object", "livemode", "account", "metadata")
        if depth > 4 or dice.random() < 0.3:
            values = (None, True, -1, 10**40, float("1e308"), "", "evt_1", "é\0", [], {})
            return dice.choice(values)
        return {dice.choice(names): self.nest(dice, depth + 1) for _i in range(dice.randrange(5))}

    def test_ten_thousand_junk_bodies(self):
        dice = random.Random(19)
        answers = {}
        with self.allow_requests(), mute_logger(WARNINGS, "werkzeug"):
            for _i in range(JUNK):
                body, signature = self.make_junk(dice)
                if body == self.genuine and signature == self.signature:
                    continue
                signature = signature.translate({13: " ", 10: " ", 0: " "})
                status, text = self.send(body, dice.choice(TYPES), HTTP_STRIPE_SIGNATURE=signature)
                answers[status, text] = answers.get((status, text), 0) + 1
        # 413: an empty body told no length.
        self.assertLessEqual({status for status, _text in answers}, {400, 413}, answers)
        self.assertNotIn("Traceback", str(answers))
        self.assertGreater(sum(answers.values()), JUNK * 0.99)
        self.assert_no_effect()

    def test_signed_but_nothing_that_stripe_would_send(self):
        """Whoever knew the secret could still break nothing."""
        dice = random.Random(7)
        with self.allow_requests(), mute_logger(WARNINGS):
            for _i in range(300):
                body = json.dumps(self.nest(dice)).encode()
                signature = signature_header(body, [self.secret], int(time.time()))
                status, _text = self.send(body, HTTP_STRIPE_SIGNATURE=signature)
                self.assertEqual(status, 400, body)
        self.assert_no_effect()

    def test_too_large_is_refused_before_a_byte_is_read(self):
        with self.allow_requests(), mute_logger(WARNINGS):
            for size in (LIMIT + 1, 10**9, 10**15):
                for kind in TYPES:
                    with self.subTest(size=size, kind=kind):
                        status, _text = self.send(
                            b"", kind, stream=Unreadable(), CONTENT_LENGTH=str(size)
                        )
                        self.assertEqual(status, 413)
        self.assert_no_effect()

    def test_as_large_as_it_may_be(self):
        with self.allow_requests(), mute_logger(WARNINGS):
            status, _text = self.send(b"x" * LIMIT, HTTP_STRIPE_SIGNATURE=self.signature)
        self.assertEqual(status, 400, "read, and refused for its signature")
        self.assert_no_effect()

    def test_of_no_or_a_false_length(self):
        """Chunked bodies tell no length; Stripe always does."""
        with self.allow_requests(), mute_logger(WARNINGS):
            for length in ("", "-5", "x", "1e9", "0"):
                with self.subTest(length):
                    status, _text = self.send(
                        self.genuine, CONTENT_LENGTH=length, HTTP_STRIPE_SIGNATURE=self.signature
                    )
                    self.assertIn(status, (400, 411, 413))
            status, _text = self.send(
                b"",
                stream=io.BytesIO(self.genuine),
                CONTENT_LENGTH="",
                HTTP_TRANSFER_ENCODING="chunked",
                HTTP_STRIPE_SIGNATURE=self.signature,
            )
            self.assertIn(status, (400, 411, 413))
        self.assert_no_effect()

    def test_a_traceback_would_be_seen(self):
        """A fault of ours is logged as an error, and noticed by the checks above."""
        with (
            self.allow_requests(),
            patch.object(PaymentLinkEvent, "_receive", side_effect=ValueError("a fault")),
        ):
            self.send(self.genuine, HTTP_STRIPE_SIGNATURE=self.signature)
        self.assertTrue(self.records)
        self.assertTrue(any(record.exc_info for record in self.records))

    def test_the_genuine_one_comes_through(self):
        """The same way in, so that the refusals above say something."""
        with self.allow_requests():
            status, text = self.send(self.genuine, HTTP_STRIPE_SIGNATURE=self.signature)
        self.env.invalidate_all()
        self.assertEqual((status, text), (200, "received"))
        self.assertEqual(self.link.state, "paid")

    def test_forms_with_fields_of_names_that_we_use(self):
        names = ("self", "cls", "provider_id", "request", "kwargs", "_kwargs", "args", "db", "env")
        body = "&".join(f"{name}=1" for name in names).encode()
        with self.allow_requests(), mute_logger(WARNINGS):
            for query in (b"", body):
                status, _text = self.send(
                    body,
                    "application/x-www-form-urlencoded",
                    QUERY_STRING=query.decode(),
                    HTTP_STRIPE_SIGNATURE=self.signature,
                )
                self.assertEqual(status, 400)
        self.assert_no_effect()

    def test_endpoints_that_are_none(self):
        with self.allow_requests(), mute_logger("odoo.http", "werkzeug"):
            for end in ("0", "-1", "999999", "9" * 10, "9" * 40, "x", "1/2", "", "1;2"):
                with self.subTest(end):
                    status, text = self.send(
                        self.genuine,
                        path=f"/paylinks/stripe/webhook/{end}",
                        HTTP_STRIPE_SIGNATURE=self.signature,
                    )
                    self.assertIn(status, (400, 404))
                    self.assertNotIn("Traceback", text)
        self.assert_no_effect()
