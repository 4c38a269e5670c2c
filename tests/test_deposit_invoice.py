"""A deposit that was paid: the order is confirmed, the down payment invoiced, the rest follows."""

from unittest.mock import patch

from odoo.exceptions import UserError

from .deposits import DepositCase

PAID = ("paid", "in_payment")


class TestDownPaymentInvoice(DepositCase):
    def assert_down_payment(self, order, amount):
        invoice = order.invoice_ids
        self.assertEqual(len(invoice), 1)
        self.assertTrue(invoice._is_downpayment())
        self.assertEqual(invoice.state, "posted")
        self.assertAlmostEqual(invoice.amount_total, amount)
        self.assertIn(invoice.payment_state, PAID)
        return invoice

    def test_paid_deposit_is_invoiced_and_the_final_invoice_deducts_it(self):
        order = self.make_order()
        link = self.pay_deposit(order)
        self.assertEqual((order.state, link.state, order.amount_paid), ("sale", "paid", 300))
        payment = self.assert_booked_once(300)
        invoice = self.assert_down_payment(order, 300)
        self.assertEqual(payment.reconciled_invoice_ids, invoice)
        self.assertEqual(self.open_lines(), [])
        self.assertFalse(self.activities(link))
        final = self.invoice_rest(order)
        self.assertEqual(final.amount_total, 700)
        self.assertEqual(self.invoiced(order), 1000)
        self.assertEqual(order.invoice_status, "invoiced")
        self.pay_by_bank_transfer(final)
        self.assertEqual(self.open_lines(), [])

    def test_all_messengers_again_and_again(self):
        order = self.make_order()
        link = order.generate_deposit_links()
        attempt = self.pay(link)
        self.come_back(link, attempt)
        self.deliver_webhooks()
        self.come_back(link, attempt)
        self.run_schedule("cron_sync_checkouts")
        attempt._post_process()
        order.sudo()._paylinks_invoice_deposits()
        self.assert_booked_once(300)
        self.assert_down_payment(order, 300)

    def test_a_crash_while_invoicing_loses_nothing(self):
        order = self.make_order()
        link = order.generate_deposit_links()
        attempt = self.pay(link)
        wizard = type(self.env["sale.advance.payment.inv"])
        with (
            patch.object(wizard, "_create_invoices", side_effect=KeyboardInterrupt),
            self.assertRaises(KeyboardInterrupt),
            self.other_transaction() as env,
        ):
            env[attempt._name].browse(attempt.id)._look_at_checkout()
        self.env.invalidate_all()
        self.deliver_webhooks()
        self.assert_booked_once(300)
        self.assert_down_payment(order, 300)

    def test_turned_off_the_money_is_the_customers_credit(self):
        self.company.paylinks_deposit_invoice = False
        order = self.make_order()
        link = self.pay_deposit(order)
        self.assertEqual(order.state, "sale")
        self.assertFalse(order.invoice_ids)
        self.assertEqual(self.open_lines(), [-300])
        self.assertFalse(self.activities(link))
        final = self.invoice_rest(order)
        self.assertEqual((final.amount_total, final.amount_residual), (1000, 700))

    def test_an_invoice_that_cannot_be_made_leaves_a_credit_and_an_activity(self):
        order = self.make_order()
        link = order.generate_deposit_links()
        self.pay(link)
        wizard = type(self.env["sale.advance.payment.inv"])
        with (
            patch.object(wizard, "_create_invoices", side_effect=UserError("No journal.")),
            self.assertLogs("odoo.addons.serviceflow_paylinks", "ERROR"),
        ):
            self.deliver_webhooks()
        self.assertEqual((order.state, link.state), ("sale", "paid"))
        self.assert_booked_once(300)
        self.assertEqual(self.open_lines(), [-300])
        [activity] = self.activities(link)
        self.assertIn("Deposit not invoiced", activity.summary)
        self.assertIn("No journal.", activity.note)
        self.assertFalse(order.order_line.filtered("is_downpayment"), "no half of an invoice")

    def test_a_draft_invoice_of_the_order_is_for_a_person_to_decide(self):
        order = self.make_order()
        order.action_confirm()
        order._create_invoices()
        link = self.pay_deposit(order)
        self.assertEqual(len(order.invoice_ids), 1)
        self.assertIn("not confirmed", self.activities(link).note)
        order.invoice_ids.action_post()
        self.assertEqual(order.invoice_ids.amount_residual, 1000)

    def test_open_invoices_of_the_order_are_paid_first(self):
        order = self.make_order()
        link = order.generate_deposit_links()
        attempt = self.open_checkout(link)
        order.action_confirm()
        invoice = order._create_invoices()
        invoice.action_post()
        self.sandbox.customer.pay(attempt.checkout_ref)
        self.deliver_webhooks()
        self.assertEqual(order.invoice_ids, invoice)
        self.assertEqual(invoice.amount_residual, 700)
        self.assertEqual(self.open_lines(), [700])

    # -- taxes, currencies --

    def test_taxes_to_the_cent(self):
        for included in (False, True):
            tax = self.make_tax(21, included)
            other = self.make_tax(6, included)
            for percent in (0.3, 0.333, 0.07):
                with self.subTest(included=included, percent=percent):
                    order = self.make_order(
                        percent=percent, lines=[(99.99, tax), (33.33, other), (10.01, None)]
                    )
                    asked = order._get_prepayment_required_amount()
                    self.pay_deposit(order)
                    down = self.assert_down_payment(order, asked)
                    self.assertTrue(down.amount_tax)
                    final = self.invoice_rest(order)
                    self.assertAlmostEqual(self.invoiced(order), order.amount_total)
                    self.assertAlmostEqual(
                        down.amount_tax + final.amount_tax, order.amount_tax, msg="taxes"
                    )

    def test_in_another_currency(self):
        eur = self.activate("EUR", 0.87)
        pricelist = self.env["product.pricelist"].create({"name": "Euro", "currency_id": eur.id})
        tax = self.make_tax(19)
        order = self.make_order(333.33, percent=0.5, taxes=tax, pricelist_id=pricelist.id)
        self.assertEqual(order.currency_id, eur)
        self.pay_deposit(order)
        self.assert_down_payment(order, order._get_prepayment_required_amount())
        self.assertEqual(self.open_lines(), [])
        final = self.invoice_rest(order)
        self.assertAlmostEqual(self.invoiced(order), order.amount_total)
        self.pay_by_bank_transfer(final)
        self.assertEqual(self.open_lines(), [])
        self.assertEqual(self.customer_balance(), 0)

    def test_locked_orders(self):
        self.env["res.config.settings"].create({"group_auto_done_setting": True}).execute()
        order = self.make_order(total=500)
        self.pay_deposit(order)
        self.assertTrue(order.locked)
        self.assert_down_payment(order, 150)
        self.assertEqual(self.invoice_rest(order).amount_total, 350)

    def test_all_of_it(self):
        order = self.make_order(percent=1.0)
        self.pay_deposit(order)
        self.assert_down_payment(order, 1000)
        self.assertEqual(self.invoice_rest(order).amount_total, 0)
        self.assertEqual(self.open_lines(), [])

    def test_with_odoos_automatic_invoice(self):
        self.env["ir.config_parameter"].set_param("sale.automatic_invoice", "True")
        part = self.make_order()
        self.pay_deposit(part)
        self.assert_down_payment(part, 300)
        whole = self.make_order(500, percent=1.0)
        self.pay_deposit(whole)
        self.assertEqual(len(whole.invoice_ids), 1)
        self.assertFalse(whole.invoice_ids._is_downpayment(), "Odoo's own final invoice")
        self.assertIn(whole.invoice_ids.payment_state, PAID)

    def test_links_with_each_invoice_make_none_for_the_down_payment(self):
        self.company.write({"paylinks_auto_create": True, "paylinks_auto_send": "email"})
        order = self.make_order()
        self.pay_deposit(order)
        self.assertFalse(order.invoice_ids.payment_link_ids)
        final = self.invoice_rest(order)
        self.assertEqual(final.payment_link_ids.amount, 700)
