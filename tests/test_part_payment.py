"""Part payment: the customer may lower the amount to the least; nobody pays more than is owed."""

from decimal import Decimal

from odoo.addons.serviceflow_paylinks.exceptions import ChoiceError
from odoo.exceptions import ValidationError

from .payer import PartsCase


class TestPartPayment(PartsCase):
    def test_off_by_default_and_then_nothing_changes(self):
        fresh = self.env["res.company"].create({"name": "Fresh"})
        self.assertEqual((fresh.paylinks_part_payments, fresh.paylinks_part_minimum), (False, 25))
        self.company.paylinks_part_payments = False
        link = self.make_link(100)
        self.assertEqual(set(self.fields_of(link)), {"csrf_token"})
        self.assertRegex(self.read_page(link).xpath("string(//button)"), r"Pay\s+\$.?100\.00")
        self.assert_asked(link, 10000)

    def test_page_offers_the_whole_amount(self):
        link = self.make_link(1234.5)
        page = self.read_page(link)
        self.assertEqual(self.get_whole(page), "1234.50")
        self.assertRegex(page.text_content(), r"At least \$308\.62;")
        [whole] = page.xpath("//button/*[@class='whole']/text()")
        self.assertEqual(whole, "Pay $1,234.50", "one click, as without a choice")
        self.assertFalse(page.xpath("//details/@open"), "what is seldom wanted is folded away")
        self.assert_asked(link, 123450)

    def test_empty_field_is_everything(self):
        link = self.make_link(100)
        for typed in ("", " "):
            with self.subTest(typed):
                self.assert_asked(link, 10000, amount=typed)

    def test_boundaries(self):
        for typed, minor in (
            ("25", 2500),
            ("25.00", 2500),
            ("25.01", 2501),
            ("99.50", 9950),
            ("100", 10000),
            ("100.00", 10000),
        ):
            with self.subTest(typed):
                link = self.make_link(100)
                attempt = self.assert_asked(link, minor, amount=typed)
                self.assertEqual(attempt.amount, minor / 100)
                self.sandbox.dashboard.expire(attempt.checkout_ref)

    def test_below_the_least(self):
        link = self.make_link(100)
        for typed in ("24.99", "0.01", "0", "0.00"):
            with self.subTest(typed):
                back = self.assert_refused(link, r"least .* \$25\.00", amount=typed)
                self.assertEqual(back.forms[0].fields["amount"], typed, "what was typed stays")
        self.assertFalse(link.transaction_ids)

    def test_rest_that_could_not_be_charged(self):
        link = self.make_link(100)
        for typed in ("99.51", "99.99"):
            with self.subTest(typed):
                self.assert_refused(link, r"all of \$100\.00, or at most \$99\.50", amount=typed)

    def test_more_than_is_owed_is_lowered_and_said(self):
        link = self.make_link(100)
        for typed in ("100.01", "2500", "999999999999999"):
            with self.subTest(typed):
                back = self.assert_refused(link, r"lowered to \$100\.00", amount=typed)
                self.assertEqual(self.get_whole(back), "100.00")
        self.assert_asked(link, 10000, amount="100.00")

    def test_what_is_no_amount(self):
        link = self.make_link(100)
        junk = ("-5", "abc", "NaN", "Infinity", "1e9", "50e", "1.234", "<b>", "9" * 500)
        for typed in junk:
            with self.subTest(typed):
                back = self.assert_refused(link, r"Write it like 100\.00", amount=typed)
                self.assertFalse(back.xpath("//b"), "what was typed is escaped")
                self.assertLessEqual(len(back.forms[0].fields["amount"]), 40)
                self.assertTrue(back.xpath("//details/@open"), "and can be mended at once")
        files = {"amount": ("x.txt", b"50"), "tip_other": ("y.txt", b"5")}
        data = {"csrf_token": self.fields_of(link)["csrf_token"]}
        answer = self.url_open(self.path(link, "/checkout"), data=data, files=files)
        self.assertEqual(answer.status_code, 422)
        self.assertFalse(link.transaction_ids)

    def test_notations_of_the_customers_language(self):
        cases = {
            "fr_FR": {"1234,50": 123450, "1 234,50": 123450, "1\u202f234,5": 123450},
            "de_DE": {"1.234,50": 123450, "1.234": 123400, "1234.5": 123450},
            "ar_001": {"١٢٣٤٫٥٠": 123450},
            "en_US": {"1,234.50": 123450, "1,234": 123400, "$1,234.50": 123450},
        }
        for lang, texts in cases.items():
            self.env["res.lang"]._activate_lang(lang)
            self.customer.lang = lang
            for text, minor in texts.items():
                with self.subTest(lang=lang, text=text):
                    link = self.make_link(2000)
                    attempt = self.assert_asked(link, minor, amount=text)
                    self.sandbox.dashboard.expire(attempt.checkout_ref)
        self.customer.lang = "de_DE"
        link = self.make_link(1234.5)
        self.assertEqual(self.get_whole(self.read_page(link)), "1234,50")
        self.assert_refused(link, "1234,50", amount="1,234")  # thousandths, or thousands in English
        self.assert_asked(link, 123450)

    def test_nothing_to_choose_where_no_part_is_possible(self):
        for owed in (0.5, 0.74, 0.99):
            with self.subTest(owed):
                self.assertNotIn("amount", self.fields_of(self.make_link(owed)))
        link = self.make_link(1)
        self.assertEqual(link._get_part_bounds(Decimal("1.00")), (Decimal("0.50"), Decimal("0.50")))
        self.assert_asked(link, 50, amount="0.50")

    def test_what_was_agreed_on_is_not_lowered(self):
        """A fixed amount, a custom one and a deposit: the page asks for them as they are."""
        invoice = self.make_invoice(100)
        fixed = self.env["payment.link"].create({"invoice_id": invoice.id, "amount": 60})
        for link in (fixed, self.make_custom_link(60)):
            self.assertNotIn("amount", self.fields_of(link))
            self.assert_refused(link, r"only be paid in full: \$60\.00", amount="30")
            with self.assertRaises(ChoiceError):
                link.start_checkout(Decimal(30))

    # -- the server decides --

    def test_server_never_asks_for_more_than_is_owed(self):
        link = self.make_link(100)
        attempt, _older = link._reserve_attempt(amount=Decimal(150))
        self.assertEqual(attempt.checkout_request["amount"], 10000)

    def test_server_refuses_what_the_page_would_not_send(self):
        link = self.make_link(100)
        for amount in ("24.99", "99.60", "-30", "0", "50.005"):
            with self.subTest(amount), self.assertRaises(ChoiceError):
                link.start_checkout(amount=Decimal(amount))
        self.assertFalse(link.transaction_ids)

    def test_double_click_gives_the_same_session(self):
        link = self.make_link(100)
        first = self.press_pay(link, amount="40").headers["Location"]
        self.assertEqual(self.press_pay(link, amount="40,00").headers["Location"], first)
        self.assertEqual(len(link.transaction_ids), 1)

    def test_two_tabs_with_different_amounts(self):
        link = self.make_link(100)
        page = self.read_page(link)
        first = self.assert_asked(link, 4000, page=page, amount="40")
        second = self.assert_asked(link, 5000, page=page, amount="50")
        self.assertEqual((first.state, first.checkout_open), ("cancel", False))
        third = self.assert_asked(link, 10000, page=page)
        self.assertEqual((second.state, third.checkout_open), ("cancel", True))

    def test_older_tab_was_paid_meanwhile(self):
        link = self.make_link(100)
        first = self.assert_asked(link, 4000, amount="40")
        self.sandbox.customer.pay(first.checkout_ref)
        self.sandbox.webhooks.clear()
        attempt = self.assert_asked(link, 5000, amount="50")
        self.assertEqual((first.state, attempt.state), ("done", "draft"))
        self.assertEqual(link.invoice_id.amount_residual, 60, "the first is booked")

    # -- the settings --

    def test_least_part_is_a_percentage(self):
        for percent in (0, -1, 100, 250):
            with self.subTest(percent), self.assertRaisesRegex(ValidationError, "from 1 to 99"):
                self.company.paylinks_part_minimum = percent

    def test_settings_are_the_companys(self):
        settings = self.env["res.config.settings"].create(
            {"paylinks_part_payments": True, "paylinks_part_minimum": 40}
        )
        settings.execute()
        self.assertEqual(self.company.paylinks_part_minimum, 40)
        other = self.env["res.company"].create({"name": "Other"})
        self.assertEqual(other.paylinks_part_minimum, 25)
