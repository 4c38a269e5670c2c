"""One run of the schedule: its connections, its order, silent services, what links are told."""

from unittest.mock import patch

from odoo import fields
from odoo.addons.base.models import ir_mail_server
from odoo.addons.serviceflow_paylinks.models import payment_link_round
from odoo.tools import mute_logger
from psycopg2.errors import SerializationFailure

from .sending import SendingCase

MAIL_LOGS = ("odoo.addons.mail.models.mail_mail", "odoo.addons.base.models.ir_mail_server")
QUEUE_LOG = "odoo.addons.serviceflow_paylinks.models.payment_link_queue"
EMAIL_LOG = "odoo.addons.serviceflow_paylinks.models.payment_link_queue_email"


class TestSendRound(SendingCase):
    def links(self, count):
        return self.env["payment.link"].concat(*(self.make_custom_link() for _i in range(count)))

    def test_emails_share_a_connection(self):
        self.mail_server.connections = 0
        links = self.links(6)
        links.send_by_email()
        self.send()
        self.assertEqual(self.states(links), ["sent"] * 6)
        self.assertEqual(self.mail_server.connections, 1)

    def test_a_connection_brings_so_many_and_one_that_is_gone_is_made_anew(self):
        self.mail_server.connections = 0
        links = self.links(4)
        links.send_by_email()
        with patch.object(payment_link_round, "MOST_EMAILS", 2):
            self.send()
        self.assertEqual(self.mail_server.connections, 2)
        with patch.object(payment_link_round.KeptConnection, "is_good", lambda _kept: False):
            links.send_by_email()
            self.send()
        self.assertEqual(self.mail_server.connections, 6)
        self.assertEqual(len(self.emails()), 8)

    @mute_logger(*MAIL_LOGS)
    def test_a_dead_mail_server_is_tried_once_and_holds_no_text_message_up(self):
        links = self.links(3)
        links.send_by_email()
        links.send_by_sms()
        connect = type(self.env["ir.mail_server"])._connect__
        tries = []

        def count(*args, **kwargs):
            tries.append(kwargs)
            return connect(*args, **kwargs)

        with (
            self.mail_server_down(),
            patch.object(type(self.env["ir.mail_server"]), "_connect__", count),
        ):
            self.send()
        emails = self.rows(links).filtered(lambda row: row.channel == "email")
        texts = self.rows(links) - emails
        self.assertEqual(len(tries), 1)
        self.assertEqual(set(texts.mapped("state")), {"sent"})
        self.assertEqual(set(emails.mapped("state")), {"queued"})
        self.assertTrue(all(at > fields.Datetime.now() for at in emails.mapped("scheduled_at")))
        self.assertEqual(sorted(emails.mapped("tries")), [0, 0, 1])
        emails.scheduled_at = False
        self.send()
        self.assertEqual(set(emails.mapped("state")), {"sent"})

    @mute_logger(*MAIL_LOGS)
    def test_mail_server_that_falls_silent_leaves_it_uncertain(self):
        """It may have taken the message: it is not sent again by itself, nor called a failure."""
        links = self.links(2)
        links.send_by_email()
        self.mail_server.silent.set()
        self.addCleanup(self.mail_server.silent.clear)
        with patch.object(ir_mail_server, "SMTP_TIMEOUT", 1):
            self.send()
        self.mail_server.silent.clear()
        rows = self.rows(links)
        self.assertEqual(rows.mapped("state"), ["unknown", "queued"])
        self.assertIn("not certain", rows[0].reason)
        self.assertGreater(rows[1].scheduled_at, fields.Datetime.now())
        self.assertTrue(self.activities(links[0]))
        self.env["mail.mail"].process_email_queue()
        self.env["mail.mail"].sudo().search([("state", "=", "exception")]).mark_outgoing()
        self.env["mail.mail"].process_email_queue()
        self.assertEqual(len(self.mail_server.messages), 1)

    def test_what_a_person_asked_for_goes_before_what_a_setting_did(self):
        links = self.links(3)
        for link, automatic in zip(links, (True, True, False), strict=True):
            link._ask_to_send("email", automatic=automatic)
        links[1]._ask_to_send("sms", automatic=True)
        order = []
        claim = type(self.env["payment.link.message"])._claim_next

        def note(rows):
            row = claim(rows)
            order.append((row.link_id, row.channel))
            return row

        with patch.object(type(self.env["payment.link.message"]), "_claim_next", note):
            self.send()
        expected = [
            (links[2], "email"),
            (links[1], "sms"),
            (links[0], "email"),
            (links[1], "email"),
        ]
        self.assertEqual([(link, channel) for link, channel in order if link], expected)

    def test_texts_have_a_schedule_of_their_own(self):
        link = self.make_custom_link()
        link.send_by_email()
        link.send_by_sms()
        self.run_schedule("cron_send_texts")
        self.assertEqual((len(self.emails()), len(self.texts())), (0, 1))
        crons = self.env.ref("serviceflow_paylinks.cron_send_texts")
        self.assertTrue(self.env["ir.cron.trigger"].search([("cron_id", "=", crons.id)]))

    # -- the link is told --

    def test_killed_before_the_link_was_told(self):
        link = self.make_custom_link()
        link.send_by_email()
        rows = self.registry["payment.link.message"]
        with patch.object(rows, "_tell_link_later", lambda _row: None):
            self.send()
        self.assertEqual(self.states(link), ["sent"])
        self.assertFalse(link.sent_at)
        self.send()
        self.assertTrue(link.sent_at)
        self.assertFalse(self.rows(link).to_tell)
        self.assertEqual(len(self.emails()), 1)

    def test_telling_that_goes_wrong_stops_no_other(self):
        links = self.links(2)
        links.send_by_email()
        rows = self.registry["payment.link.message"]
        tell = rows._tell_link

        def tell_or_die(row):
            if row.link_id == links[0]:
                raise ValueError("a faulty addon")
            return tell(row)

        with (
            patch.object(rows, "_tell_link", tell_or_die),
            self.assertLogs(QUEUE_LOG, "ERROR"),
        ):
            self.send()
        self.assertEqual(links.mapped(lambda link: bool(link.sent_at)), [False, True])
        self.send()
        self.assertTrue(links[0].sent_at)

    # -- Odoo's own mail queue --

    def test_odoos_queue_never_fails_by_us(self):
        """It has sent the email: were its transaction rolled back, it would send it again."""
        link = self.make_custom_link()
        mail = self.env["mail.mail"].create({"email_to": "ada@example.com", "subject": "x"})
        row = self.env["payment.link.message"]._ask(
            [
                {
                    "link": link,
                    "channel": "email",
                    "key": "test",
                    "mail_message_id": mail.mail_message_id.id,
                }
            ]
        )
        row._set_state("handed")
        rows = self.registry["payment.link.message"]

        def fail(*_arguments):
            raise SerializationFailure("somebody else changed it")

        with (
            patch.object(rows, "_apply_email_result", fail),
            self.assertLogs(EMAIL_LOG, "WARNING"),
        ):
            mail.send()
        self.assertEqual((mail.state, row.state), ("sent", "handed"))
