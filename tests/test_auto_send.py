"""Links that make and send themselves, Odoo's own Send, and what is told when money arrives."""

from contextlib import suppress
from datetime import timedelta

from freezegun import freeze_time
from odoo import Command, fields
from odoo.exceptions import UserError
from odoo.tests import new_test_user

from .sending import SendingCase


class TestAutoSend(SendingCase):
    def setUp(self):
        super().setUp()
        self.company.write({"paylinks_auto_create": True, "paylinks_auto_send": "email"})

    def send_later(self):
        """Run the schedule after the minutes of grace."""
        self.env.cr.flush()  # As a commit does.
        with freeze_time(fields.Datetime.now() + timedelta(minutes=6)):
            self.send()

    # -- with the invoice --

    def test_posting_makes_the_link_and_the_schedule_sends_it(self):
        invoice = self.make_invoice()
        link = invoice.payment_link_ids
        self.assertEqual((link.state, self.states(link)), ("active", ["queued"]))
        self.send()
        self.assertFalse(self.emails(), "not before its time")
        self.send_later()
        [message] = self.emails()
        self.assertIn(link.url, message.get_body(("html",)).get_content())
        self.assertTrue(link.sent_at)
        self.send_later()
        self.assertEqual(len(self.emails()), 1)

    def test_links_of_one_transaction_are_made_in_one_batch(self):
        """One by one costs hardly more than all at once; the queries do not grow."""
        self.make_invoice()
        self.env.cr.flush()
        for _i in range(5):
            self.make_invoice()
        with self.assertQueryCount(30):
            self.env.cr.flush()
        links = self.env["payment.link"].search([], limit=6)
        self.assertEqual(len(links.invoice_id), 6)
        self.assertEqual(self.states(links[0]), ["queued"])

    def test_whoever_looks_in_the_same_transaction_finds_the_link(self):
        invoice = self.make_invoice(post=False)
        self.assertFalse(invoice.payment_link_ids)
        invoice.action_post()
        self.assertTrue(invoice.payment_link_ids)
        second = self.make_invoice()
        self.assertEqual(self.env["payment.link"].search([], limit=1).invoice_id, second)
        third = self.make_invoice()
        link = third.generate_payment_links()
        self.env.cr.flush()
        self.assertEqual(third.payment_link_ids, link)
        self.assertEqual(self.states(link), ["queued"])

    def test_posting_that_is_taken_back_makes_none(self):
        kept, back = self.make_invoice(post=False), self.make_invoice(post=False)
        with suppress(UserError), self.env.cr.savepoint():
            back.action_post()
            raise UserError("as a batch does that goes on without this one")
        kept.action_post()
        self.env.cr.flush()
        self.assertEqual((len(kept.payment_link_ids), len(back.payment_link_ids)), (1, 0))
        again = self.make_invoice()
        again.button_draft()
        self.env.cr.flush()
        self.assertFalse(again.payment_link_ids)

    def test_off_by_default(self):
        company = self.env["res.company"].create({"name": "New"})
        self.assertFalse(company.paylinks_auto_create or company.paylinks_auto_send)
        self.company.paylinks_auto_create = False
        self.assertFalse(self.make_invoice().payment_link_ids)

    def test_both_channels(self):
        self.company.paylinks_auto_send = "both"
        self.make_invoice()
        self.send_later()
        self.assertEqual((len(self.emails()), len(self.texts())), (1, 1))

    def test_without_stripe_it_is_posted_as_ever(self):
        self.provider.write({"state": "disabled", "stripe_secret_key": False})
        self.assertEqual(self.make_invoice().state, "posted")
        self.assertFalse(self.make_invoice().payment_link_ids)

    def test_what_cannot_be_paid_online_has_none(self):
        small = self.make_invoice(0.1)
        self.assertFalse(small.payment_link_ids)
        self.assertIn("the least that Stripe charges", small.message_ids[0].body)
        self.assertFalse(self.make_invoice(0).payment_link_ids)
        bill = self.make_invoice(move_type="out_refund")
        self.assertFalse(bill.payment_link_ids)

    def test_a_clerk_without_rights_on_links_posts(self):
        clerk = new_test_user(self.env, "biller", "account.group_account_invoice")
        invoice = self.make_invoice(post=False)
        invoice.with_user(clerk).action_post()
        self.assertEqual(invoice.payment_link_ids.user_id, clerk)

    def test_not_sent_when_paid_or_cancelled_or_without_address(self):
        paid, cancelled, lost = (self.make_invoice() for _i in range(3))
        links = (paid | cancelled | lost).payment_link_ids
        self.pay_by_bank_transfer(paid)
        cancelled.button_draft()
        cancelled.button_cancel()
        lost.payment_link_ids.email = False
        self.send_later()
        self.assertFalse(self.mail_server.messages)
        self.assertEqual(set(self.states(links)), {"cancelled"})
        for invoice, why in (
            (paid, "nothing left to pay"),
            (cancelled, "can no longer be paid"),
            (lost, "no email address"),
        ):
            self.assertIn(why, self.rows(invoice.payment_link_ids).reason)
            self.assertIn(why, invoice.payment_link_ids.message_ids[0].body)

    def test_not_sent_twice_when_sent_by_hand_meanwhile(self):
        by_us, by_odoo = (self.make_invoice() for _i in range(2))
        by_us.payment_link_ids.send_by_email()
        self.send()
        self.assertEqual(len(self.emails()), 1, "the clerk's comes at once, instead of ours")
        self.send_invoices(by_odoo)
        self.send_later()
        self.assertEqual(len(self.emails()), 2)
        reasons = self.rows(by_odoo.payment_link_ids).filtered("automatic").mapped("reason")
        self.assertIn("sent by hand", reasons[0])

    def test_back_dated_import_of_a_paid_invoice_makes_none(self):
        old = fields.Date.today() - timedelta(days=20)
        paid, open_ = (self.make_invoice(invoice_date=old) for _i in range(2))
        self.assertFalse((paid | open_).payment_link_ids)
        self.pay_by_bank_transfer(paid)
        self.send_later()
        self.assertFalse(paid.payment_link_ids)
        self.assertTrue(open_.payment_link_ids, "what is owed still can be paid by link")
        with freeze_time(fields.Datetime.now() + timedelta(minutes=30)):
            self.send()
        self.assertEqual(len(self.emails()), 1)

    def test_recurring_and_batches(self):
        invoices = self.make_invoice(post=False) | self.make_invoice(20, post=False)
        invoices.auto_post = "at_date"
        with self.other_transaction() as env:
            env["account.move"]._autopost_draft_entries()
        self.assertEqual(len(invoices.payment_link_ids), 2)
        self.assertEqual(self.states(invoices.payment_link_ids), ["queued", "queued"])

    def test_posting_survives_a_link_that_cannot_be_made(self):
        self.env["ir.sequence"].search([("code", "=", "payment.link")]).code = "gone"
        self.assertEqual(self.make_invoice().state, "posted")

    # -- Odoo's own Send --

    def send_invoices(self, invoices):
        return self.env["account.move.send"]._generate_and_send_invoices(
            invoices, sending_methods=["email"]
        )

    def test_odoos_send_carries_the_link(self):
        self.company.paylinks_auto_create = False
        first, second = self.make_invoice(), self.make_invoice(50)
        self.send_invoices(first | second)
        for invoice in (first, second):
            link = invoice.payment_link_ids
            [message] = [m for m in self.emails() if invoice.name in m["Subject"]]
            html = message.get_body(("html",)).get_content()
            self.assertIn(f'href="{link.url}"', html)
            self.assertIn("Pay online", html)
            self.assertNotIn("/mail/view", html)
            self.assertTrue(link.sent_at)
            self.assertEqual(self.states(link), ["sent"])
            self.assertIn("Sent with the invoice", link.message_ids[0].body)

    def test_odoos_scheduled_send(self):
        self.company.paylinks_auto_create = False
        invoices = self.make_invoice() | self.make_invoice(50)
        wizard = self.env["account.move.send.batch.wizard"].create(
            {"move_ids": [Command.set(invoices.ids)]}
        )
        wizard.action_send_and_print()
        self.assertTrue(all(invoices.mapped("sending_data")))
        with self.other_transaction() as env:
            env["account.move"]._cron_account_move_send()
        self.assertEqual(len(self.emails()), 2)
        self.assertTrue(all(invoices.payment_link_ids.mapped("sent_at")))

    def test_without_stripe_it_is_sent_as_before(self):
        self.provider.write({"state": "disabled", "stripe_secret_key": False})
        invoice = self.make_invoice()
        self.send_invoices(invoice)
        [message] = self.emails()
        self.assertNotIn("Pay online", message.get_body(("html",)).get_content())
        self.assertFalse(invoice.payment_link_ids)

    def test_paid_invoice_is_sent_without(self):
        invoice = self.make_invoice()
        self.pay_by_bank_transfer(invoice)
        self.send_invoices(invoice)
        self.assertNotIn("Pay online", self.emails()[0].get_body(("html",)).get_content())

    def test_bounced_invoice_is_on_the_link(self):
        self.mail_server.refuse.add("ada@")
        invoice = self.make_invoice()
        with self.assertLogs("odoo.addons.mail.models.mail_mail", "ERROR"):
            self.send_invoices(invoice)
        self.send()
        row = self.rows(invoice.payment_link_ids).filtered(lambda row: not row.automatic)
        self.assertEqual(row.state, "failed")
        self.assertTrue(self.activities(invoice.payment_link_ids))

    # -- money arrives --

    def test_creator_is_told_and_the_customer_gets_a_receipt(self):
        self.company.paylinks_receipt = "odoo"
        clerk = new_test_user(
            self.env, "maker", "serviceflow_paylinks.group_payments_create", email="m@example.com"
        )
        clerk.notification_type = "inbox"
        link = self.make_custom_link(42, user_id=clerk.id)
        self.pay(link)
        self.deliver_webhooks()
        self.deliver_webhooks()
        self.send()
        self.send()
        [receipt] = self.emails()
        self.assertIn("receipt", receipt["Subject"])
        self.assertIn("42.00", receipt.get_body(("plain",)).get_content())
        told = self.env["mail.notification"].search([("res_partner_id", "=", clerk.partner_id.id)])
        self.assertEqual(len(told), 1)
        self.assertIn("42.00", told.mail_message_id.subject)
        self.assertFalse(self.activities(link), "nothing to do")

    def test_settings_for_notice_and_receipt(self):
        self.company.paylinks_tell_paid = False
        link = self.make_custom_link(42)
        attempt = self.pay(link)
        self.deliver_webhooks()
        self.send()
        self.assertFalse(self.emails())
        self.assertFalse(self.rows(link))
        intent = self.sandbox.store.get("payment_intent", attempt.provider_reference)
        self.assertEqual(intent["receipt_email"], "ada@example.com")

    def test_one_receipt_is_enough(self):
        self.company.paylinks_receipt = "odoo"
        attempt = self.pay(self.make_custom_link(42))
        self.deliver_webhooks()
        intent = self.sandbox.store.get("payment_intent", attempt.provider_reference)
        self.assertFalse(intent["receipt_email"], "ours it is, not Stripe's")

    # -- expiry --

    def test_told_of_expired_links_in_one_message(self):
        self.company.paylinks_tell_expired = True
        clerk = new_test_user(
            self.env, "owner", "serviceflow_paylinks.group_payments_create", email="o@example.com"
        )
        clerk.notification_type = "inbox"
        soon = fields.Datetime.now() + timedelta(minutes=3)
        links = self.env["payment.link"]
        for _i in range(3):
            links |= self.make_custom_link(user_id=clerk.id, expires_at=soon)
        with freeze_time(soon + timedelta(minutes=10)):
            self.run_schedule("cron_expire_links")
            self.run_schedule("cron_expire_links")
        self.assertEqual(set(links.mapped("state")), {"expired"})
        told = self.env["mail.notification"].search([("res_partner_id", "=", clerk.partner_id.id)])
        self.assertEqual(len(told), 1)
        for link in links:
            self.assertIn(link.name, told.mail_message_id.body)

    def test_told_of_what_expired_later_than_its_time(self):
        """A payment was on its way when its time was over, or somebody held it; and a link that
        was prolonged expires once more."""
        self.company.paylinks_tell_expired = True
        clerk = new_test_user(
            self.env, "owner", "serviceflow_paylinks.group_payments_create", email="o@example.com"
        )
        clerk.notification_type = "inbox"
        soon = fields.Datetime.now() + timedelta(minutes=3)
        link = self.make_custom_link(user_id=clerk.id, expires_at=soon)
        link._set_state("processing", "test")

        def told():
            domain = [("res_partner_id", "=", clerk.partner_id.id)]
            return self.env["mail.notification"].search_count(domain)

        with freeze_time(soon + timedelta(minutes=10)):
            self.run_schedule("cron_expire_links")
            self.assertEqual(told(), 0)
        with freeze_time(soon + timedelta(days=3)):
            link._set_state("active", "the payment failed")
            self.run_schedule("cron_expire_links")
            self.run_schedule("cron_expire_links")
            self.assertEqual((link.state, told()), ("expired", 1))
            link.expires_at = soon + timedelta(days=4)
            self.assertEqual(link.state, "active")
        with freeze_time(soon + timedelta(days=5)):
            self.run_schedule("cron_expire_links")
            self.assertEqual((link.state, told()), ("expired", 2))
