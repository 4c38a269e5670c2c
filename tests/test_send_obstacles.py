"""What nobody could pay is not sent, nor is what its addressees do not want; and it is said."""

from datetime import timedelta

from freezegun import freeze_time
from odoo import Command, fields
from odoo.exceptions import UserError, ValidationError
from odoo.tests import Form
from odoo.tools import mute_logger

from .deposits import DepositCase
from .sending import SendingCase

QUEUE_LOG = "odoo.addons.serviceflow_paylinks.models.payment_link_queue"


class TestDeadLinks(SendingCase, DepositCase):
    def test_quotation_whose_time_is_over(self):
        order = self.make_order(validity_date=fields.Date.today() + timedelta(days=2))
        link = order.generate_deposit_links()
        link.expires_at = False
        link.send_by_email()
        order.validity_date = fields.Date.today() - timedelta(days=1)
        self.assertEqual(link.state, "active")
        self.send()
        self.assertFalse(self.emails())
        self.assertIn("is over", self.rows(link).reason)
        with self.assertRaisesRegex(UserError, "Enter a later expiration"):
            link.send_by_email()
        order.validity_date = fields.Date.today() + timedelta(days=2)
        link.send_by_email()
        self.send()
        self.assertEqual(len(self.emails()), 1)

    def test_stripe_was_disconnected(self):
        link = self.make_link()
        link.send_by_email()
        self.provider.write({"state": "disabled", "stripe_secret_key": False})
        self.send()
        self.assertFalse(self.emails())
        self.assertIn("Stripe is not connected", self.rows(link).reason)
        with self.assertRaisesRegex(UserError, "Stripe is not connected"):
            link.send_by_sms()

    def test_nobody_is_reminded_of_a_dead_link(self):
        self.env["payment.link.reminder.rule"].search([]).unlink()
        self.env["payment.link.reminder.rule"].create({"days": 2, "moment": "before_expiry"})
        order = self.make_order(validity_date=fields.Date.today() + timedelta(days=9))
        link = order.generate_deposit_links()
        link.expires_at = fields.Datetime.now() + timedelta(days=1)
        link.sudo().sent_at = fields.Datetime.now() - timedelta(days=3)
        order.validity_date = fields.Date.today() - timedelta(days=1)
        self.run_schedule("cron_send_reminders")
        self.send()
        self.assertFalse(self.emails())
        self.assertEqual(self.states(link), ["cancelled"])


class TestRecipients(SendingCase):
    def compose(self, link, partners):
        context = link.action_compose_email()["context"]
        composer = Form(self.env["mail.compose.message"].with_context(context)).save()
        composer.partner_ids = partners
        composer.action_send_mail()

    def partner(self, name):
        return self.env["res.partner"].create({"name": name, "email": f"{name}@example.com"})

    def test_chosen_recipients_are_asked_not_the_links_address(self):
        link = self.make_link()
        bo = self.partner("bo")
        self.compose(link, bo)
        link.email = False
        self.send()
        self.assertEqual(self.states(link), ["sent"], "Bo has an address")
        self.assertEqual(len(self.emails("bo@example.com")), 1)

    def test_chosen_recipient_who_wants_none(self):
        link = self.make_link()
        self.env["mail.blacklist"]._add("bo@example.com")
        self.compose(link, self.partner("bo"))
        self.send()
        self.assertEqual(self.states(link), ["cancelled"])
        self.assertIn("bo@example.com is on the email blacklist", self.rows(link).reason)
        self.assertFalse(self.mail_server.messages)


class TestWizardSaysIt(SendingCase):
    def test_who_wants_none_is_named_before_and_after(self):
        out = self.env["res.partner"].create({"name": "Out", "email": "out@example.com"})
        self.env["mail.blacklist"]._add("out@example.com")
        self.env["phone.blacklist"]._add(["+12025550143"])
        invoices = self.make_invoice() | self.make_invoice(partner=out)
        wizard = self.env["payment.link.generate"].create(
            {
                "purpose": "invoice",
                "invoice_ids": [Command.set(invoices.ids)],
                "send_email": True,
                "send_sms": True,
            }
        )
        self.assertIn("Want no emails, so not sent by email: Out", wizard.preview)
        self.assertIn("Want no text messages, so not sent by SMS: Ada", wizard.preview)
        wizard.action_generate()
        lines = self.env["payment.link.generate.line"].search([("wizard_id", "=", wizard.id)])
        notes = {line.partner_id.name: line.note for line in lines}
        self.assertIn("wants no emails", notes["Out"])
        self.assertIn("ada@example.com, wants no text messages", notes["Ada Payer"])


class TestQuietIsSaid(SendingCase):
    def setUp(self):
        super().setUp()
        self.company.write({"paylinks_quiet_from": 20, "paylinks_quiet_until": 8})
        self.customer.tz = "America/New_York"

    def test_clerk_is_told(self):
        link = self.make_link()
        with freeze_time("2026-07-15 02:00:00"):  # 22:00 in New York
            answer = link.send_by_sms()["params"]["message"]
            self.assertIn("quiet hours are over: 1.", answer)
            self.assertNotIn("quiet", link.send_by_email()["params"]["message"])
            preview = link._preview_sms()
        self.assertIn("8:00", preview["held"])
        self.assertFalse(preview["problem"])
        with freeze_time("2026-07-15 14:00:00"):
            self.assertNotIn("quiet", link.send_by_sms()["params"]["message"])
            self.assertEqual(link._preview_sms()["held"], "")

    def test_zone_of_the_creator_where_nothing_better_is_known(self):
        self.customer.tz = self.company.partner_id.tz = False
        link = self.make_link()
        link.user_id.tz = "Asia/Tokyo"
        self.assertEqual(str(link._get_zone()), "Asia/Tokyo")

    def test_quiet_by_night_by_default(self):
        company = self.env["res.company"].create({"name": "New"})
        self.assertEqual((company.paylinks_quiet_from, company.paylinks_quiet_until), (20, 8))


class TestTemplates(SendingCase):
    def test_template_of_another_model_is_refused(self):
        """The schedule runs as superuser: it would render any record there is."""
        template = self.env["mail.template"].create(
            {"name": "x", "model_id": self.env.ref("account.model_account_move").id}
        )
        values = {"days": 3, "moment": "before_due", "email_template_id": template.id}
        rules = self.env["payment.link.reminder.rule"]
        with self.assertRaises(ValidationError):
            rules.create(values)
        template.model_id = self.env.ref("serviceflow_paylinks.model_payment_link")
        rule = rules.create(values)
        template.model_id = self.env.ref("account.model_account_move")
        link = self.make_link()
        self.assertEqual(
            link._get_template("email", "reminder", rule),
            self.env.ref("serviceflow_paylinks.mail_template_reminder"),
            "changed afterwards, it is passed over",
        )

    def test_broken_placeholder_in_a_text_message(self):
        broken, good = self.make_custom_link(), self.make_link()
        template = self.env.ref("serviceflow_paylinks.sms_template_custom")
        template.body = "{{ object.invoice_id.name.upper() }}"  # It has no invoice.
        (broken | good).send_by_sms()
        with mute_logger("odoo.addons.mail.models.mail_render_mixin", QUEUE_LOG):
            self.send()
        self.assertEqual(self.states(broken | good), ["failed", "sent"])
        self.assertIn(template.name, self.rows(broken).reason)
        self.assertTrue(self.activities(broken))
