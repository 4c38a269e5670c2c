"""Deposits paid twice, in part, late, or given back: the books and the order tell the truth."""

from .deposits import DepositCase


class TestTwiceAndInPart(DepositCase):
    def pay_two_pages(self, order, link, change=None):
        """Two checkouts that were open at once are both paid, the second one last."""
        first = self.open_checkout(link)
        # As after a crash: Stripe's page of the first is open, and our row says it is not.
        first.checkout_open = False
        second = self.open_checkout(link)
        self.sandbox.customer.pay(first.checkout_ref)
        self.deliver_webhooks()
        self.sandbox.customer.pay(second.checkout_ref)
        self.deliver_webhooks()
        return first, second

    def test_paid_twice(self):
        order = self.make_order()
        link = order.generate_deposit_links()
        _first, second = self.pay_two_pages(order, link)
        self.assertEqual(len(self.payments()), 2)
        self.assertEqual(order.amount_paid, 600)
        self.assertEqual(order.invoice_ids.mapped("amount_total"), [300], "invoiced once")
        self.assertEqual(self.open_lines(), [-300])
        [activity] = self.activities(link)
        self.assertIn("had been paid already", activity.note)
        self.assertIn(second.reference, activity.summary)
        # What was too much pays the final invoice by itself, as Odoo does.
        final = self.invoice_rest(order)
        self.assertEqual((final.amount_total, final.amount_residual), (700, 400))
        self.assertEqual(self.open_lines(), [400])

    def test_paid_twice_and_once_given_back(self):
        order = self.make_order()
        link = order.generate_deposit_links()
        _first, second = self.pay_two_pages(order, link)
        self.refund(link, transaction_id=second.id, choice="credit")
        self.assertEqual((order.amount_paid, link.amount_refunded), (300, 300))
        self.assertEqual(self.open_lines(), [])
        final = self.invoice_rest(order)
        self.assertEqual((final.amount_total, final.amount_residual), (700, 700))

    def test_two_links_of_one_order(self):
        order = self.make_order()
        first = order.generate_deposit_links()
        second = self.env["payment.link"].create({"purpose": "deposit", "sale_order_id": order.id})
        self.assertTrue(second.sudo().deposit_follows)
        self.pay(first)
        self.deliver_webhooks()
        self.assertEqual((first.state, second.state, second.amount), ("paid", "settled", 0))

    def test_in_part_then_the_rest(self):
        """The order grew while the page was open: the order waits for the rest, then has it all."""
        order = self.make_order()
        link = order.generate_deposit_links()
        attempt = self.open_checkout(link)
        order.order_line.price_unit = 2000
        self.assertTrue(attempt.checkout_close, "the page asks for too little: to be closed")
        self.sandbox.customer.pay(attempt.checkout_ref)
        self.deliver_webhooks()
        self.assertEqual((order.state, order.amount_paid), ("draft", 300))
        self.assertEqual((link.state, link.amount), ("active", 300))
        self.assertFalse(order.invoice_ids)
        self.assertEqual(self.open_lines(), [-300])
        self.pay(link)
        self.deliver_webhooks()
        self.assertEqual((order.state, order.amount_paid, link.state), ("sale", 600, "paid"))
        self.assertEqual(order.invoice_ids.mapped("amount_total"), [300, 300])
        self.assertEqual(self.open_lines(), [])
        self.assertEqual(self.invoice_rest(order).amount_total, 1400)

    def test_confirmed_by_hand_after_a_part(self):
        order = self.make_order()
        link = order.generate_deposit_links()
        attempt = self.open_checkout(link)
        order.order_line.price_unit = 2000
        self.sandbox.customer.pay(attempt.checkout_ref)
        self.deliver_webhooks()
        order.action_confirm()
        self.assertEqual(order.invoice_ids.mapped("amount_total"), [300])
        self.assertEqual(self.open_lines(), [])
        self.assertEqual(link.amount, 300, "what is still missing of the deposit")

    def test_order_became_smaller_than_what_was_paid(self):
        order = self.make_order(fixed=300)
        link = order.generate_deposit_links()
        attempt = self.open_checkout(link)
        order.order_line.price_unit = 200
        self.sandbox.customer.pay(attempt.checkout_ref)
        self.deliver_webhooks()
        self.assertEqual((order.state, order.amount_paid), ("sale", 300))
        self.assertEqual(order.invoice_ids.amount_total, 200)
        self.assertEqual(self.open_lines(), [-100])
        self.assertIn("more than", self.activities(link).note)

    def test_paid_another_way(self):
        """The deposit comes by bank transfer, on a down-payment invoice: nobody asks again."""
        order = self.make_order()
        link = order.generate_deposit_links()
        order.action_confirm()
        self.pay_by_bank_transfer(self.bill(order, 300))
        self.assertEqual((link.state, link.amount), ("settled", 0))

    def bill(self, order, amount):
        """A down-payment invoice that the clerk makes with Odoo's own dialog."""
        wizard = self.env["sale.advance.payment.inv"].create(
            {
                "sale_order_ids": [(6, 0, order.ids)],
                "advance_payment_method": "fixed",
                "fixed_amount": amount,
            }
        )
        invoice = wizard._create_invoices(order)
        invoice.action_post()
        return invoice


class TestLate(DepositCase):
    def test_cancelled_order(self):
        order = self.make_order()
        link = order.generate_deposit_links()
        attempt = self.open_checkout(link)
        calls = len(self.client.calls)
        order.action_cancel()
        self.assertEqual(len(self.client.calls), calls, "the processor is not called there")
        self.assertEqual((link.state, link.sudo().cancel_reason), ("cancelled", "document"))
        self.assertEqual(self.open_page(link).status_code, 404)
        self.assertTrue(attempt.checkout_close)
        self.sandbox.customer.pay(attempt.checkout_ref)
        self.deliver_webhooks()
        self.assert_booked_once(300)
        self.assertEqual(self.open_lines(), [-300])
        self.assertEqual((order.state, order.amount_paid), ("cancel", 0))
        self.assertFalse(order.invoice_ids)
        [activity] = self.activities(link)
        self.assertIn("Money to be assigned", activity.summary)

    def test_cancelled_in_the_portal(self):
        order = self.make_order(require_signature=True)
        link = order.generate_deposit_links()
        order.sudo()._action_cancel()
        self.assertEqual(link.state, "cancelled")

    def test_cancelled_after_it_was_paid(self):
        order = self.make_order()
        link = self.pay_deposit(order)
        order.action_cancel()
        self.assertEqual(link.state, "paid")
        self.assertEqual(order.invoice_ids.state, "posted", "for the accountant to credit")


class TestGivenBack(DepositCase):
    def test_in_full(self):
        order = self.make_order()
        link = self.pay_deposit(order)
        down = order.invoice_ids
        self.refund(link)
        note = link.refund_ids.refund_note_id
        self.assertEqual((note.reversed_entry_id, note.amount_total), (down, 300))
        self.assertEqual((order.state, order.amount_paid), ("sale", 0))
        self.assertEqual(self.open_lines(), [])
        final = self.invoice_rest(order)
        self.assertEqual((final.amount_total, final.amount_residual), (1000, 1000))
        self.assertEqual(self.invoiced(order), 1000)

    def test_in_part(self):
        order = self.make_order()
        link = self.pay_deposit(order)
        self.refund(link, amount=100)
        self.assertEqual(order.amount_paid, 200)
        self.assertEqual(self.open_lines(), [])
        final = self.invoice_rest(order)
        self.assertEqual((final.amount_total, final.amount_residual), (800, 800))
        self.assertEqual(self.invoiced(order), 1000)
        self.assertEqual(order.invoice_status, "invoiced")

    def test_in_several_parts_until_nothing_is_left(self):
        order = self.make_order()
        link = self.pay_deposit(order)
        for amount in (100, 150, 50):
            self.refund(link, amount=amount, choice="credit_note")
        self.assertEqual((order.amount_paid, self.open_lines()), (0, []))
        self.assertEqual(self.invoice_rest(order).amount_total, 1000)
        self.assertEqual(self.invoiced(order), 1000)

    def test_in_part_with_taxes(self):
        for included in (False, True):
            with self.subTest(included=included):
                tax, other = self.make_tax(21, included), self.make_tax(6, included)
                order = self.make_order(lines=[(99.99, tax), (33.33, other)])
                link = self.pay_deposit(order)
                self.refund(link, amount=10.01, choice="credit_note")
                self.invoice_rest(order)
                self.assertAlmostEqual(self.invoiced(order), order.amount_total, delta=0.011)

    def test_in_part_of_a_locked_order(self):
        self.env["res.config.settings"].create({"group_auto_done_setting": True}).execute()
        order = self.make_order()
        link = self.pay_deposit(order)
        self.refund(link, amount=100)
        self.assertTrue(order.locked)
        self.assertEqual(self.invoice_rest(order).amount_total, 800)

    def test_leaving_the_down_payment_open(self):
        order = self.make_order()
        link = self.pay_deposit(order)
        self.refund(link, amount=100, choice="outstanding")
        self.assertEqual(order.invoice_ids.amount_residual, 100)
        self.assertEqual(order.amount_paid, 200)
        self.assertEqual(self.invoice_rest(order).amount_total, 700)
        self.assertEqual(self.open_lines(), [100, 700])

    def test_refunded_at_stripe(self):
        order = self.make_order()
        link = self.pay_deposit(order)
        self.sandbox.dashboard.refund(link.transaction_ids.provider_reference, 10000)
        self.deliver_webhooks()
        self.assertEqual((order.amount_paid, link.amount_refunded), (200, 100))
        self.assertIn("Refund to be booked", self.activities(link).summary)
        self.book(link, choice="credit_note")
        self.env.invalidate_all()
        self.assertEqual(self.open_lines(), [])
        self.assertEqual(self.invoice_rest(order).amount_total, 800)

    def test_a_refund_that_came_back(self):
        order = self.make_order()
        link = self.pay_deposit(order)
        self.refund(link, choice="outstanding")
        self.assertEqual(order.amount_paid, 0)
        self.sandbox.bank.fail_refund(self.stripe_refunds(link)[0]["id"])
        self.deliver_webhooks()
        self.assertEqual(order.amount_paid, 300)
        self.assertEqual(self.open_lines(), [])
        self.assertEqual(self.invoice_rest(order).amount_residual, 700)
