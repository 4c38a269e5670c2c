"""Part payment: the customer may lower the amount to the least; nobody pays more than is owed."""

from datetime import timedelta
from decimal import Decimal

from odoo import Command, fields
from odoo.addons.serviceflow_paylinks.exceptions import ChoiceError
from odoo.exceptions import ValidationError

from .payer import PayerCase


class TestPartPayment(PayerCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.allow_parts()

    def fields_of(self, link):
        return self.get_fields(self.read_page(link))

    # -- whether, and between what --

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

    # -- what changes between the page and the click --

    def test_paid_partly_elsewhere(self):
        link = self.make_link(100)
        page = self.read_page(link)
        self.pay_by_bank_transfer(link.invoice_id, 70)
        self.assert_asked(link, 3000, page=page)  # untouched: everything, which has become less
        self.assert_refused(link, r"lowered to \$30\.00", page, amount="40")
        self.assert_refused(link, r"least .* \$7\.50", page, amount="5")
        self.assert_asked(link, 1000, page=page, amount="10")

    def test_paid_wholly_elsewhere(self):
        link = self.make_link(100)
        page = self.read_page(link)
        self.pay_by_bank_transfer(link.invoice_id)
        for typed in ("40", "junk"):
            answer = self.press_pay(link, page, amount=typed)
            self.assertEqual(answer.headers["Location"], self.path(link), "the page says so")
        self.assertFalse(self.client.calls)

    def test_more_is_owed_than_the_page_said(self):
        link = self.make_link(100)
        self.pay_by_bank_transfer(link.invoice_id, 40)
        page = self.read_page(link)
        link.invoice_id.line_ids.remove_move_reconcile()
        self.assertEqual(link.amount, 100)
        back = self.assert_refused(link, r"has changed .* \$100\.00", page)
        self.assertEqual(self.get_whole(back), "100.00")
        self.assert_asked(link, 5000, page=page, amount="50")

    def test_turned_off_meanwhile(self):
        link = self.make_link(100)
        page = self.read_page(link)
        attempt = self.assert_asked(link, 4000, page=page, amount="40")
        self.company.paylinks_part_payments = False
        self.assertTrue(attempt._is_stale())
        back = self.assert_refused(link, r"only be paid in full: \$100\.00", page, amount="40")
        self.assertNotIn("amount", back.forms[0].fields)
        self.assert_asked(link, 10000, page=page)
        self.assertEqual(attempt.state, "cancel")

    def test_open_part_is_not_stale_while_that_much_is_owed(self):
        link = self.make_link(100)
        attempt = self.assert_asked(link, 4000, amount="40")
        self.assertFalse(attempt._is_stale())
        self.pay_by_bank_transfer(link.invoice_id, 60)
        self.assertFalse(attempt.checkout_close, "exactly that much is left")
        self.pay_by_bank_transfer(link.invoice_id, 0.01)
        self.assertTrue(attempt.checkout_close)
        self.run_schedule("cron_sync_checkouts")
        self.assertEqual(attempt.state, "cancel")

    def test_least_part_was_raised_meanwhile(self):
        link = self.make_link(100)
        page = self.read_page(link)
        self.company.paylinks_part_minimum = 50
        self.assert_refused(link, r"least .* \$50\.00", page, amount="40")

    # -- the rest --

    def test_link_asks_for_the_rest(self):
        link = self.make_link(100)
        attempt = self.pay_with(link, amount="40")
        self.assertEqual((attempt.state, link.state, link.amount), ("done", "active", 60))
        self.assertEqual((link.amount_paid, link.invoice_id.amount_residual), (40, 60))
        self.assertEqual(link.invoice_id.payment_state, "partial")
        self.assertEqual(self.lines(self.payments()), {"money": (40, 40), "customer": (-40, -40)})
        self.assertFalse(self.activities(link))
        history = " ".join(link.message_ids.mapped("body")).replace("&nbsp;", " ")
        self.assertIn(f"Part payment: $ 40.00 paid ({attempt.reference}), $ 60.00 left", history)
        page = self.read_page(link)
        self.assertRegex(page.text_content(), r"Paid so far\s*-\$.?40\.00")
        self.assertEqual(self.get_whole(page), "60.00")
        self.pay_with(link, amount="15")
        self.pay_with(link)
        self.assertEqual((link.state, link.amount_paid), ("paid", 100))
        self.assertEqual(link.invoice_id.payment_state, "paid")
        self.assertEqual(sorted(self.payments().mapped("amount")), [15, 40, 45])
        self.assertFalse(self.activities(link))

    def test_whole_amount_leaves_no_word_of_parts(self):
        link = self.make_link(100)
        self.pay_with(link)
        self.assertEqual(link.state, "paid")
        self.assertNotIn("Part payment", " ".join(link.message_ids.mapped("body")))

    def test_paid_so_far_counts_every_way(self):
        link = self.make_link(100)
        self.company.paylinks_part_payments = False
        self.assertNotIn("so far", self.open_page(link).text)
        self.pay_by_bank_transfer(link.invoice_id, 30)
        self.assertRegex(self.read_page(link).text_content(), r"Paid so far\s*-\$.?30\.00")

    def test_every_messenger_twice_and_one_payment(self):
        self.sandbox.webhooks.repeat(3)
        self.addCleanup(self.sandbox.webhooks.clear)
        link = self.make_link(100)
        attempt = self.pay_with(link, amount="40")
        self.come_back(link, attempt)
        attempt.checkout_check_at = "2020-01-01"
        self.run_schedule("cron_sync_checkouts")
        self.assert_booked_once(40)
        self.assertEqual((link.state, link.amount), ("active", 60))

    def test_part_by_bank_debit(self):
        link = self.make_link(100, currency=self.activate("EUR", 1.0))
        self.press_pay(link, amount="40")
        attempt = link.transaction_ids
        self.sandbox.customer.pay_by_bank(attempt.checkout_ref)
        self.deliver_webhooks()
        self.assertEqual((link.state, link.amount), ("processing", 60), "only 40 are in flight")
        page = self.read_page(link)
        self.assertRegex(page.text_content(), r"Your payment of €40\.00 is on its way")
        self.assertRegex(page.text_content(), r"On its way\s*-€40\.00\s*To pay now\s*€60\.00")
        self.assertEqual(self.get_whole(page), "60.00")
        self.assertNotIn("Refresh", self.open_page(link).headers, "what is typed stays")
        self.sandbox.bank.settle(attempt.provider_reference)
        self.deliver_webhooks()
        self.assertEqual((link.state, link.amount, link.amount_paid), ("active", 60, 40))
        self.assert_asked(link, 6000)

    def begin_by_bank(self, link, **typed):
        """Pay what is typed by a bank debit, which is on its way then."""
        self.assertEqual(self.press_pay(link, **typed).status_code, 303)
        attempt = link.transaction_ids.filtered("checkout_open")
        self.sandbox.customer.pay_by_bank(attempt.checkout_ref)
        self.deliver_webhooks()
        self.assertEqual((attempt.state, attempt.checkout_open), ("pending", False))
        return attempt

    def test_rest_is_paid_while_a_part_is_on_its_way(self):
        """Nobody is asked for more than is owed less what is on its way, by one page at a time."""
        link = self.make_link(100)
        first = self.begin_by_bank(link, amount="40")
        self.assert_refused(link, r"lowered to \$60\.00", amount="61")
        rest = self.assert_asked(link, 6000)
        self.assertEqual(self.assert_asked(link, 6000), rest, "a double click: the same page")
        self.sandbox.customer.pay(rest.checkout_ref)
        self.deliver_webhooks()
        self.assertEqual((rest.state, link.state, link.amount), ("done", "processing", 0))
        self.assertIn("Payment on its way", self.open_page(link).text)
        self.assertFalse(self.read_page(link).forms, "nothing is left to ask for")
        self.sandbox.bank.settle(first.provider_reference)
        self.deliver_webhooks()
        self.assertEqual((link.state, link.amount_paid), ("paid", 100))
        self.assertEqual(link.invoice_id.payment_state, "paid")
        self.assertFalse(self.activities(link))

    def test_part_that_the_bank_refuses_while_the_rest_is_asked_for(self):
        """Stripe's page for the rest asks for too little then: it is closed, and all is owed."""
        link = self.make_link(100)
        first = self.begin_by_bank(link, amount="40")
        rest = self.assert_asked(link, 6000)
        self.sandbox.bank.fail(first.provider_reference)
        self.deliver_webhooks()
        self.assertEqual((first.state, link.state, link.amount), ("error", "active", 100))
        self.assertTrue(rest._is_stale())
        self.assert_asked(link, 10000)
        self.assertEqual(rest.state, "cancel")

    def test_whole_amount_on_its_way_asks_for_nothing(self):
        """Also where the discount that it earned has ended since."""
        link = self.make_link(100, term=self.discount_term())
        self.begin_by_bank(link)
        lines = link.invoice_id.line_ids.filtered("discount_date")
        lines.discount_date = fields.Date.today() - timedelta(days=1)
        self.assertEqual((link.state, link.amount), ("processing", 2))
        self.assertFalse(self.read_page(link).forms)
        self.assertFalse(link._reserve_attempt()[0])

    def test_part_that_turns_out_too_much(self):
        """Paid elsewhere while Stripe's page was open: booked, and a person decides."""
        link = self.make_link(100)
        attempt = self.assert_asked(link, 4000, amount="40")
        self.pay_by_bank_transfer(link.invoice_id, 70)
        self.sandbox.customer.pay(attempt.checkout_ref)
        self.deliver_webhooks()
        self.assertEqual(self.left_open(self.payments()), -10)
        self.assertEqual(len(self.activities(link)), 1)

    # -- discounts, instalments, currencies --

    def discount_term(self):
        return self.env["account.payment.term"].create(
            {
                "name": "2% 10, net 30",
                "early_discount": True,
                "discount_percentage": 2,
                "discount_days": 10,
                "line_ids": [
                    Command.create({"value": "percent", "value_amount": 100, "nb_days": 30})
                ],
            }
        )

    def test_part_earns_no_discount(self):
        link = self.make_link(100, term=self.discount_term())
        page = self.read_page(link)
        self.assertEqual(self.get_whole(page), "98.00")
        self.assertIn("discount is for paying all of it", page.text_content())
        self.pay_with(link, amount="49")
        self.assertEqual((link.invoice_id.amount_residual, link.amount), (51, 51))
        self.assertNotIn("discount", self.read_page(link).text_content())
        self.pay_with(link)
        self.assertEqual((link.state, link.amount_paid), ("paid", 100))

    def test_whole_earns_the_discount(self):
        link = self.make_link(100, term=self.discount_term())
        self.pay_with(link, amount="98")
        self.assertEqual((link.state, link.invoice_id.payment_state), ("paid", "paid"))
        self.assert_booked_once(98)

    def test_discount_that_ends_between_the_page_and_the_click(self):
        link = self.make_link(100, term=self.discount_term())
        page = self.read_page(link)
        lines = link.invoice_id.line_ids.filtered("discount_date")
        lines.discount_date = fields.Date.today() - timedelta(days=1)
        self.assert_refused(link, r"has changed .* \$100\.00", page)

    def test_instalments_are_paid_from_the_first(self):
        term = self.env["account.payment.term"].create(
            {
                "name": "30% now, the rest later",
                "line_ids": [
                    Command.create({"value": "percent", "value_amount": 30, "nb_days": 0}),
                    Command.create({"value": "percent", "value_amount": 70, "nb_days": 60}),
                ],
            }
        )
        link = self.make_link(100, term=term)
        self.pay_with(link, amount="40")
        lines = link.invoice_id.line_ids.filtered(lambda line: line.display_type == "payment_term")
        self.assertEqual(lines.sorted("date_maturity").mapped("amount_residual"), [0, 60])
        self.assertEqual(link.amount, 60)

    def test_currencies_with_other_minor_units(self):
        for code, rate, owed, typed, minor, too_fine in (
            ("JPY", 150, 12345, "5000", 5000, "5000.5"),
            ("KWD", 0.3, 12.345, "5.120", 5120, "5.125"),
            ("UGX", 3700, 35000, "20000", 2000000, "20000.50"),
            ("ISK", 130, 4500, "1200", 120000, "1200.5"),
        ):
            with self.subTest(code):
                link = self.make_link(owed, currency=self.activate(code, rate))
                self.assert_refused(link, "Write it like", amount=too_fine)
                attempt = self.assert_asked(link, minor, amount=typed)
                self.sandbox.customer.pay(attempt.checkout_ref)
                self.deliver_webhooks()
                left = link.currency_id.round(owed - float(typed))
                self.assertAlmostEqual(link.invoice_id.amount_residual, left)
                self.assertEqual(link.state, "active")
                self.pay_with(link)
                self.assertEqual(link.state, "paid")

    def test_foreign_currency_in_the_books(self):
        link = self.make_link(100, currency=self.activate("EUR", 0.8))
        self.pay_with(link, amount="33.33")
        self.assertEqual(
            self.lines(self.payments()), {"money": (33.33, 41.66), "customer": (-33.33, -41.66)}
        )
        self.assertAlmostEqual(link.invoice_id.amount_residual, 66.67)

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
