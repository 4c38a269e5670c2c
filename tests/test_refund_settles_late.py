"""A refund that Stripe takes days for: what was chosen in the dialog may be impossible by then."""

from .refunds import RefundCase

PENDING = "4000000000007726"  # the card's refunds are pending first


class TestRefundSettlesLate(RefundCase):
    def setUp(self):
        super().setUp()
        self.link = self.paid_link(card=PENDING)
        self.invoice = self.link.invoice_id

    def begin(self, choice, amount=100):
        self.refund(self.link, amount=amount, choice=choice)
        self.assertEqual(self.link.refund_ids.state, "pending")

    def settle(self):
        self.sandbox.bank.settle_refund(self.stripe_refunds(self.link)[0]["id"])
        self.deliver_webhooks()
        self.assert_refunded_once(self.link, -self.link.refund_ids.amount)

    def write_credit_note(self):
        note = self.invoice._reverse_moves()
        note.action_post()
        return note

    def assert_somebody_is_asked(self, sentence):
        self.assertFalse(self.link.refund_ids.refund_choice)
        self.assertEqual(self.link.refunds_to_book, 1)
        [activity] = self.activities(self.link)
        self.assertIn("Refund to be booked", activity.summary)
        self.assertIn(sentence, activity.note)

    def test_nothing_has_changed_meanwhile(self):
        self.begin("credit_note")
        self.settle()
        self.assertEqual(self.invoice.reversal_move_ids.mapped("amount_total"), [100])
        self.assertFalse(self.activities(self.link))

    def test_credited_by_hand_meanwhile(self):
        """No second credit note: a person says what the refund meets."""
        self.begin("credit_note")
        note = self.write_credit_note()
        self.settle()
        self.assertEqual(self.invoice.reversal_move_ids, note)
        self.assert_somebody_is_asked("is not credited yet")
        self.book(self.link, choice="credit")
        self.assertEqual(self.open_lines(), [])
        self.assertFalse(self.activities(self.link))

    def test_the_credit_was_used_meanwhile(self):
        note = self.write_credit_note()
        self.begin("credit")
        other = self.make_invoice(100)
        (note | other).line_ids.filtered(
            lambda line: line.account_id.account_type == "asset_receivable"
        ).reconcile()
        self.settle()
        self.assert_somebody_is_asked("open as the customer's credit")
        self.book(self.link, choice="outstanding")
        self.assertEqual(self.invoice.amount_residual, 100)
        self.assertEqual(self.open_lines(), [100])
