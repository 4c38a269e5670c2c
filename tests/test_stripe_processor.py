"""Stripe behind the boundary: errors in two kinds, credentials that stay where they belong."""

import logging

import stripe
from odoo.addons.serviceflow_paylinks import const
from odoo.addons.serviceflow_paylinks.exceptions import (
    FinalError,
    RetryableError,
    UnknownCheckoutError,
)
from odoo.addons.serviceflow_paylinks.logs import LOGGERS
from odoo.addons.serviceflow_paylinks.providers import stripe as processor_module
from odoo.addons.serviceflow_paylinks.providers.base import EXPIRED, PAID, Credentials
from odoo.addons.serviceflow_paylinks.providers.stripe_sessions import (
    read_session,
    stripe_locale,
)
from odoo.exceptions import UserError
from odoo.tests import tagged
from odoo.tools import mute_logger
from psycopg2.errors import UniqueViolation

from .common import PaylinksCase

MODELS = "odoo.addons.serviceflow_paylinks.models.payment_provider"


@tagged("post_install", "-at_install")
class TestStripeProcessor(PaylinksCase):
    def setUp(self):
        super().setUp()
        self.processor = self.provider._paylinks_get_processor()

    def test_errors_are_retryable_or_final_and_name_the_sentence(self):
        cases = (
            ("refused", RetryableError, "unreachable"),
            ("reset", RetryableError, "unreachable"),
            ("rate_limit", RetryableError, "busy"),
            ("lock", RetryableError, "busy"),
            ("error", FinalError, "unreachable"),
            ("forbidden", FinalError, "rejected_key"),
            ("garbage", RetryableError, "unreachable"),
        )
        for kind, error_class, person in cases:
            with self.subTest(kind):
                self.sandbox.faults.add(kind, times=None)
                with self.assertRaises(error_class) as caught:
                    self.processor.look_at_checkout("cs_test_x")
                self.assertEqual(caught.exception.person, person)
                self.assertNotIn("sk_test", str(caught.exception))
                self.sandbox.faults.clear()

    def test_unknown_checkout(self):
        with self.assertRaises(UnknownCheckoutError):
            self.processor.look_at_checkout("cs_test_unknown")
        with self.assertRaises(UnknownCheckoutError):
            self.processor.close_checkout("cs_test_unknown")

    def test_key_that_stripe_does_not_know(self):
        self.sandbox.keys = {"sk_test_other"}
        self.addCleanup(setattr, self.sandbox, "keys", None)
        with self.assertRaises(FinalError) as caught:
            self.processor.check_account()
        self.assertEqual(caught.exception.person, "rejected_key")
        with (
            self.assertRaisesRegex(UserError, "Stripe rejected the key"),
            mute_logger(MODELS),
        ):
            self.provider.action_paylinks_check_connection()

    def test_sentences(self):
        for person in ("not_connected", "rejected_key", "unreachable", "busy", "too_small", "?"):
            sentence = self.provider._paylinks_explain(FinalError("detail", person))
            self.assertIn("harged", sentence)
            self.assertNotIn("detail", sentence)

    def test_credentials_do_not_show_in_logs(self):
        shown = repr(Credentials("sk_test_secret", ("whsec_secret",)))
        self.assertNotIn("secret", shown.replace("webhook_secrets", ""))

    def test_sdk_is_used_as_promised(self):
        client = processor_module.stripe.RequestsClient(timeout=processor_module.TIMEOUT)
        self.assertEqual(client._timeout, 10)
        self.assertEqual(processor_module.RETRIES, 2)
        self.assertFalse(stripe.enable_telemetry)

    def test_locales(self):
        expected = {"fr_FR": "fr", "pt_BR": "pt-BR", "en_GB": "en-GB", "es_419": "es-419"}
        expected |= {"nl_BE": "nl", "sr@latin": "auto", "": "auto", "zh_CN": "zh"}
        self.assertEqual({lang: stripe_locale(lang) for lang in expected}, expected)

    # -- the account --

    def test_check_connection(self):
        notice = self.provider.action_paylinks_check_connection()["params"]
        self.assertEqual(notice["type"], "success")
        self.provider.paylinks_webhook_secret = False
        notice = self.provider.action_paylinks_check_connection()["params"]
        self.assertEqual(notice["type"], "warning")
        self.assertIn("webhook is missing", notice["message"])

    def test_check_connection_says_what_is_wrong(self):
        self.sandbox.dashboard.change_account(charges_enabled=False)
        with self.assertRaisesRegex(UserError, "may not take payments yet"):
            self.provider.action_paylinks_check_connection()
        self.sandbox.dashboard.change_account(charges_enabled=True)
        self.sandbox.faults.add("refused", times=None)
        with self.assertRaisesRegex(UserError, "cannot be reached"), mute_logger(MODELS):
            self.provider.action_paylinks_check_connection()
        self.provider.write({"state": "disabled", "stripe_secret_key": False})
        with self.assertRaisesRegex(UserError, "not connected"), mute_logger(MODELS):
            self.provider.action_paylinks_check_connection()

    def test_an_older_webhook_that_stays_costs_no_secret(self):
        """Stripe tells a new endpoint's secret once: it must not be lost over the old one."""
        before = self.provider.paylinks_webhook_secret
        self.sandbox.faults.add("error", "DELETE", "/v1/webhook_endpoints/*", times=None)
        with mute_logger("odoo.addons.serviceflow_paylinks.providers.stripe"):
            self.provider.action_paylinks_create_webhook()
        self.assertNotEqual(self.provider.paylinks_webhook_secret, before)
        self.assertEqual(self.provider.paylinks_webhook_secret_previous, before)

    def test_money_that_came_counts_whatever_became_of_its_page(self):
        session = {"id": "cs_test_a", "status": "expired", "payment_status": "unpaid"}
        for status, outcome in (("succeeded", PAID), ("canceled", EXPIRED)):
            found = read_session({**session, "payment_intent": {"id": "pi_a", "status": status}})
            self.assertEqual(found.outcome, outcome)

    def test_create_webhook(self):
        before = self.provider.paylinks_webhook_secret
        self.provider.action_paylinks_create_webhook()
        self.assertNotEqual(self.provider.paylinks_webhook_secret, before)
        self.assertEqual(self.provider.paylinks_webhook_secret_previous, before)
        endpoints = self.sandbox.store.all("webhook_endpoint")
        [endpoint] = [e for e in endpoints if e["id"] == self.provider.paylinks_webhook_ref]
        self.assertEqual(len(endpoints), 1, "the older one is retired")
        self.assertEqual(sorted(endpoint["enabled_events"]), sorted(const.WEBHOOK_EVENTS))
        self.assertEqual(endpoint["api_version"], stripe.api_version)
        self.assertEqual(
            endpoint["url"],
            f"{self.base_url()}/paylinks/stripe/webhook/{self.provider.id}",
        )

    # -- the address of the API --

    def _api_base(self, value, **values):
        self.env["ir.config_parameter"].set_param(const.API_BASE_PARAMETER, value)
        self.provider.write(values)
        with mute_logger(MODELS):
            return self.provider._paylinks_api_base()

    def test_api_base_leads_to_this_machine_only(self):
        for base in (
            "http://127.0.0.1:12111",
            "https://127.8.9.10",
            "http://localhost:12111/",
            "http://LOCALHOST:1",
            "http://[::1]:1",
            "http://[0:0:0:0:0:0:0:1]:1",
        ):
            with self.subTest(base):
                self.assertEqual(self._api_base(base), base.rstrip("/"))
        for base in (
            "http://127.0.0.1@evil.example",
            "http://evil.example",
            "http://127.0.0.1.evil.example",
            "http://localhost.evil.example",
            "http://10.0.0.1",
            "http://0.0.0.0",
            "ftp://127.0.0.1",
            "//127.0.0.1",
            "127.0.0.1",
            "http://user:pass@127.0.0.1",
            "http://:@127.0.0.1",
            "http://127.0.0.1:80@evil.example",
            "http://127.0.0.1:80:@evil.example",
            "http://127.0.0.1%40evil.example",
            "http://127.0.0.1\\@evil.example",
            "http://evil.example\\@127.0.0.1",
            "http://evil.example#@127.0.0.1",
            "http://evil.example?@127.0.0.1",
            "http://evil.example/127.0.0.1",
            "http://127.0.0.1\t.evil.example",
            "http://127.0.0.1\n.evil.example",
            "http://127.0.0.1\t@evil.example",
            "http://[::1].evil.example",
            "http://[::1]@evil.example",
            "http://[::1",
            "http://[::1]]",
            "http://127.0.0.1:port",
            "http://[::1%25evil.example]",
            "http://[fe80::1]",
            "http://[::]",
            "http://[::ffff:10.0.0.1]",
            # Names that lead to loopback today may lead elsewhere tomorrow.
            "http://localtest.me",
            "http://127.0.0.1.nip.io",
            "http://ip6-localhost",
            "http://localhost.",
            "http://localhost.localdomain",
            # Other ways to write an address are read differently by different programs.
            "http://127.1",
            "http://2130706433",
            "http://0x7f000001",
            "http://0177.0.0.1",
            "http://127.0.0.1.",
            "http://１２７.0.0.1",
            "http://169.254.169.254",
            "file:///etc/passwd",
            "http:127.0.0.1",
            "http:///127.0.0.1",
            "javascript:alert(1)",
            " ",
        ):
            with self.subTest(base):
                self.assertEqual(self._api_base(base), "")

    def test_api_base_needs_test_mode_and_a_test_key(self):
        base = "http://127.0.0.1:1"
        self.assertEqual(self._api_base(base, stripe_secret_key="sk_live_x"), "")
        self.assertEqual(self._api_base(base, stripe_secret_key="rk_test_x"), "")
        self.assertEqual(self._api_base(base, stripe_secret_key="sk_test_x"), base)
        self.assertEqual(self._api_base(base, state="enabled"), "")

    # -- logs --

    def test_tokens_do_not_reach_the_log_of_a_failed_statement(self):
        """As when two clerks make the same invoice's link at once."""
        link = self.make_link()
        second = {
            "name": "PL/second",
            "token": "a-token-that-must-not-show",
            "purpose": "invoice",
            "amount_policy": "balance",
            "state": "active",
            "invoice_id": link.invoice_id.id,
            "partner_id": self.customer.id,
            "currency_id": self.usd.id,
            "company_id": self.company.id,
        }
        names = ", ".join(f'"{name}"' for name in second)
        with (
            self.assertLogs("odoo.sql_db", logging.ERROR) as logs,
            self.assertRaises(UniqueViolation),
            self.env.cr.savepoint(),
        ):
            self.env.cr.execute(
                f'INSERT INTO "payment_link" ({names}) VALUES %s', [tuple(second.values())]
            )
        self.assertIn("payment_link", logs.output[0])
        self.assertNotIn("a-token-that-must-not-show", "".join(logs.output))

    def test_tokens_do_not_reach_the_log(self):
        """The loggers that are handed a request's path."""
        token = self.make_link().token
        for name in LOGGERS:
            for args in (
                (f"GET /pay/{token}/return?x HTTP/1.1", 303),
                ({"path": f"/pay/{token}"},),
            ):
                with self.subTest(name), self.assertLogs(name, logging.INFO) as logs:
                    logging.getLogger(name).info("%s %s" if len(args) > 1 else "%(path)s", *args)
                self.assertIn("/pay/[token]", logs.output[0])
                self.assertNotIn(token, logs.output[0])
