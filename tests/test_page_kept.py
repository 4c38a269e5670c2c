"""A page that is kept is the right one: whatever changes is seen at the next look."""

import re
from datetime import timedelta

from odoo import Command, fields
from odoo.addons.serviceflow_paylinks.models import payment_link_kept
from odoo.addons.serviceflow_paylinks.models.payment_link_page import PaymentLink

from .test_page import PHONE, PageCase


class TestKeptPage(PageCase):
    def setUp(self):
        super().setUp()
        payment_link_kept.forget()
        self.made = []
        plain = PaymentLink._get_page_values

        def count(link):
            self.made.append(link)
            return plain(link)

        self.patch(PaymentLink, "_get_page_values", count)
        self.link = self.make_link(100)

    def look(self):
        return self.read(self.link, headers=PHONE)

    def test_made_once(self):
        texts = {self.look() for _time in range(4)}
        self.assertEqual((len(texts), len(self.made)), (1, 1))

    def test_whatever_changes_is_seen_at_once(self):
        invoice, line = self.link.invoice_id, self.link.invoice_id.invoice_line_ids
        self.speak("fr_FR")
        changes = {
            "Pay $70.00": lambda: self.pay_by_bank_transfer(invoice, 30),
            "Brook & Daughters": lambda: self.company.write({"name": "Brook & Daughters"}),
            "+1 555-555-1234": lambda: self.company.partner_id.write({"phone": "+1 555-555-1234"}),
            "Chimney sweep": lambda: line.write({"name": "Chimney sweep"}),
            "July 1, 2126": lambda: invoice.write({"invoice_date_due": "2126-07-01"}),
            "For the flat": lambda: self.link.write({"description": "For the flat"}),
            "$US": lambda: self.customer.write({"lang": "fr_FR"}),
            "Test mode": lambda: self.provider.write({"state": "test"}),
        }
        self.provider.state = "enabled"
        for words, change in changes.items():
            with self.subTest(words):
                self.assertNotIn(words, self.look())
                change()
                self.assertIn(words, self.look())

    def test_attempts_are_seen_at_once(self):
        self.look()
        attempt = self.open_checkout(self.link)
        self.look()
        self.sandbox.customer.pay(attempt.checkout_ref, card="4000000000000069")
        self.deliver_webhooks()
        self.assertIn("This card has expired.", self.look())
        self.sandbox.customer.pay(attempt.checkout_ref)
        self.deliver_webhooks()
        self.assertIn("Paid. Thank you!", self.look())

    def test_money_in_flight_elsewhere_is_seen_at_once(self):
        self.assertIn("Pay $100.00", self.look())
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
                "invoice_ids": [Command.link(self.link.invoice_id.id)],
            }
        )
        self.assertIn("Pay $40.00", self.look())

    def test_what_ends_a_link_is_seen_at_once(self):
        other, third = self.make_link(), self.make_link()
        for link in (self.link, other, third):
            self.assertIn("<button", self.open_page(link).text)
        self.expire_by_time(self.link)
        self.assertIn("This link has expired", self.look())
        other.cancel()
        self.assertEqual(self.open_page(other).status_code, 404)
        old = self.path(third)
        third.rotate_token()
        self.assertEqual(self.url_open(old).status_code, 404)
        self.assertIn(third.token, self.open_page(third).text)

    def test_reopened(self):
        self.look()
        self.expire_by_time(self.link)
        self.run_schedule("cron_expire_links")
        self.assertIn("expired", self.look())
        self.link.expires_at = fields.Datetime.now() + timedelta(days=2)
        self.assertIn("Pay $100.00", self.look())

    def test_each_browser_gets_a_key_of_its_own(self):
        keys = []
        for _browser in range(2):
            self.opener.cookies.clear()
            keys += re.findall(r'name="csrf_token" value="([^"]+)"', self.open_page(self.link).text)
        self.assertEqual((len(keys), len(set(keys))), (2, 2))
        self.assertEqual(len(self.made), 1, "of one page")

    def test_languages_are_kept_apart(self):
        self.speak("fr_FR")
        self.customer.lang = False
        for wanted, lang in (("fr", "fr-FR"), ("en-US", "en-US"), ("fr", "fr-FR")):
            page = self.open_page(self.link, headers={"Accept-Language": wanted})
            self.assertIn(f'<html lang="{lang}"', page.text)

    def test_visits_count_as_ever(self):
        for _visit in range(3):
            self.opener.cookies.clear()
            self.look()
        self.env.invalidate_all()
        self.assertEqual(self.link.open_count, 3)

    def test_few_queries(self):
        """The bounds that the figures of bench/page.py rest on, Odoo's own routing included."""
        self.look()
        first = self.make_link(100)
        self.opener.cookies.clear()
        with self.assertQueryCount(16):
            self.open_page(first, headers=PHONE)
        self.opener.cookies.clear()
        with self.assertQueryCount(6):
            self.look()
