"""Money beyond what an order asks for is a credit that somebody is told of, whoever paid first."""

from contextlib import contextmanager
from datetime import datetime
from unittest.mock import patch

from odoo import Command

from .deposits import DepositCase

TRANSACTION_LOG = "odoo.addons.serviceflow_paylinks.models.payment_transaction_checkout"


class TestDepositSurplus(DepositCase):
    def bill(self, order, amount):
        """A down-payment invoice that the clerk makes with Odoo's own dialog."""
        wizard = self.env["sale.advance.payment.inv"].create(
            {
                "sale_order_ids": [Command.set(order.ids)],
                "advance_payment_method": "fixed",
                "fixed_amount": amount,
            }
        )
        invoice = wizard._create_invoices(order)
        invoice.action_post()
        return invoice

    def assert_told_of_credit(self, link, words, left=-300):
        self.assertEqual(self.open_lines(), [left])
        [activity] = self.activities(link)
        self.assertIn("Money to be assigned", activity.summary)
        self.assertIn(words, activity.note)

    def test_order_invoiced_and_paid_while_the_page_was_open(self):
        order = self.make_order()
        link = order.generate_deposit_links()
        attempt = self.open_checkout(link)
        order.action_confirm()
        invoice = self.invoice_rest(order)
        self.pay_by_bank_transfer(invoice)
        self.sandbox.customer.pay(attempt.checkout_ref)
        self.deliver_webhooks()
        self.assertEqual(order.invoice_ids, invoice)
        self.assert_told_of_credit(link, "had been paid already")

    def test_clerks_own_down_payment_was_paid_while_the_page_was_open(self):
        order = self.make_order()
        link = order.generate_deposit_links()
        attempt = self.open_checkout(link)
        order.action_confirm()
        invoice = self.bill(order, 300)
        self.pay_by_bank_transfer(invoice)
        self.sandbox.customer.pay(attempt.checkout_ref)
        self.deliver_webhooks()
        self.assertEqual(order.invoice_ids, invoice, "no second one")
        self.assert_told_of_credit(link, "had been paid already")

    def test_link_over_an_amount_of_its_own_on_an_order_that_is_paid(self):
        order = self.make_order()
        link = self.env["payment.link"].create(
            {"purpose": "deposit", "sale_order_id": order.id, "amount": 400}
        )
        attempt = self.open_checkout(link)
        order.action_confirm()
        self.pay_by_bank_transfer(self.invoice_rest(order))
        self.sandbox.customer.pay(attempt.checkout_ref)
        self.deliver_webhooks()
        self.assert_told_of_credit(link, "had been paid already", left=-400)

    def test_paid_in_part_by_bank_is_invoiced_rightly(self):
        """What the bank brought is less than the deposit: the payment is a part of it."""
        order = self.make_order()
        link = order.generate_deposit_links()
        attempt = self.open_checkout(link)
        order.action_confirm()
        self.pay_by_bank_transfer(self.bill(order, 100))
        self.sandbox.customer.pay(attempt.checkout_ref)
        self.deliver_webhooks()
        self.assertEqual(sorted(order.invoice_ids.mapped("amount_total")), [100, 300])
        self.assertEqual(self.open_lines(), [])

    @contextmanager
    def booking_fails(self, attempt):
        """A payment that Odoo cannot book for now; others are."""
        transactions = self.registry["payment.transaction"]
        original = transactions._create_payment

        def create_payment(tx, **values):
            if tx.id == attempt.id:
                raise ValueError("no journal today")
            return original(tx, **values)

        with patch.object(transactions, "_create_payment", create_payment):
            yield

    def test_first_of_two_is_booked_last(self):
        """One is the deposit and the other one is too much: not both."""
        order = self.make_order()
        link = order.generate_deposit_links()
        first = self.open_checkout(link)
        first.checkout_open = False
        second = self.open_checkout(link)
        with self.booking_fails(first):
            self.sandbox.customer.pay(first.checkout_ref)
            with self.assertLogs(TRANSACTION_LOG, "ERROR"):
                self.deliver_webhooks()
            self.assertFalse(first.payment_id)
            self.sandbox.customer.pay(second.checkout_ref)
            self.deliver_webhooks()
        self.assertEqual(order.invoice_ids.mapped("amount_total"), [300], "the second one's")
        self.assertEqual(self.open_lines(), [])
        first.checkout_check_at = datetime(2020, 1, 1)
        self.run_schedule("cron_sync_checkouts")
        self.assertTrue(first.payment_id)
        self.assertEqual(order.invoice_ids.mapped("amount_total"), [300])
        self.assert_told_of_credit(link, "had been paid already")
