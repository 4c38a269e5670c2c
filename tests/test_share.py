"""Passing a link on from the clerk's own device."""

import base64

from odoo.exceptions import AccessError, UserError
from odoo.tests import new_test_user
from odoo.tools import mute_logger

from .common import PaylinksCase


class TestShare(PaylinksCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.clerk = new_test_user(
            cls.env, "paylinks_clerk", "serviceflow_paylinks.group_payments_create"
        )

    def test_text(self):
        link = self.make_link(100)
        name = link.invoice_id.name
        self.assertEqual(link.share_title, f"Brook Plumbing: Invoice {name}")
        self.assertEqual(
            link.share_text,
            f"Brook Plumbing: Invoice {name}, $\xa0100.00. Pay here: {link.url}",
        )

    def test_text_is_in_the_customers_language(self):
        """Numbers as that language writes them; words once they are translated."""
        self.env["res.lang"]._activate_lang("fr_FR")
        self.customer.lang = "fr_FR"
        link = self.make_link(1234.5)
        self.assertIn("1\xa0234,50", link.with_user(self.clerk).share_text)
        self.customer.lang = "en_US"
        link.invalidate_recordset()
        self.assertIn("1,234.50", link.share_text)

    def test_what_the_dialog_shows(self):
        link = self.make_link(100)
        values = link.with_user(self.clerk).get_share_values()
        self.assertEqual(values["customer"], "Ada Payer")
        self.assertEqual(values["amount"], "$\xa0100.00")
        self.assertEqual(values["document"], link.invoice_id.display_name)
        self.assertEqual(values["url"], link.url)
        self.assertEqual((values["email"], values["phone"]), ("ada@example.com", "+12025550143"))
        self.assertTrue(base64.b64decode(values["qr_code"]).startswith(b"\x89PNG"))
        self.assertEqual(values["problem"], "")

    def test_without_any_contact(self):
        partner = self.env["res.partner"].create({"name": "Silent Payer"})
        values = self.make_custom_link(partner_id=partner.id).get_share_values()
        self.assertEqual((values["email"], values["phone"]), ("", ""))

    def test_a_link_that_nobody_can_pay_says_so(self):
        link = self.make_link()
        link.cancel()
        self.assertIn("“Deleted”", link.get_share_values()["problem"])

    def test_shared_is_noted_and_not_sent(self):
        link = self.make_link()
        for channel, words in (
            ("email", "by email"),
            ("sms", "by SMS"),
            ("whatsapp", "by WhatsApp"),
            ("device", "by another app"),
        ):
            with self.subTest(channel):
                link.with_user(self.clerk).note_shared(channel)
                body = link.message_ids[0].body
                self.assertIn(f"shared the link {words} from the own device", body)
                self.assertIn(self.clerk.name, body)
        self.assertFalse(link.sent_at)
        with self.assertRaisesRegex(UserError, "shared by email, SMS"):
            link.note_shared("pigeon")

    def test_rights(self):
        link = self.make_link()
        for groups in ("serviceflow_paylinks.group_payments_view", "base.group_portal"):
            user = new_test_user(self.env, f"nobody_{groups[-4:]}", groups)
            for call in (
                lambda link: link.note_shared("sms"),
                lambda link: link.get_share_values(),
            ):
                with self.assertRaises(AccessError), mute_logger("odoo.models"):
                    call(link.with_user(user))
