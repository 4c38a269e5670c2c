"""Part payment: the link asks for the rest; what is on its way by a bank is not asked for again."""

from datetime import timedelta

from odoo import fields

from .payer import PartsCase


class TestRest(PartsCase):
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
        link = self.make_link(100, term=self.make_discount_term())
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
