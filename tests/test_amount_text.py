"""Amounts as people type them, in the notation of their language or of their neighbours."""

from decimal import Decimal

from odoo.addons.serviceflow_paylinks.amount_text import read_amount, write_amount
from odoo.tests import BaseCase, tagged

# language: (decimal point, thousands separator), as Odoo's languages have them
LANGUAGES = {
    "en": (".", ","),
    "de": (",", "."),
    "fr": (",", "\u202f"),
    "es": (",", "."),
    "nl": (",", "."),
    "de_CH": (".", "'"),
    "pt_old": (",", ""),
}
EVERYWHERE = {
    "25": "25",
    " 25 ": "25",
    "25.5": "25.5",
    "25,5": "25.5",
    "25.50": "25.50",
    "25,50": "25.50",
    ".50": "0.50",
    "0025,50": "25.50",
    "1.234,50": "1234.50",
    "1,234.50": "1234.50",
    "1 234,50": "1234.50",
    "1\u00a0234,50": "1234.50",
    "1\u202f234.50": "1234.50",
    "1'234.50": "1234.50",
    "1’234,50": "1234.50",
    "1 234": "1234",
    "1'234": "1234",
    "1,234,567": "1234567",
    "1.234.567": "1234567",
    "12,34,567.50": "1234567.50",
    "1.234.567,89": "1234567.89",
    "١٢٣٤٫٥٠": "1234.50",
    "١٬٢٣٤٫٥٠": "1234.50",
    "۲۵٫۵": "25.5",
    "२५.५०": "25.50",
    "２５．５０": "25.50",
    "￥２５": "25",
    "\u200e25.50\u200f": "25.50",
    "$25.50": "25.50",
    "25,50 $": "25.50",
    "usd 25": "25",
    "25 USD": "25",
    "$ 1,234.50 USD": "1234.50",
    "0": "0",
    "0,00": "0",
    "0.125": "0.125",
}
NOWHERE = (
    "", " ", "-5", "−5", "+5", "5-", "abc", "25 apples", "1e9", "1E3", "NaN", "nan", "Infinity",
    "inf", "0x10", "²", "5²", "½", "①", "1..5", "1,,5", "1.5.", "25.", ",", ".", "1.2.3", "1 2 3",
    "12 34,50x", "1,23.4.5", "1.234'567,00", "1,2345,678", "0,123,456", "1234,567.00", "€25",
    "25 EUR", "1\n2", "1\x002", "1_000", "--", "1,234.567,89", "9" * 16, "9" * 41, None, 25, 25.5,
    b"25", ["25"],
)  # fmt: skip
# Three digits after the only separator: (text, language, what it is; None: it may be two things)
BY_LANGUAGE = (
    ("1,234", "en", "1234"),
    ("1.234", "en", None),
    ("1.234", "de", "1234"),
    ("1,234", "de", None),
    ("1.234", "fr", None),
    ("1,234", "fr", None),
    ("1,234", "de_CH", None),
    ("1.234", "de_CH", None),
    ("12.345", "nl", "12345"),
    ("12,345", "pt_old", None),
)


@tagged("post_install", "-at_install")
class TestAmountText(BaseCase):
    def read(self, text, language="en", places=2, marks=("$", "USD", "￥")):
        return read_amount(text, *LANGUAGES[language], places, marks)

    def test_what_means_one_thing_is_read_in_every_language(self):
        for language in LANGUAGES:
            for text, value in EVERYWHERE.items():
                with self.subTest(language=language, text=text):
                    self.assertEqual(self.read(text, language), Decimal(value))

    def test_what_is_no_amount_is_none_in_any_language(self):
        for language in LANGUAGES:
            for text in NOWHERE:
                with self.subTest(language=language, text=text):
                    self.assertIsNone(self.read(text, language))

    def test_thousands_or_thousandths_is_the_languages_to_say(self):
        for text, language, value in BY_LANGUAGE:
            with self.subTest(language=language, text=text):
                self.assertEqual(self.read(text, language), value and Decimal(value))

    def test_three_decimals(self):
        self.assertEqual(self.read("12.340", "en", 3), Decimal("12.340"))
        self.assertEqual(self.read("12,340", "de", 3), Decimal("12.340"))
        self.assertEqual(self.read("12,340", "en", 3), Decimal(12340))
        self.assertIsNone(self.read("12.340", "fr", 3))

    def test_no_float_on_the_way(self):
        amount = self.read("999999999999.99")
        self.assertIsInstance(amount, Decimal)
        self.assertEqual(str(amount), "999999999999.99")

    def test_what_the_page_writes_is_what_it_reads(self):
        for language, (point, _thousands) in LANGUAGES.items():
            for places, text in (
                (2, "1234.50"),
                (0, "1234"),
                (3, "1.230"),
                (2, "0.05"),
                (0, "123"),
            ):
                amount = Decimal(text)
                with self.subTest(language=language, text=text):
                    written = write_amount(amount, point, places)
                    self.assertEqual(self.read(written, language, places), amount)
