"""Tips: off by default, a line of their own at Stripe and in the books, and never the invoice's."""

from decimal import Decimal

from lxml import html
from odoo import Command
from odoo.addons.serviceflow_paylinks.exceptions import ChoiceError

from .page import PHONE
from .payer import TipsCase


class TestTips(TipsCase):
    # -- the page --

    def test_off_by_default(self):
        self.assertFalse(self.env["res.company"].create({"name": "Fresh"}).paylinks_tips)
        self.company.paylinks_tips = False
        link = self.make_link(100)
        self.assertEqual(set(self.get_fields(self.read_page(link))), {"csrf_token"})
        self.assert_refused(link, "cannot be added any more", tip="10.00")

    def test_page_offers_them_and_presses_none(self):
        link = self.make_link(123.45)
        page = self.read_page(link)
        self.assertEqual(page.xpath("//legend/text()"), ["Add a tip?"])
        values = page.xpath("//input[@type='radio']/@value")
        self.assertEqual(values, ["0", "12.34", "18.51", "24.69"])
        self.assertEqual(page.xpath("//input[@checked]/@value"), ["0"])
        self.assertNotIn("amount", self.get_fields(page), "the amount itself is no choice")
        attempt = self.assert_asked(link, 12345)
        self.assertEqual((attempt.amount, attempt.tip_amount), (123.45, 0))

    def test_ticked(self):
        attempt = self.assert_asked(self.make_link(100), 10000, 1500, tip="15.00")
        self.assertEqual((attempt.amount, attempt.tip_amount), (115, 15))

    def test_typed(self):
        for typed, minor in (("7.50", 750), ("7,5", 750), ("$7", 700), ("0.01", 1), ("100", 10000)):
            with self.subTest(typed):
                link = self.make_link(100)
                attempt = self.assert_asked(link, 10000, minor, tip_other=typed)
                self.sandbox.dashboard.expire(attempt.checkout_ref)

    def test_nothing_typed_is_no_tip(self):
        for typed in ("", "0", "0.00"):
            with self.subTest(typed):
                link = self.make_link(100)
                attempt = self.assert_asked(link, 10000, tip_other=typed)
                self.sandbox.dashboard.expire(attempt.checkout_ref)

    def test_stripes_page_names_it_in_the_customers_language(self):
        for code in ("fr_FR", "de_DE"):
            self.env["res.lang"]._activate_lang(code)
        # The customer's own; else the one that the page speaks, which is the browser's.
        for own, browsers, name in (
            ("en_US", "de", "Tip"),
            ("fr_FR", "de", "Pourboire"),
            (False, "de", "Trinkgeld"),
        ):
            self.customer.lang = own
            self.opener.headers["Accept-Language"] = browsers
            attempt = self.assert_asked(self.make_link(100), 10000, 1500, tip="15.00")
            notes = self.sandbox.store.notes(attempt.checkout_ref)
            self.assertEqual([product["name"] for product in notes["products"]][1], name)
            self.sandbox.dashboard.expire(attempt.checkout_ref)

    def test_typing_error_is_asked_about(self):
        link = self.make_link(100)
        self.assert_refused(
            link, r"1,500\.00 is more than .*100\.00 .* mean \$15\.00\?", tip_other="1500"
        )
        self.assert_refused(link, r"Did you mean \$1\.00\?", tip_other="100.01")
        self.assert_refused(link, "enter a smaller one", tip_other="9999999")
        yen = self.make_link(1000, currency=self.activate("JPY", 150))
        self.assert_refused(yen, "enter a smaller one", tip_other="1001")
        self.assert_asked(yen, 1000, 1000, tip_other="1000")

    def test_ticked_and_typed(self):
        link = self.make_link(100)
        back = self.assert_refused(
            link, r"ticked .*15\.00 and typed .*5\.00", tip="15.00", tip_other="5"
        )
        self.assertEqual(back.xpath("//input[@checked]/@value"), ["15.00"])
        self.assertEqual(back.forms[0].fields["tip_other"], "5")
        self.assert_asked(link, 10000, 1500, tip="15.00", tip_other="15")

    def test_junk(self):
        link = self.make_link(100)
        for typed in ("-5", "x", "NaN", "Infinity", "1e1", "5.005", "1.234", "£5"):
            with self.subTest(typed):
                self.assert_refused(link, "Write it like", tip_other=typed)
        for ticked in ("-5", "x", "NaN", "1e1", "5.005", "1,50", "9" * 99, "5\n"):
            with self.subTest(ticked):
                self.assert_refused(link, "Write it like", tip=ticked)
        self.assertFalse(link.transaction_ids)
        with self.assertRaises(ChoiceError):
            link.start_checkout(tip=Decimal("-5"))

    def test_presets_are_the_companys(self):
        link = self.make_link(100)
        for presets, values in (
            ("5", ["0", "5.00"]),
            ("", []),
            ("20; 5 %", ["0", "20.00", "5.00"]),
        ):
            with self.subTest(presets):
                self.take_tips(presets)
                page = self.read_page(link)
                self.assertEqual(page.xpath("//input[@type='radio']/@value"), values)
                self.assertTrue(page.xpath("//input[@name='tip_other']"))

    def test_no_tip_on_a_deposit(self):
        order = self.env["sale.order"].create(
            {
                "partner_id": self.customer.id,
                "require_signature": False,
                "require_payment": True,
                "prepayment_percent": 0.5,
                "order_line": [
                    Command.create({"name": "Boiler", "price_unit": 200, "tax_ids": False})
                ],
            }
        )
        link = order.generate_deposit_links()
        self.assertNotIn("tip", self.get_fields(self.read_page(link)))
        self.assert_refused(link, "cannot be added", tip="10.00")

    def test_clicks_with_other_tips(self):
        link = self.make_link(100)
        page = self.read_page(link)
        first = self.assert_asked(link, 10000, 1500, page=page, tip="15.00")
        self.assertEqual(self.assert_asked(link, 10000, 1500, page=page, tip="15.00"), first)
        second = self.assert_asked(link, 10000, 1000, page=page, tip="10.00")
        self.assertEqual((first.state, second.checkout_open), ("cancel", True))
        third = self.assert_asked(link, 10000, page=page)
        self.assertEqual((second.state, third.checkout_open), ("cancel", True))
        # 115 without a tip are not 100 and a tip of 15, though Stripe would be asked for as much.
        fourth = self.assert_asked(link, 10000, 1500, page=page, tip="15.00")
        self.assertTrue(link._fits(fourth, Decimal("100.00"), Decimal("15.00")))
        self.assertFalse(link._fits(fourth, Decimal("115.00"), Decimal(0)))

    def test_tips_turned_off_closes_an_open_page(self):
        link = self.make_link(100)
        page = self.read_page(link)
        attempt = self.assert_asked(link, 10000, 1500, page=page, tip="15.00")
        self.assertFalse(attempt._is_stale())
        self.company.paylinks_tips = False
        self.assertTrue(attempt._is_stale())
        self.assert_refused(link, "without one", page, tip="15.00")
        self.assert_asked(link, 10000, page=page)

    def test_tip_on_a_part(self):
        self.allow_parts()
        link = self.make_link(100)
        self.assert_refused(link, "more than the payment", amount="25", tip_other="25.01")
        self.assert_asked(link, 2500, 2500, amount="25", tip_other="25")
        attempt = self.pay_with(link, amount="40", tip="10.00")
        self.assertEqual((attempt.amount, attempt.tip_amount), (50, 10))
        self.assertEqual((link.amount, link.amount_paid, link.amount_tip), (60, 40, 10))
        self.assert_books(self.payments(), money=(50, 50), customer=(-40, -40), tip=(-10, -10))

    def test_what_was_chosen_is_there_again_after_a_look_at_stripes_page(self):
        """By Stripe's way back and by the browser's own; in another browser it is nobody's."""
        self.allow_parts()
        for typed in (
            {"amount": "40.00", "tip": "15.00"},
            {"amount": "40.00", "tip_other": "3.21"},
        ):
            link = self.make_link(100)
            opened = html.fromstring(self.open_page(link, headers=PHONE).text)
            self.assertEqual(self.press_pay(link, opened, **typed).status_code, 303)
            for suffix in ("", "?back=1"):
                answer = self.url_open(self.path(link, suffix), headers=PHONE)
                page = html.fromstring(answer.text)
                fields = self.get_fields(page)
                self.assertEqual({name: fields[name] for name in typed}, typed)
                self.assertEqual(fields["shown"], "100.00", "what it speaks of is owed as ever")
            self.opener.cookies.clear()
            fields = self.get_fields(self.read_page(link))
            self.assertEqual((fields["amount"], fields["tip_other"]), ("", ""))

    def test_nothing_is_recalled_once_it_was_paid(self):
        self.allow_parts()
        link = self.make_link(100)
        self.pay_with(link, amount="40.00", tip="15.00")
        fields = self.get_fields(self.read_page(link))
        self.assertEqual((fields["amount"], fields["tip"]), ("", "0"))
