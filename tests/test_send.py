"""Sending by hand: who gets what, who gets nothing and why, and what comes back to the link."""

from datetime import timedelta

from freezegun import freeze_time
from odoo import fields
from odoo.exceptions import UserError, ValidationError
from odoo.tests import Form, new_test_user
from odoo.tools import mute_logger

from .sending import SendingCase

NUMBER = "+12025550143"
MAIL_LOG = "odoo.addons.mail.models.mail_mail"
QUEUE_LOG = "odoo.addons.serviceflow_paylinks.models.payment_link_queue"


class TestSend(SendingCase):
    def other_customer(self, name="Bo", **values):
        values = {"name": name, "email": f"{name.lower()}@example.com", **values}
        return self.env["res.partner"].create(values)

    # -- what is sent --

    def test_email_brings_the_link_and_the_outcome_comes_back(self):
        link = self.make_link()
        link.send_by_email()
        self.assertEqual(self.states(link), ["queued"])
        self.assertFalse(link.sent_at, "asked for is not sent")
        self.send()
        [message] = self.emails()
        self.assertIn(link.url, message.get_body(("plain",)).get_content())
        self.assertIn(link.url, message.get_body(("html",)).get_content())
        self.assertIn("Brook Plumbing", message["From"])
        self.assertEqual(self.states(link), ["sent"])
        self.assertTrue(link.sent_at)
        self.send()
        self.assertEqual(len(self.emails()), 1)

    def test_text_message(self):
        link = self.make_link()
        link.send_by_sms()
        self.send()
        [text] = self.texts()
        self.assertIn(link.url, text["body"])
        self.assertEqual(self.states(link), ["sent"])
        report = [{"sms_status": "delivered", "uuids": [text["uuid"]]}]
        self.make_jsonrpc_request("/sms/status", {"message_statuses": report})
        self.env.invalidate_all()
        self.assertEqual(self.states(link), ["delivered"])
        self.open_page(link, headers={"User-Agent": "Mozilla/5.0 (Android 15; Mobile) Firefox/143"})
        self.env.invalidate_all()
        self.assertEqual(self.states(link), ["opened"])

    def test_asking_twice_before_it_is_sent_is_one_message(self):
        link = self.make_link()
        link.send_by_email()
        link.send_by_email()
        link.sudo().send_waiting = "both"
        self.send()
        self.assertEqual((len(self.emails()), len(self.texts())), (1, 1))
        self.assertFalse(link.send_waiting)
        link.send_by_email()
        self.send()
        self.assertEqual(len(self.emails()), 2, "asked for again, afterwards")

    def test_each_purpose_in_the_customers_language(self):
        self.env["res.lang"]._activate_lang("fr_FR")
        template = self.env.ref("serviceflow_paylinks.mail_template_custom")
        template.with_context(lang="fr_FR").subject = "Bonjour de {{ object.company_id.name }}"
        link = self.make_custom_link(partner_id=self.other_customer(lang="fr_FR").id)
        link.send_by_email()
        self.send()
        [message] = self.emails("bo@example.com")
        self.assertEqual(message["Subject"], "Bonjour de Brook Plumbing")
        self.assertIn('lang="fr-FR"', message.get_body(("html",)).get_content())

    def test_queries_do_not_grow_with_the_links(self):
        links = self.env["payment.link"].create(
            [
                {"purpose": "custom", "partner_id": self.other_customer(f"C{i}").id, "amount": 9}
                for i in range(60)
            ]
        )

        def count(some):
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            some.send_by_email()
            self.env.flush_all()
            return self.env.cr.sql_log_count - before

        count(links[:5])
        self.assertLessEqual(count(links[10:60]), count(links[5:10]) + 3)

    # -- who gets nothing, and why --

    def test_single_link_that_cannot_be_sent_says_why(self):
        link = self.make_link()
        cases = {
            "has no phone number": {"phone": False},
            "is no mobile phone": {"phone": "+493012345678"},
            "is no number that exists": {"phone": "+1 200"},
        }
        for why, values in cases.items():
            with self.subTest(why):
                link.sudo()._write({"phone": values["phone"] or None})
                link.invalidate_recordset()
                with self.assertRaisesRegex(UserError, why):
                    link.send_by_sms()
        link.email = False
        with self.assertRaisesRegex(UserError, "has no email address"):
            link.send_by_email()
        self.assertFalse(self.rows(link))

    def test_number_of_another_country(self):
        """A number is read as its customer's country writes it; with a code it is any country's."""
        german = self.other_customer("Anna", country_id=self.env.ref("base.de").id)
        home = self.make_custom_link(partner_id=german.id, phone="0151 23456789")
        self.assertEqual(home.phone, "+4915123456789")
        with self.assertRaisesRegex(ValidationError, "is not a phone number"):
            self.make_custom_link(phone="0151 23456789")
        abroad = self.make_custom_link(phone="+49 151 23456788")
        (home | abroad).send_by_sms()
        self.send()
        self.assertEqual(self.states(home | abroad), ["sent", "sent"])

    def test_blacklists_are_respected_and_said(self):
        link = self.make_link()
        self.env["mail.blacklist"]._add("ADA@example.com")
        self.env["phone.blacklist"]._add([NUMBER])
        with self.assertRaisesRegex(UserError, "wants no emails"):
            link.send_by_email()
        with self.assertRaisesRegex(UserError, "wants no text messages"):
            link.send_by_sms()

    def test_in_mass_the_rest_goes_on_and_the_skipped_are_named(self):
        good = self.make_link()
        lost = self.make_custom_link(partner_id=self.other_customer("Lost", email=False).id)
        out = self.make_custom_link(partner_id=self.other_customer("Out").id)
        self.env["mail.blacklist"]._add("out@example.com")
        answer = (good | lost | out).send_by_email()["params"]["message"]
        self.assertIn("Emails on their way: 1.", answer)
        self.assertIn("Lost has no email address", answer)
        self.assertIn("Out wants no emails", answer)
        self.send()
        self.assertEqual(self.states(good | lost | out), ["sent", "cancelled", "cancelled"])
        self.assertIn("Out wants no emails", self.rows(out).reason)
        self.assertIn("Lost has no email", lost.message_ids[0].body)

    def test_what_changed_before_the_schedule_came(self):
        paid, deleted, out, small = (self.make_link() for _i in range(4))
        for link in (paid, deleted, out, small):
            link.sudo().send_waiting = "email"
        self.pay_by_bank_transfer(paid.invoice_id)
        deleted.cancel()
        out.email = "out@example.com"
        self.env["mail.blacklist"]._add("out@example.com")
        self.pay_by_bank_transfer(small.invoice_id, 99.90)
        self.send()
        self.assertEqual(self.states(paid | deleted | out | small), ["cancelled"] * 4)
        self.assertFalse(self.mail_server.messages)
        for link, why in (
            (paid, "nothing left to pay"),
            (deleted, "can no longer be paid"),
            (out, "wants no emails"),
            (small, "the least that Stripe charges"),
        ):
            self.assertIn(why, self.rows(link).reason)
            self.assertIn("Not sent", link.message_ids[0].body)

    # -- quiet hours --

    def test_text_messages_wait_for_the_customers_morning(self):
        self.company.write({"paylinks_quiet_from": 21.0, "paylinks_quiet_until": 8.5})
        self.customer.tz = "America/New_York"
        link = self.make_link()
        with freeze_time("2026-07-15 02:00:00"):  # 22:00 in New York
            link.send_by_sms()
            link.send_by_email()
            self.send()
        self.assertEqual(self.states(link), ["held", "sent"], "emails do not ring")
        row = self.rows(link)[0]
        self.assertEqual(row.scheduled_at, fields.Datetime.to_datetime("2026-07-15 12:30:00"))
        with freeze_time("2026-07-15 12:00:00"):
            self.send()
        self.assertFalse(self.texts())
        with freeze_time("2026-07-15 12:31:00"):
            self.send()
        self.assertEqual(len(self.texts()), 1)

    # -- what goes wrong --

    @mute_logger(MAIL_LOG)
    def test_refused_email_needs_attention_and_the_rest_goes_on(self):
        clerk = new_test_user(self.env, "sender", "serviceflow_paylinks.group_payments_create")
        bad = self.make_custom_link(partner_id=self.other_customer("Bad").id, user_id=clerk.id)
        good = self.make_link()
        self.mail_server.refuse.add("bad@")
        (bad | good).send_by_email()
        self.send()
        self.assertEqual(self.states(bad | good), ["failed", "sent"])
        self.assertIn("no such mailbox", self.rows(bad).reason)
        activity = self.activities(bad)
        self.assertEqual(activity.user_id, clerk)
        self.assertIn("no such mailbox", activity.note)
        self.mail_server.refuse.clear()
        bad.send_by_email()
        self.send()
        self.assertFalse(self.activities(bad), "it has mended itself")

    @mute_logger(MAIL_LOG)
    def test_mail_server_down_is_tried_again_and_then_told(self):
        link = self.make_link()
        link.send_by_email()
        with self.mail_server_down():
            self.send()
            row = self.rows(link)
            self.assertEqual(row.state, "queued")
            self.assertIn("cannot be reached", row.reason)
            self.assertGreater(row.scheduled_at, fields.Datetime.now())
            self.send()
            self.assertEqual(row.tries, 1, "not before its time")
        row.scheduled_at = False
        self.send()
        self.assertEqual((row.state, len(self.emails())), ("sent", 1))
        link.send_by_email()
        with self.mail_server_down():
            for _try in range(4):
                self.rows(link)[-1:].scheduled_at = False
                self.send()
        self.assertEqual(self.states(link), ["sent", "failed"])
        self.assertTrue(self.activities(link))
        self.assertEqual(len(self.emails()), 1)

    def test_bounce_comes_back_to_the_link(self):
        link = self.make_link()
        link.send_by_email()
        self.send()
        [message] = self.emails()
        self.env["mail.alias.domain"].search([]).bounce_alias = "bounce"
        domain = self.env.company.alias_domain_id or self.env["mail.alias.domain"].create(
            {"name": "brook.example.com", "bounce_alias": "bounce"}
        )
        bounce = BOUNCE.format(to=f"bounce@{domain.name}", message_id=message["Message-Id"])
        with mute_logger("odoo.addons.mail.models.mail_thread"):
            self.env["mail.thread"].message_process("res.partner", bounce)
        self.assertEqual(self.states(link), ["bounced"])
        self.assertIn("mailbox full", self.rows(link).reason)
        self.assertTrue(self.activities(link))

    def test_broken_placeholder(self):
        template = self.env.ref("serviceflow_paylinks.mail_template_custom")
        broken = self.make_custom_link()
        good = self.make_link()
        template.subject = "{{ object.invoice_id.name.upper() }}"  # It has no invoice.
        (broken | good).send_by_email()
        with mute_logger("odoo.addons.mail.models.mail_render_mixin", QUEUE_LOG):
            self.send()
        self.assertEqual(self.states(broken | good), ["failed", "sent"])
        self.assertIn("Payment Link: custom amount", self.rows(broken).reason)

    def test_text_message_service_refuses(self):
        links = self.env["payment.link"]
        answers = {
            "+12025550111": ("insufficient_credit", "Insufficient Credit"),
            "+12025550112": ("country_not_supported", "Country Not Supported"),
            "+12025550113": ("wrong_number_format", "Wrong Number Format"),
            "+12025550114": ("success", False),
        }
        for number, (answer, _words) in answers.items():
            links |= self.make_custom_link(phone=number)
            self.text_server.answers[number] = answer
        links.send_by_sms()
        self.send()
        self.assertEqual(self.states(links), ["failed", "failed", "failed", "sent"])
        for link, (_answer, words) in zip(links, answers.values(), strict=True):
            self.assertEqual(self.rows(link).reason, words)

    def test_no_answer_is_no_no(self):
        self.env["ir.config_parameter"].set_param("sms.endpoint", "http://127.0.0.1:1")
        link = self.make_link()
        link.send_by_sms()
        self.send()
        self.assertEqual(self.states(link), ["unknown"])
        self.assertTrue(self.activities(link))
        self.assertFalse(self.env["sms.sms"].search([("state", "=", "outgoing")]))

    # -- the composer --

    def test_a_clerk_edits_the_email(self):
        clerk = new_test_user(self.env, "writer", "serviceflow_paylinks.group_payments_create")
        link = self.make_link()
        action = link.with_user(clerk).action_compose_email()
        composer = Form(
            self.env["mail.compose.message"].with_user(clerk).with_context(action["context"])
        )
        composer.subject = "As we said on the phone"
        composer.save().action_send_mail()
        [row] = self.rows(link)
        self.assertEqual((row.state, row.user_id), ("queued", clerk))
        self.env["mail.mail"].process_email_queue()
        self.assertFalse(self.emails(), "Odoo's own queue passes it by")
        self.send()
        [message] = self.emails()
        self.assertEqual(message["Subject"], "As we said on the phone")
        self.assertIn(link.url, message.get_body(("html",)).get_content())
        self.assertEqual(row.state, "sent")
        self.assertTrue(link.sent_at)

    def test_composed_email_is_not_sent_when_it_is_paid_meanwhile(self):
        link = self.make_link()
        composer = self.env["mail.compose.message"].with_context(
            link.action_compose_email()["context"]
        )
        Form(composer).save().action_send_mail()
        self.pay_by_bank_transfer(link.invoice_id)
        self.send()
        self.assertEqual(self.states(link), ["cancelled"])
        self.assertFalse(self.emails())

    # -- a worker died --

    def test_what_a_dead_worker_took_is_not_sent_again(self):
        link = self.make_link()
        link.send_by_email()
        with self.other_transaction() as env:
            env["payment.link.message"]._claim_next()
        row = self.rows(link)
        self.assertEqual(row.state, "sending")
        self.send()
        self.assertEqual(row.state, "sending", "its worker may still be at it")
        row.claimed_at = fields.Datetime.now() - timedelta(minutes=5)
        self.send()
        self.assertEqual(row.state, "unknown")
        self.assertIn("not certain", self.activities(link).note)
        self.assertFalse(self.emails())


BOUNCE = """\
From: MAILER-DAEMON <mailer-daemon@example.com>
To: {to}
Subject: Undelivered Mail Returned to Sender
Content-Type: multipart/report; report-type=delivery-status; boundary="=b"
MIME-Version: 1.0
Date: Wed, 15 Jul 2026 10:00:00 +0000
Message-Id: <bounce.1@example.com>

--=b
Content-Type: text/plain

The mailbox is full: mailbox full

--=b
Content-Type: message/delivery-status

Reporting-MTA: dns; example.com

Final-Recipient: rfc822; ada@example.com
Action: failed
Status: 5.2.2
Diagnostic-Code: smtp; 552 5.2.2 mailbox full

--=b
Content-Type: message/rfc822

Message-Id: {message_id}
To: ada@example.com
Subject: x

x
--=b--
"""
