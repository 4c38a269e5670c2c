"""Asked for twice, by a setting and by a person, or once more while it waits: how many go out."""

from datetime import timedelta

from freezegun import freeze_time
from odoo import fields
from odoo.exceptions import ConcurrencyError
from odoo.tools import mute_logger

from .sending import SendingCase

MAIL_LOG = "odoo.addons.mail.models.mail_mail"


class TestSendAsking(SendingCase):
    def setUp(self):
        super().setUp()
        self.company.write({"paylinks_auto_create": True, "paylinks_auto_send": "email"})

    def send_later(self, minutes=6):
        with freeze_time(fields.Datetime.now() + timedelta(minutes=minutes)):
            self.send()

    def test_confirmed_again_it_is_automatic_still(self):
        """Reset and confirmed within the minutes of grace, then sent by Odoo's Send: one email."""
        invoice = self.make_invoice()
        self.env.cr.flush()
        with freeze_time(fields.Datetime.now() + timedelta(minutes=4)):
            invoice.button_draft()
            invoice.action_post()
            self.env.cr.flush()
            self.send()
            [row] = self.rows(invoice.payment_link_ids)
            self.assertTrue(row.automatic)
            self.assertFalse(self.emails(), "it has its minutes of grace once more")
            self.send()
        self.env["account.move.send"]._generate_and_send_invoices(
            invoice, sending_methods=["email"]
        )
        self.send_later(10)
        self.assertEqual(len(self.emails()), 1)
        self.assertEqual(row.state, "cancelled")

    def test_a_bounce_does_not_silence_the_other_channel(self):
        self.company.paylinks_auto_send = "both"
        self.company.write({"paylinks_quiet_from": 0, "paylinks_quiet_until": 23.5})
        self.customer.tz = "UTC"
        with freeze_time("2026-07-15 09:00:00"):
            link = self.make_invoice().payment_link_ids
            self.env.cr.flush()
        with freeze_time("2026-07-15 09:10:00"):
            self.send()
        email, text = self.rows(link)
        self.assertEqual((email.state, text.state), ("sent", "held"))
        email._apply_bounce("no such mailbox")
        with freeze_time("2026-07-15 23:31:00"):
            self.send()
        self.assertEqual((email.state, text.state), ("bounced", "sent"))

    @mute_logger(MAIL_LOG)
    def test_asked_for_again_while_it_waits_for_a_retry(self):
        link = self.make_custom_link()
        link.send_by_email()
        with self.mail_server_down():
            self.send()
        self.assertEqual(self.states(link), ["queued"])
        link.send_by_email()
        self.send()
        self.assertEqual(self.states(link), ["sent"])
        self.assertEqual(len(self.emails()), 1)

    @mute_logger("odoo.sql_db")
    def test_of_two_who_ask_at_once_the_second_comes_again(self):
        link = self.make_custom_link()
        link.send_by_email()
        rows = self.env["payment.link.message"].sudo()
        values = rows._prepare_row({"link": link, "channel": "email"})
        with self.assertRaises(ConcurrencyError):
            rows._create_asked([values])  # As of somebody who could not see the first one.
        rows._create_asked([{**values, "channel": "sms"}])
        self.send()
        self.assertEqual((len(self.emails()), len(self.texts())), (1, 1))

    @mute_logger(MAIL_LOG, "odoo.sql_db")
    def test_asked_for_again_while_the_mail_server_is_tried(self):
        """It cannot wait beside the new one, which stands for it."""
        link = self.make_custom_link()
        link.send_by_email()
        with self.other_transaction() as env:
            env["payment.link.message"]._claim_next()
        link.send_by_email()
        with self.mail_server_down(), self.other_transaction() as env:
            row = env["payment.link.message"].search([("state", "=", "sending")])
            row._send_claimed()
        self.assertEqual(self.states(link), ["cancelled", "queued"])
        self.send()
        self.assertEqual(self.states(link), ["cancelled", "sent"])
        self.assertEqual(len(self.emails()), 1)

    def test_two_reminders_or_receipts_of_one_link_may_wait(self):
        link = self.make_custom_link()
        rows = self.env["payment.link.message"]._ask(
            [
                {"link": link, "channel": "inbox", "kind": "notice", "key": f"notice:x{i}"}
                for i in range(2)
            ]
        )
        self.assertEqual(len(rows), 2)


class TestSendToSeveral(SendingCase):
    def test_each_gets_the_own_link(self):
        """Customers of several languages in one call."""
        self.env["res.lang"]._activate_lang("fr_FR")
        links = self.env["payment.link"]
        for index, lang in enumerate(("fr_FR", "en_US", "fr_FR")):
            partner = self.env["res.partner"].create({"name": f"P{index}", "lang": lang})
            links |= self.make_custom_link(
                partner_id=partner.id, phone=f"+1202555014{index}", email=f"p{index}@example.com"
            )
        links.send_by_sms()
        links.send_by_email()
        self.send()
        for link in links:
            [text] = self.texts(link.phone)
            self.assertIn(link.url, text["body"])
            [email] = self.emails(link.email)
            self.assertIn(link.url, email.get_body(("html",)).get_content())
