"""The link itself: how it is made, numbered, changed, expired, deleted."""

import re
from datetime import timedelta

from odoo import fields
from odoo.exceptions import UserError, ValidationError
from odoo.tests import new_test_user

from .common import PaylinksCase


class TestPaymentLink(PaylinksCase):
    def test_name_token_and_address(self):
        link = self.make_link()
        self.assertRegex(link.name, rf"^PL/{fields.Date.today().year}/\d{{5}}$")
        self.assertRegex(link.token, r"^[A-Za-z0-9_-]{22,}$")
        self.assertEqual(link.url, f"{self.base_url()}/pay/{link.token}")
        tokens = [self.env["payment.link"]._new_token() for _i in range(1000)]
        self.assertEqual(len(set(tokens)), 1000)

    def test_from_an_invoice(self):
        link = self.make_link(100)
        self.assertEqual((link.purpose, link.amount_policy), ("invoice", "balance"))
        self.assertEqual(link.partner_id, self.customer)
        self.assertEqual(link.email, "ada@example.com")
        self.assertEqual(link.phone, "+12025550143")
        self.assertEqual(link.provider_id, self.provider)
        self.assertAlmostEqual(
            link.expires_at, fields.Datetime.now() + timedelta(days=30), delta=timedelta(minutes=1)
        )

    def test_expiry_of_the_company(self):
        self.company.paylinks_expiry_policy = "never"
        self.assertFalse(self.make_link().expires_at)
        self.company.write({"paylinks_expiry_policy": "creation", "paylinks_expiry_days": 7})
        link = self.make_link()
        self.assertEqual(round((link.expires_at - fields.Datetime.now()) / timedelta(days=1)), 7)

    def test_asking_again_gives_the_same_link(self):
        link = self.make_link()
        self.assertEqual(link.invoice_id.generate_payment_links(), link)
        link.cancel()
        second = link.invoice_id.generate_payment_links()
        self.assertNotEqual(second, link)

    def test_batch_keeps_the_order(self):
        invoices = self.env["account.move"]
        for amount in (10, 20, 30):
            invoices |= self.make_invoice(amount)
        existing = invoices[1].generate_payment_links()
        links = invoices.generate_payment_links()
        self.assertEqual(links.invoice_id.ids, invoices.ids)
        self.assertEqual(links[1], existing)

    def test_what_cannot_have_a_link(self):
        paid = self.make_invoice()
        self.pay_by_bank_transfer(paid)
        cancelled = self.make_invoice()
        cancelled.button_draft()
        cancelled.button_cancel()
        cases = (
            (self.make_invoice(post=False), "draft"),
            (paid, "paid"),
            (cancelled, "cancelled"),
            (self.make_invoice(move_type="in_invoice", ref="x"), "not a customer invoice"),
            (self.make_invoice(move_type="out_refund"), "not a customer invoice"),
        )
        for invoice, words in cases:
            with self.subTest(words), self.assertRaisesRegex(UserError, words):
                invoice.generate_payment_links()

    def test_not_connected(self):
        invoice = self.make_invoice()
        self.provider.state = "disabled"
        with self.assertRaisesRegex(UserError, "Stripe is not connected for Brook Plumbing"):
            invoice.generate_payment_links()

    def test_contact_is_checked_and_normalised(self):
        link = self.make_custom_link(email="Ada.Payer@Example.COM", phone="(202) 555-0177")
        self.assertEqual(link.email, "ada.payer@example.com")
        self.assertEqual(link.phone, "+12025550177")
        for values, words in (
            ({"email": "nobody"}, "not an email"),
            ({"phone": "12"}, "not a phone"),
        ):
            with self.subTest(values), self.assertRaisesRegex(ValidationError, words):
                self.make_custom_link(**values)
            with self.subTest(values), self.assertRaisesRegex(ValidationError, words):
                link.write(values)
        link.phone = "+33 6 12 34 56 78"
        self.assertEqual(link.phone, "+33612345678")

    def test_customer_must_be_the_invoices(self):
        invoice = self.make_invoice()
        other = self.env["res.partner"].create({"name": "Somebody Else"})
        with self.assertRaisesRegex(ValidationError, "belongs to Ada Payer"):
            self.env["payment.link"].create({"invoice_id": invoice.id, "partner_id": other.id})

    def test_expiry(self):
        link = self.make_link()
        other = self.make_link()
        self.expire_by_time(link)
        self.assertFalse(link._is_payable(), "even before the schedule has run")
        self.assertIn("expired", self.open_page(link).text)
        self.run_schedule("cron_expire_links")
        self.assertEqual((link.state, other.state), ("expired", "active"))
        self.assertIn("Expired", link.message_ids[0].body)

    def test_editing_the_expiry_reopens_an_expired_link(self):
        link = self.make_link()
        self.expire_by_time(link)
        self.run_schedule("cron_expire_links")
        link.expires_at = fields.Datetime.now() + timedelta(days=3)
        self.assertEqual(link.state, "active")
        self.assertIn("<button", self.open_page(link).text)
        self.assertIn("edited", link.message_ids[0].body)

    def test_expiry_in_the_past_is_refused(self):
        clerk = new_test_user(self.env, "clerk", "serviceflow_paylinks.group_payments_create")
        link = self.make_link().with_user(clerk)
        with self.assertRaisesRegex(ValidationError, "lies in the past"):
            link.expires_at = fields.Datetime.now() - timedelta(hours=1)
        with self.assertRaisesRegex(ValidationError, "lies in the past"):
            self.env["payment.link"].with_user(clerk).create(
                {
                    "purpose": "custom",
                    "partner_id": self.customer.id,
                    "amount": 5,
                    "expires_at": "2020-01-01",
                }
            )

    def test_reopening_beside_a_new_link_is_refused(self):
        link = self.make_link()
        self.expire_by_time(link)
        self.run_schedule("cron_expire_links")
        link.invoice_id.generate_payment_links()
        with self.assertRaisesRegex(UserError, "has the open link"):
            link.expires_at = fields.Datetime.now() + timedelta(days=3)

    def test_deleted_unknown_and_malformed_tokens_are_all_the_same(self):
        link = self.make_link()
        deleted = self.make_link()
        deleted.cancel()
        answers = [
            self.url_open(f"/pay/{token}")
            for token in (deleted.token, "x" * 24, "x", "%00", "é", "a b", "1" * 500)
        ]
        self.assertEqual({answer.status_code for answer in answers}, {404})
        self.assertEqual(len({answer.text for answer in answers}), 1)
        keys = {tuple(sorted(set(answer.headers) - {"Set-Cookie"})) for answer in answers}
        self.assertEqual(len(keys), 1)
        self.assertEqual(self.open_page(link).status_code, 200)

    def test_cancelled_never_comes_back(self):
        link = self.make_link()
        link.cancel()
        self.assertEqual((link.state, link.cancel_reason), ("cancelled", "deleted"))
        link.expires_at = fields.Datetime.now() + timedelta(days=9)
        link._refresh_state("anything")
        link._set_state("active", "anything")
        self.assertEqual(link.state, "cancelled")

    def test_rotated_token(self):
        link = self.make_link()
        old = self.path(link)
        link.rotate_token()
        self.assertEqual(self.url_open(old).status_code, 404)
        self.assertEqual(self.open_page(link).status_code, 200)

    def test_paid_link_cannot_be_deleted_or_removed(self):
        link = self.make_link()
        self.pay(link)
        self.deliver_webhooks()
        with self.assertRaisesRegex(UserError, "record of a payment"):
            link.cancel()
        with self.assertRaisesRegex(UserError, "part of the books"):
            link.unlink()

    def test_never_paid_link_can_be_removed_once_its_page_is_closed(self):
        link = self.make_link()
        self.open_checkout(link)
        with self.assertRaisesRegex(UserError, "page of this link open"):
            link.unlink()
        link.cancel()
        self.run_schedule("cron_sync_checkouts")
        link.unlink()
        self.assertFalse(link.exists())

    def test_opens_are_counted_for_people_only(self):
        link = self.make_link()
        for headers in (
            {"User-Agent": "facebookexternalhit/1.1"},
            {"Purpose": "prefetch"},
            {"Sec-Purpose": "prefetch;prerender"},
        ):
            self.open_page(link, headers=headers)
        self.url_open(self.path(link), method="HEAD")
        self.env.invalidate_all()
        self.assertEqual((link.open_count, link.opened_at), (0, False))
        browser = {"User-Agent": "Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) Safari"}
        self.open_page(link, headers=browser)
        self.open_page(link, headers=browser)
        self.env.invalidate_all()
        self.assertEqual(link.open_count, 1, "a reload is the same visit")
        self.assertEqual(link.robot_open_count, 4)
        self.assertTrue(link.opened_at)

    def test_page_tells_no_more_than_the_payer_needs(self):
        link = self.make_link()
        link.invoice_id.narration = "internal note"
        other = self.make_link(77)
        self.env["payment.token"].create(
            {
                "provider_id": self.provider.id,
                "payment_method_id": self.provider._paylinks_payment_method().id,
                "partner_id": self.customer.id,
                "payment_details": "4242",
                "provider_ref": "cus_1",
            }
        )
        text = self.open_page(link).text
        for secret in (
            "4242",
            "internal note",
            other.invoice_id.name,
            "ada@example.com",
            link.name,
        ):
            self.assertNotIn(secret, text)
        self.assertNotRegex(text, r"[?&]id=|data-id|res_id")
        self.assertLess(len(text), 20_000)
        self.assertFalse(re.findall(r"<script|<link rel=.stylesheet|src=", text))

    def test_sending(self):
        link = self.make_link()
        link.send_by_email()
        link.send_by_sms()
        self.run_schedule("cron_send_links")
        mail = self.env["mail.mail"].search([("email_to", "like", "ada@example.com")])
        self.assertEqual(len(mail), 1)
        self.assertIn(link.url, mail.body_html)
        sms = self.env["sms.sms"].search([("number", "=", link.phone)])
        self.assertIn(link.url, sms.body)
        self.assertTrue(link.sent_at)
        link.phone = False
        with self.assertRaisesRegex(UserError, "has no phone number"):
            link.send_by_sms()
        link.cancel()
        with self.assertRaisesRegex(UserError, "can no longer be paid"):
            link.send_by_email()

    def test_waiting_links_are_sent_by_the_schedule(self):
        link, dead = self.make_link(), self.make_link()
        (link | dead).send_waiting = "email"
        dead.cancel()
        self.run_schedule("cron_send_links")
        self.assertTrue(link.sent_at)
        self.assertFalse(dead.sent_at)
        self.assertFalse((link | dead).filtered("send_waiting"))
        self.assertIn("Not sent", dead.message_ids[0].body)
