"""Part payment of invoices with discounts and instalments, and in other currencies."""

from datetime import timedelta

from odoo import Command, fields

from .payer import PartsCase


class TestTerms(PartsCase):
    def test_part_earns_no_discount(self):
        link = self.make_link(100, term=self.make_discount_term())
        page = self.read_page(link)
        self.assertEqual(self.get_whole(page), "98.00")
        self.assertIn("discount is for paying all of it", page.text_content())
        self.pay_with(link, amount="49")
        self.assertEqual((link.invoice_id.amount_residual, link.amount), (51, 51))
        self.assertNotIn("discount", self.read_page(link).text_content())
        self.pay_with(link)
        self.assertEqual((link.state, link.amount_paid), ("paid", 100))

    def test_whole_earns_the_discount(self):
        link = self.make_link(100, term=self.make_discount_term())
        self.pay_with(link, amount="98")
        self.assertEqual((link.state, link.invoice_id.payment_state), ("paid", "paid"))
        self.assert_booked_once(98)

    def test_discount_that_ends_between_the_page_and_the_click(self):
        link = self.make_link(100, term=self.make_discount_term())
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
