"""Text messages fit into one message, in every language they are shipped in."""

import re
from pathlib import Path

from odoo import Command, fields
from odoo.addons.serviceflow_paylinks.models import gsm
from odoo.exceptions import UserError
from odoo.tests import TransactionCase, new_test_user, tagged
from odoo.tools.translate import PoFileReader

from .sending import SendingCase

KINDS = ("invoice", "deposit", "custom", "reminder")
# What the translations say, as long as they are not in i18n/ yet; those go before these.
TEXTS = {
    "fr_FR": {
        "invoice": "{c} : merci de payer {a} pour {t} : {u}",
        "deposit": "{c} : acompte de {a} pour {t} : {u}",
        "custom": "{c} : merci de payer {a}. {t} {u}",
        "reminder": "{c} : rappel, {a} pour {t} reste à payer : {u}",
    },
    "de_DE": {
        "invoice": "{c}: bitte zahlen Sie {a} für {t}: {u}",
        "deposit": "{c}: Anzahlung von {a} für {t}: {u}",
        "custom": "{c}: bitte zahlen Sie {a}. {t} {u}",
        "reminder": "{c}: Erinnerung, {a} für {t} ist noch offen: {u}",
    },
    "es_ES": {
        "invoice": "{c}: por favor, pague {a} por {t}: {u}",
        "deposit": "{c}: anticipo de {a} para {t}: {u}",
        "custom": "{c}: por favor, pague {a}. {t} {u}",
        "reminder": "{c}: recordatorio, {a} por {t} pendiente: {u}",
    },
    "nl_NL": {
        "invoice": "{c}: graag {a} betalen voor {t}: {u}",
        "deposit": "{c}: aanbetaling van {a} voor {t}: {u}",
        "custom": "{c}: graag {a} betalen. {t} {u}",
        "reminder": "{c}: herinnering, {a} voor {t} staat nog open: {u}",
    },
}
PLACEHOLDERS = {
    "c": "{{ object._sms_company() }}",
    "a": "{{ object._sms_amount() }}",
    "t": "{{ object._sms_title() }}",
    "u": "{{ object.url }}",
}


@tagged("post_install", "-at_install")
class TestGsm(TransactionCase):
    def test_alphabet(self):
        self.assertEqual(len(gsm.BASIC), 127, "128 with the escape")
        self.assertEqual(gsm.septets("a€[b]"), 8)
        self.assertTrue(gsm.fits("Ünïque".replace("ï", "i")))
        self.assertFalse(gsm.fits("ç"))

    def test_parts(self):
        for text, parts in (
            ("a" * 160, 1),
            ("a" * 161, 2),
            ("a" * 306, 2),
            ("a" * 307, 3),
            ("€" * 80, 1),
            ("€" * 81, 2),
            ("ł" * 70, 1),
            ("ł" * 71, 2),
            ("😀" * 36, 2),
        ):
            self.assertEqual(gsm.parts(text), parts, text[:3])

    def test_transliteration(self):
        for text, plain in (
            ("Żółw & Çağ", "Zólw & Çag".replace("ó", "o")),
            ("Café “Œuvre” – 3…", 'Café "OEuvre" - 3...'),
            ("1\u202f200,00\u00a0€", "1 200,00 €"),
            ("水道屋", ""),
        ):
            self.assertEqual(gsm.transliterate(text), plain)

    def test_shorten(self):
        self.assertEqual(gsm.shorten("Brook Plumbing & Heating Ltd", 20), "Brook Plumbing")
        self.assertEqual(gsm.shorten("Donaudampfschiffahrt", 8), "Donaudam")
        self.assertEqual(gsm.shorten("Brook", 20), "Brook")


class TestSmsText(SendingCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        for lang in TEXTS:
            cls.env["res.lang"]._activate_lang(lang)
        cls.company.name = "Brook Plumbing, Heating and Air Conditioning of Łódź & Sons"
        # 60 characters of address: the rest is /pay/ and the 24 of the token.
        cls.base = "https://erp.brook-plumbing.co.us"[:31]
        cls.env["ir.config_parameter"].set_param("web.base.url", cls.base)

    def translate(self):
        """Give the templates the texts of the languages: those of i18n/ where there are any."""
        shipped = _read_shipped()
        for kind in KINDS:
            template = self.env.ref(f"serviceflow_paylinks.sms_template_{kind}")
            for lang, texts in TEXTS.items():
                name = f"serviceflow_paylinks.sms_template_{kind}"
                body = shipped.get((lang[:2], name)) or texts[kind].format(**PLACEHOLDERS)
                template.with_context(lang=lang).body = body

    def links(self, lang):
        """One link of each purpose, with as long a number and amount as a business has."""
        partner = self.env["res.partner"].create(
            {"name": "Ada", "lang": lang, "phone": "+12025550143", "email": "a@example.com"}
        )
        invoice = self.make_invoice(1234567.89, partner=partner, post=False)
        # A number of its own in each language, whatever the ids are at.
        number = 1234500000 + ("en_US", *TEXTS).index(lang)
        invoice.name = f"FACTURE/{fields.Date.today():%Y/%m}/{number}"
        invoice.action_post()
        order = self.env["sale.order"].create(
            {
                "partner_id": partner.id,
                "require_payment": True,
                "prepayment_percent": 0.5,
                "order_line": [
                    Command.create(
                        {
                            "product_id": self.env["product.product"].create({"name": "B"}).id,
                            "price_unit": 98765.43,
                        }
                    )
                ],
            }
        )
        custom = self.make_custom_link(
            88888.88,
            partner_id=partner.id,
            description="Entretien annuel de la chaudière à condensation — 2ᵉ étage",
        )
        return {
            "invoice": invoice.generate_payment_links(),
            "deposit": order.generate_deposit_links(),
            "custom": custom,
            "reminder": invoice.payment_link_ids,
        }

    def test_one_message_in_each_language(self):
        self.translate()
        for lang in ("en_US", *TEXTS):
            for kind, link in self.links(lang).items():
                with self.subTest(lang=lang, kind=kind):
                    template = self.env.ref(f"serviceflow_paylinks.sms_template_{kind}").sudo()
                    body = link._render_sms(template)
                    self.assertEqual(len(link.url), 60)
                    self.assertIn(link.url, body)
                    self.assertTrue(gsm.fits(body), body)
                    self.assertLessEqual(gsm.septets(body), 160, body)
                    self.assertNotIn("{", body)
                    self.assertTrue(body.startswith("Brook"), body)
                    amount = re.sub(r"\D", "", link._sms_amount())
                    self.assertIn(amount, re.sub(r"\D", "", body), "the amount is all there")

    def test_name_of_which_nothing_is_left(self):
        self.company.name = "水道屋"
        link = self.make_custom_link()
        body = link._preview_sms()["body"]
        self.assertTrue(body.startswith("erp.brook"), body)

    def test_preview_counts(self):
        link = self.make_custom_link(description="Boiler")
        preview = link._preview_sms()
        self.assertEqual(preview["parts"], 1)
        self.assertEqual(preview["septets"], gsm.septets(preview["body"]))
        self.assertEqual((preview["number"], preview["problem"]), ("+12025550143", ""))
        template = self.env.ref("serviceflow_paylinks.sms_template_custom")
        template.body = "Staff wrote more than fits. " * 6 + "{{ object.url }}"
        self.assertEqual(link._preview_sms()["parts"], 2)
        link.email, link.phone = False, False
        self.assertIn("no phone number", link._preview_sms()["problem"])

    def test_preview_dialog(self):
        clerk = new_test_user(self.env, "texter", "serviceflow_paylinks.group_payments_create")
        link = self.make_custom_link(description="Boiler").with_user(clerk)
        action = link.action_preview_sms()
        preview = self.env[action["res_model"]].with_user(clerk).browse(action["res_id"])
        values = link._preview_sms()
        self.assertEqual((preview.body, preview.number), (values["body"], "+12025550143"))
        self.assertEqual(preview.count, f"{values['septets']} characters: one message.")
        self.assertFalse(preview.problem)
        preview.action_send()
        self.send()
        self.assertEqual(self.texts()[0]["body"], preview.body)
        self.env.ref("serviceflow_paylinks.sms_template_custom").body = "Long " * 60
        self.env["phone.blacklist"]._add([preview.number])
        preview.invalidate_recordset()
        self.assertIn("charged as 2 messages", preview.count)
        self.assertIn("wants no text messages", preview.problem)
        with self.assertRaisesRegex(UserError, "wants no text messages"):
            preview.action_send()

    def test_the_customer_gets_what_the_preview_shows(self):
        link = self.make_custom_link(expires_at=fields.Datetime.add(fields.Datetime.now(), days=3))
        preview = link._preview_sms()
        link.send_by_sms()
        self.send()
        self.assertEqual(self.texts()[0]["body"], preview["body"])


def _read_shipped():
    """Return the texts that i18n/ holds: {(language, XML id): body}."""
    found = {}
    folder = Path(__file__).resolve().parents[1] / "serviceflow_paylinks" / "i18n"
    for path in folder.glob("*.po"):
        for row in PoFileReader(str(path)):
            if row.get("name") == "sms.template,body" and row.get("value"):
                found[path.stem[:2], row["imd_name"]] = row["value"]
    return found
