"""From the link to the paid invoice, and each of the roads there."""

from .common import DECLINED, PaylinksCase


class TestCheckout(PaylinksCase):
    def test_invoice_is_paid_and_reconciled(self):
        link = self.make_link(123.45)
        self.assertEqual(link.state, "active")
        attempt = self.pay(link)
        self.deliver_webhooks()
        self.assertEqual(attempt.state, "done")
        self.assertEqual(link.state, "paid")
        self.assertEqual(link.amount, 0)
        self.assertAlmostEqual(link.amount_paid, 123.45)
        self.assertEqual(link.invoice_id.payment_state, "paid")
        self.assertEqual(link.invoice_id.amount_residual, 0)
        payment = self.assert_booked_once(123.45)
        self.assertEqual(payment.payment_transaction_id, attempt)
        self.assertTrue(attempt.provider_reference.startswith("pi_"))
        self.assertFalse(self.activities(link))
        self.assertIn("Paid", self.open_page(link).text)

    def test_declined_card_then_a_good_one(self):
        link = self.make_link()
        attempt = self.open_checkout(link)
        outcome = self.sandbox.customer.pay(attempt.checkout_ref, card=DECLINED)
        self.assertEqual(outcome.status, "declined")
        self.deliver_webhooks()
        self.assertEqual(link.state, "active")
        page = self.open_page(link).text
        self.assertIn("Your bank declined the payment.", page)
        self.assertNotIn(outcome.message, page, "in our words, not in Stripe's English")
        self.assertEqual(self.open_checkout(link), attempt, "the same page serves the next try")
        self.sandbox.customer.pay(attempt.checkout_ref)
        self.deliver_webhooks()
        self.assertEqual(link.state, "paid")
        self.assert_booked_once(100)
