"""Tips in the books: on a line of their own, whatever happens meanwhile."""

from unittest.mock import patch

from lxml import html
from odoo.addons.account_payment.models.payment_transaction import (
    PaymentTransaction as AccountPaymentTransaction,
)

from .payer import TipsCase


class TestTipBooks(TipsCase):
    def test_posted_on_its_own_line(self):
        link = self.make_link(100)
        attempt = self.pay_with(link, tip="15.00")
        payment = self.assert_booked_once(115)
        self.assert_books(payment, money=(115, 115), customer=(-100, -100), tip=(-15, -15))
        line = payment.move_id.line_ids.filtered(lambda x: x.account_id == self.tips_account)
        self.assertIn(attempt.reference, line.name)
        self.assertEqual(link.invoice_id.payment_state, "paid")
        self.assertEqual(payment.reconciled_invoice_ids, link.invoice_id)
        self.assertEqual(self.left_open(payment), 0)
        self.assertEqual((link.state, link.amount_paid, link.amount_tip), ("paid", 100, 15))
        self.assertEqual(link.invoice_id.amount_paid, 100)
        self.assertFalse(self.activities(link))
        history = " ".join(link.message_ids.mapped("body")).replace("&nbsp;", " ")
        self.assertIn(f"Tip: $ 15.00 on top of $ 100.00 ({attempt.reference})", history)

    def test_the_customers_next_invoice_is_no_tip(self):
        """Odoo proposes the account that is the most frequent in a customer's entries."""
        link = self.make_link(100)
        for _time in range(2):
            self.pay_with(self.make_custom_link(10), tip_other="5")
        line = self.make_invoice(100).invoice_line_ids
        self.assertEqual(line.account_id, link.invoice_id.invoice_line_ids.account_id)

    def test_accounts_taxes_do_not_touch_it(self):
        tax = self.env["account.tax"].create({"name": "Tax on tips", "amount": 15})
        self.tips_account.tax_ids = tax
        self.pay_with(self.make_link(100), tip="15.00")
        self.assert_books(self.payments(), money=(115, 115), customer=(-100, -100), tip=(-15, -15))

    def test_liability_to_the_staff(self):
        self.tips_account.account_type = "liability_current"
        self.pay_with(self.make_link(100), tip="15.00")
        self.assert_books(self.payments(), money=(115, 115), customer=(-100, -100), tip=(-15, -15))

    def test_foreign_currency_to_the_cent(self):
        """The cent of the rate's rounding is the tip's: there is no exchange difference."""
        eur = self.activate("EUR", 0.7)
        for amount, tip in ((33.33, "3.33"), (10.01, "0.01"), (99.99, "0.05"), (0.57, "0.57")):
            with self.subTest(amount=amount, tip=tip):
                link = self.make_link(amount, currency=eur)
                self.pay_with(link, tip_other=tip)
                payment = link.transaction_ids.payment_id
                total = round(amount + float(tip), 2)
                money, owed = round(total / 0.7, 2), round(amount / 0.7, 2)
                self.assert_books(
                    payment,
                    money=(total, money),
                    customer=(-amount, -owed),
                    tip=(-float(tip), round(owed - money, 2)),
                )
                self.assertEqual(link.invoice_id.payment_state, "paid")
                matched = link.invoice_id.line_ids.matched_credit_ids
                self.assertFalse(matched.exchange_move_id)

    def test_currencies_with_other_minor_units(self):
        for code, rate, amount, tip, minor in (
            ("JPY", 150, 12345, "500", (12345, 500)),
            ("KWD", 0.3, 12.34, "1.230", (12340, 1230)),
            ("UGX", 3700, 35000, "2000", (3500000, 200000)),
        ):
            with self.subTest(code):
                link = self.make_link(amount, currency=self.activate(code, rate))
                attempt = self.assert_asked(link, *minor, tip_other=tip)
                self.sandbox.customer.pay(attempt.checkout_ref)
                self.deliver_webhooks()
                self.assertEqual((link.state, link.amount_tip), ("paid", float(tip)))
                rows = self.lines(attempt.payment_id)
                self.assertEqual(rows["tip"][0], -float(tip))
                self.assertEqual(rows["customer"][0], -amount)

    def discount_link(self, tax=False, **values):
        return self.make_link(100, term=self.make_discount_term(), **values)

    def test_discount_and_tip(self):
        link = self.discount_link()
        attempt = self.assert_asked(link, 9800, 1010, tip_other="10.10")
        self.sandbox.customer.pay(attempt.checkout_ref)
        self.deliver_webhooks()
        self.assertEqual((link.state, link.invoice_id.amount_residual), ("paid", 0))
        payment = self.assert_booked_once(108.10)
        rows = self.lines(payment)
        self.assertEqual(rows["customer"], (-100, -100))
        self.assertEqual(rows["tip"], (-10.10, -10.10))
        self.assertEqual(len(rows), 4, "the discount has its own line")
        self.assertEqual(round(sum(row[1] for row in rows.values()), 2), 0)
        self.assertFalse(self.activities(link))

    def test_discount_and_tip_in_foreign_currency(self):
        link = self.discount_link(currency=self.activate("EUR", 0.7))
        self.pay_with(link, tip_other="3.33")
        self.assertEqual((link.state, link.invoice_id.amount_residual), ("paid", 0))
        self.assertEqual(self.lines(self.payments())["tip"][0], -3.33)
        self.assertEqual(self.left_open(self.payments()), 0)

    def test_part_and_tip_that_make_up_the_discounted_amount(self):
        """88 and a tip of 10 are 98, but no discount was earned."""
        self.allow_parts()
        link = self.discount_link()
        self.pay_with(link, amount="88", tip_other="10")
        self.assert_books(self.payments(), money=(98, 98), customer=(-88, -88), tip=(-10, -10))
        self.assertEqual((link.amount, link.invoice_id.amount_residual), (12, 12))

    def test_tip_in_flight_lowers_nothing(self):
        link = self.make_link(100, currency=self.activate("EUR", 1.0))
        self.allow_parts()
        self.press_pay(link, amount="40", tip_other="15")
        attempt = link.transaction_ids
        self.sandbox.customer.pay_by_bank(attempt.checkout_ref)
        self.deliver_webhooks()
        self.assertEqual((link.state, link.amount, link.amount_tip), ("processing", 60, 0))
        self.sandbox.bank.settle(attempt.provider_reference)
        self.deliver_webhooks()
        self.assertEqual((link.state, link.amount, link.amount_tip), ("active", 60, 15))

    def test_tip_on_a_fixed_and_a_custom_amount(self):
        invoice = self.make_invoice(100)
        fixed = self.env["payment.link"].create({"invoice_id": invoice.id, "amount": 60})
        self.pay_with(fixed, tip_other="5")
        self.assertEqual((fixed.state, fixed.amount_paid, fixed.amount_tip), ("paid", 60, 5))
        self.assertEqual(invoice.amount_residual, 40, "a tip never lowers what is owed")
        custom = self.make_custom_link(50)
        self.pay_with(custom, tip_other="5")
        payment = custom.transaction_ids.payment_id
        self.assert_books(payment, money=(55, 55), customer=(-50, -50), tip=(-5, -5))
        self.assertEqual(self.left_open(payment), -50)
        self.assertFalse(self.activities(fixed) | self.activities(custom))

    # -- whatever happens --

    def test_every_messenger_twice_and_one_payment(self):
        self.sandbox.webhooks.repeat(3)
        self.addCleanup(self.sandbox.webhooks.clear)
        link = self.make_link(100)
        attempt = self.pay_with(link, tip="15.00")
        self.come_back(link, attempt)
        attempt.checkout_check_at = "2020-01-01"
        self.run_schedule("cron_sync_checkouts")
        payment = self.assert_booked_once(115)
        self.assert_books(payment, money=(115, 115), customer=(-100, -100), tip=(-15, -15))

    def fail_to_book(self, link, **typed):
        """Paid, but Odoo could not book it at once."""
        self.press_pay(link, **typed)
        attempt = link.transaction_ids.filtered("checkout_open")
        self.sandbox.customer.pay(attempt.checkout_ref)
        with (
            patch.object(
                AccountPaymentTransaction, "_create_payment", side_effect=ValueError("locked")
            ),
            self.assertLogs("odoo.addons.serviceflow_paylinks", "ERROR"),
        ):
            self.deliver_webhooks()
        attempt.checkout_check_at = "2020-01-01"
        return attempt

    def test_what_cannot_be_booked_is_booked_later(self):
        link = self.make_link(100)
        self.allow_parts()
        self.fail_to_book(link, amount="40", tip="15.00")
        self.assertEqual(link.amount, 60, "nobody is asked again for what is paid")
        self.run_schedule("cron_sync_checkouts")
        self.assert_books(self.payments(), money=(55, 55), customer=(-40, -40), tip=(-15, -15))
        self.assertFalse(self.activities(link))

    def test_late_money_keeps_its_tip(self):
        """On an expired or a deleted link: the payment is the customer's credit, the tip a tip."""
        for end in (self.expire_by_time, lambda link: link.cancel()):
            link = self.make_link(100)
            attempt = self.assert_asked(link, 10000, 1500, tip="15.00")
            end(link)
            self.sandbox.customer.pay(attempt.checkout_ref)
            self.deliver_webhooks()
            payment = attempt.payment_id
            self.assert_books(payment, money=(115, 115), customer=(-100, -100), tip=(-15, -15))
            self.assertEqual(self.left_open(payment), -100)
            self.assertEqual(link.invoice_id.payment_state, "not_paid")
            self.assertEqual(len(self.activities(link)), 1)

    def test_surplus_is_told_without_the_tip(self):
        link = self.make_link(100)
        attempt = self.assert_asked(link, 10000, 1500, tip="15.00")
        self.pay_by_bank_transfer(link.invoice_id, 40)
        self.sandbox.customer.pay(attempt.checkout_ref)
        self.deliver_webhooks()
        self.assertEqual(self.left_open(attempt.payment_id), -40)
        self.assertIn("40.00 less", self.activities(link).note.replace("&nbsp;", " "))

    def test_tips_turned_off_after_the_customer_paid(self):
        """The account is still there: the tip is posted to it."""
        link = self.make_link(100)
        attempt = self.assert_asked(link, 10000, 1500, tip="15.00")
        self.company.paylinks_tips = False
        self.sandbox.customer.pay(attempt.checkout_ref)
        self.deliver_webhooks()
        self.assert_books(self.payments(), money=(115, 115), customer=(-100, -100), tip=(-15, -15))
        self.assertFalse(self.activities(link))

    def assert_booked_without_a_tip(self, link, attempt):
        self.sandbox.customer.pay(attempt.checkout_ref)
        self.deliver_webhooks()
        payment = self.assert_booked_once(115)
        self.assert_books(payment, money=(115, 115), customer=(-115, -115))
        self.assertEqual(self.left_open(payment), -15, "the customer's credit")
        self.assertEqual((link.state, link.invoice_id.payment_state), ("paid", "paid"))
        self.assertIn("meant as a tip", self.activities(link).note)
        self.assertEqual((link.amount_paid, link.amount_tip), (115, 0), "as the books have it")

    def test_account_taken_away_after_the_customer_paid(self):
        link = self.make_link(100)
        attempt = self.assert_asked(link, 10000, 1500, tip="15.00")
        self.company.write({"paylinks_tips": False, "paylinks_tip_account_id": False})
        self.assert_booked_without_a_tip(link, attempt)

    def test_account_archived_after_the_customer_paid(self):
        link = self.make_link(100)
        attempt = self.assert_asked(link, 10000, 1500, tip="15.00")
        self.tips_account.active = False
        self.assertNotIn("tip", self.get_fields(self.read_page(link)), "and not offered any more")
        self.assert_booked_without_a_tip(link, attempt)

    def test_account_taken_away_after_a_part_was_paid(self):
        """What was no tip any more pays the invoice on: the customer's money, like the rest."""
        self.allow_parts()
        link = self.make_link(100)
        attempt = self.assert_asked(link, 4000, 1500, amount="40", tip="15.00")
        self.company.write({"paylinks_tips": False, "paylinks_tip_account_id": False})
        self.sandbox.customer.pay(attempt.checkout_ref)
        self.deliver_webhooks()
        self.assert_books(self.payments(), money=(55, 55), customer=(-55, -55))
        self.assertEqual((link.amount, link.amount_paid, link.amount_tip), (45, 55, 0))
        self.assertIn("15.00 of it was meant as a tip", self.activities(link).note)

    def test_stripe_unreachable_keeps_what_was_chosen(self):
        self.allow_parts()
        link = self.make_link(100)
        self.sandbox.faults.add("refused", "POST", "*", times=None)
        with self.assertLogs("odoo.addons.serviceflow_paylinks", "WARNING"):
            answer = self.press_pay(link, amount="40", tip="15.00")
        self.assertEqual(answer.status_code, 503)
        page = html.fromstring(answer.text)
        self.assertEqual(page.forms[0].fields["amount"], "40")
        self.assertEqual(page.xpath("//input[@checked]/@value"), ["15.00"])

    def test_account_that_wants_another_currency(self):
        self.tips_account.currency_id = self.activate("EUR", 0.8)
        link = self.make_link(100)
        self.assertNotIn("tip", self.get_fields(self.read_page(link)))
