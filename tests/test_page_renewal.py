"""The customer of an expired link asks for a new one."""

import re
from datetime import timedelta

from odoo import Command, fields

from .page import PageCase


class TestRenewal(PageCase):
    def setUp(self):
        super().setUp()
        self.env["mail.mail"].search([]).unlink()

    def mails(self):
        self.env.invalidate_all()
        return self.env["mail.mail"].search([])

    def make_expired(self, link=None):
        link = link or self.make_link()
        self.expire_by_time(link)
        self.run_schedule("cron_expire_links")
        return link

    def renewals(self, link):
        self.env.invalidate_all()
        return link._get_latest_renewal() - link

    def test_a_new_link_goes_to_the_contact_on_file(self):
        link = self.make_expired()
        answer = self.send_form(link, "renew")
        self.assertEqual(answer.status_code, 303)
        renewal = self.renewals(link)
        self.assertEqual((renewal.invoice_id, renewal.state), (link.invoice_id, "active"))
        self.assertEqual((renewal.email, renewal.user_id), (link.email, link.user_id))
        self.assertGreater(renewal.expires_at, fields.Datetime.now() + timedelta(days=29))
        self.assertFalse(self.mails(), "the request itself sends nothing")
        self.run_schedule("cron_send_links")
        [mail] = self.mails()
        self.assertEqual(mail.email_to, "ada@example.com")
        self.assertIn(renewal.token, mail.body_html)
        self.assertIn(renewal.name, link.message_ids[0].body)
        self.assertTrue(renewal.message_ids.filtered(lambda m: link.name in m.body))

    def test_the_page_tells_neither_the_contact_nor_the_new_address(self):
        link = self.make_expired()
        self.send_form(link, "renew")
        page = self.open_page(link)
        self.assertIn("A new link is on its way", page.text)
        self.assertNotIn("<button", page.text)
        renewal = self.renewals(link)
        for secret in (link.email, link.phone, "ada", renewal.token, renewal.name):
            self.assertNotIn(secret, page.text)

    def test_one_in_15_minutes(self):
        link = self.make_expired()
        page = self.open_page(link)
        form = {"csrf_token": re.search(r'name="csrf_token" value="([^"]+)"', page.text)[1]}
        for _press in range(3):
            answer = self.url_open(self.path(link, "/renew"), data=form)
            self.assertIn("A new link is on its way", answer.text)
            self.run_schedule("cron_send_links")
        self.assertEqual(len(self.mails()), 1)
        link.renewed_at -= timedelta(minutes=15)
        renewal = self.renewals(link)
        self.send_form(link, "renew")
        self.run_schedule("cron_send_links")
        self.assertEqual(len(self.mails()), 2)
        self.assertEqual(self.renewals(link), renewal, "the same link once more, not another one")

    def ask_again(self, link):
        """A quarter of an hour later."""
        link.invoice_id.payment_link_ids.renewed_at = False
        self.send_form(link, "renew")
        self.run_schedule("cron_send_links")

    def test_three_a_day_of_a_document(self):
        link = self.make_expired()
        for _ask in range(5):
            self.ask_again(link)
        self.assertEqual(len(self.mails()), 3)
        link.renewed_at = False
        text = self.read(link)
        self.assertIn("several times today", text)
        self.assertNotIn("Send me a new link", text)
        # The contact has another address by now: it is the same document.
        self.renewals(link).email = "ada@new.example.com"
        self.customer.email = link.email = "ada@new.example.com"
        self.ask_again(link)
        self.assertEqual(len(self.mails()), 3)
        self.env.cr.execute("UPDATE payment_link_message SET create_date = '2020-01-01'")
        self.env.invalidate_all()
        self.ask_again(link)
        self.assertEqual(len(self.mails()), 4)

    def test_three_a_day_to_a_contact(self):
        for _invoice in range(5):
            self.ask_again(self.make_expired())
        self.assertEqual(len(self.mails()), 3)
        other = self.env["res.partner"].create({"name": "Bea", "email": "bea@example.com"})
        self.ask_again(self.make_expired(self.make_link(partner=other)))
        self.assertEqual(len(self.mails()), 4)

    def test_the_limit_is_the_documents(self):
        """Two expired links of one invoice do not make two mails."""
        first = self.make_expired()
        second = self.make_expired(first.invoice_id.generate_payment_links())
        for link in (first, second):
            self.send_form(link, "renew")
            self.run_schedule("cron_send_links")
        self.assertEqual(len(self.mails()), 1)

    def test_the_open_link_of_the_invoice_is_sent_again(self):
        link = self.make_expired()
        other = link.invoice_id.generate_payment_links()
        self.send_form(link, "renew")
        self.assertEqual(self.renewals(link), other)

    def test_agreed_amounts_are_asked_for_once(self):
        """Who has paid the new link is not offered another one by the old one."""
        link = self.make_expired(self.make_custom_link(50, description="Call-out"))
        self.send_form(link, "renew")
        renewal = self.renewals(link)
        self.assertEqual((renewal.amount, renewal.description), (50, "Call-out"))
        self.pay(renewal)
        self.deliver_webhooks()
        self.assertIn("Nothing left to pay", self.read(link))
        link.renewed_at -= timedelta(minutes=15)
        self.send_form(link, "renew")
        self.assertEqual(self.renewals(link), renewal)

    def test_what_staff_withdrew_is_not_sent_again(self):
        link = self.make_expired()
        self.send_form(link, "renew")
        renewal = self.renewals(link)
        renewal.cancel()
        link.renewed_at -= timedelta(minutes=15)
        self.assertNotIn("<button", self.open_page(link).text)
        self.send_form(link, "renew")
        self.assertEqual(self.renewals(link), renewal)

    def test_text_message_where_there_is_no_email(self):
        link = self.make_link()
        link.email = False
        self.make_expired(link)
        self.send_form(link, "renew")
        self.run_schedule("cron_send_links")
        self.env.invalidate_all()
        sms = self.env["sms.sms"].search([("number", "=", link.phone)])
        self.assertIn(self.renewals(link).token, sms.body)

    def test_contact_has_another_address_by_now(self):
        """It goes where the contact is reached today; what staff entered for the link stays."""
        link, given = self.make_link(), self.make_link()
        given.email = "accounts@example.com"
        for expired in (link, given):
            self.make_expired(expired)
        self.customer.write({"email": "ada@new.example.com", "phone": "+1 202-555-0199"})
        for expired, email in ((link, "ada@new.example.com"), (given, "accounts@example.com")):
            self.send_form(expired, "renew")
            renewal = self.renewals(expired)
            self.assertEqual((renewal.email, renewal.phone), (email, "+12025550199"))
        self.assertNotIn("new.example", self.open_page(link).text)

    def test_address_that_becomes_none_changes_nothing(self):
        link = self.make_link()
        self.customer.write({"email": "no address", "phone": False})
        self.assertEqual((link.email, link.phone), ("ada@example.com", "+12025550143"))

    def test_paid_links_keep_the_address_they_had(self):
        link = self.make_link()
        self.pay(link)
        self.deliver_webhooks()
        self.customer.email = "ada@new.example.com"
        self.assertEqual(link.email, "ada@example.com")

    def test_link_without_an_address_goes_to_the_contact(self):
        link = self.make_link()
        link.write({"email": False, "phone": False})
        self.make_expired(link)
        self.assertIn("Send me a new link", self.read(link))
        self.send_form(link, "renew")
        self.assertEqual(self.renewals(link).email, "ada@example.com")

    def test_what_could_not_be_sent_is_not_on_its_way(self):
        link = self.make_expired()
        self.send_form(link, "renew")
        self.assertIn("A new link is on its way", self.read(link))
        [row] = self.renewals(link).message_row_ids
        row._set_state("sending")
        row._set_state("failed", "The mail server refused it.")
        text = self.read(link)
        self.assertIn("could not be delivered. Please contact us.", text)
        for words in ("on its way", "Send me a new link", "refused"):
            self.assertNotIn(words, text)

    def test_each_link_of_the_document_knows_that_another_one_was_asked_for(self):
        """Whoever asks by the other one at this instant waits for its row, and then sees it."""
        first = self.make_expired()
        second = self.make_expired(first.invoice_id.generate_payment_links())
        self.send_form(first, "renew")
        self.env.invalidate_all()
        self.assertEqual(second.renewed_at, first.renewed_at)
        self.assertFalse(self.renewals(first).renewed_at)

    def test_no_contact_on_file(self):
        self.customer.write({"email": False, "phone": False})
        link = self.make_link()
        self.make_expired(link)
        text = self.read(link)
        self.assertIn("Please contact us for a new link", text)
        self.assertNotIn("Send me a new link", text)
        self.send_form(link, "renew")
        self.assertFalse(self.renewals(link))

    def test_only_what_has_expired_is_renewed(self):
        for state, link in self.one_in_each_state().items():
            if state != "expired":
                self.send_form(link, "renew")
                self.assertFalse(self.renewals(link), state)

    def test_without_the_pages_token_and_by_get(self):
        link = self.make_expired()
        self.url_open(self.path(link, "/renew"))
        answer = self.url_open(self.path(link, "/renew"), data={"a": "b"})
        self.assertEqual(answer.status_code, 400)
        self.assertFalse(self.renewals(link))

    def test_deposit(self):
        order = self.env["sale.order"].create(
            {
                "partner_id": self.customer.id,
                "require_payment": True,
                "prepayment_percent": 0.5,
                "order_line": [
                    Command.create({"name": "Bathroom", "price_unit": 900, "tax_ids": False})
                ],
            }
        )
        link = self.make_expired(order.generate_deposit_links())
        self.send_form(link, "renew")
        renewal = self.renewals(link)
        self.assertEqual((renewal.purpose, renewal.amount), ("deposit", 450))
        self.assertEqual(renewal.sale_order_id, order)
