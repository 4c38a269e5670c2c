"""The refund dialog with a tip: the tip goes back last, the rest is booked as chosen."""

from .payer import TipsCase
from .refunds import RefundCase


class TestTipsInTheDialog(RefundCase, TipsCase):
    def tipped_link(self):
        link = self.make_link(100)
        self.pay_with(link, tip_other="20")
        self.assertEqual((link.amount_paid, link.amount_tip), (100, 20))
        return link

    def notes(self, link):
        return link.invoice_id.reversal_move_ids.mapped("amount_total")

    def tips_balance(self):
        lines = self.env["account.move.line"].search(
            [("account_id", "=", self.tips_account.id), ("parent_state", "=", "posted")]
        )
        return self.company.currency_id.round(sum(lines.mapped("balance")))

    def test_all_of_it_as_the_dialog_proposes(self):
        link = self.tipped_link()
        with self.other_transaction() as env:
            wizard = self.fill(env, link)
            self.assertEqual((wizard.amount, wizard.tip), (120, 20))
            self.assertEqual(wizard.choice, "credit_note")
            wizard.action_refund()
        self.env.invalidate_all()
        self.assertEqual(self.stripe_refunds(link)[0]["amount"], 12000)
        self.assertEqual(self.notes(link), [100])
        self.assertEqual((self.open_lines(), self.tips_balance()), ([], 0))
        self.assertEqual((link.amount_refunded, link.amount_tip), (100, 0))
        self.assertFalse(link.refunds_to_book)

    def test_in_parts_the_tip_last(self):
        link = self.tipped_link()
        self.refund(link, amount=50, choice="credit_note")
        self.assertEqual((self.notes(link), link.amount_tip), ([50], 20))
        with self.other_transaction() as env:
            wizard = self.fill(env, link, amount=60)
            self.assertEqual(wizard.tip, 10)
            wizard.amount = 70
            self.assertEqual(wizard.tip, 20)
            wizard.action_refund()
        self.env.invalidate_all()
        self.assertEqual(sorted(self.notes(link)), [50, 50])
        self.assertEqual((self.open_lines(), self.tips_balance()), ([], 0))

    def test_the_tip_alone(self):
        link = self.tipped_link()
        self.refund(link, amount=100, choice="credit_note")
        self.refund(link, amount=20)
        self.assertEqual(self.notes(link), [100], "a tip needs no credit note")
        self.assertEqual((self.open_lines(), self.tips_balance()), ([], 0))
        self.assertFalse(link.refunds_to_book)
        self.assertFalse(self.activities(link))

    def test_leaving_the_invoice_open(self):
        link = self.tipped_link()
        self.refund(link, choice="outstanding")
        self.assertEqual(link.invoice_id.amount_residual, 100)
        self.assertEqual((self.open_lines(), self.tips_balance()), ([100], 0))

    def test_made_in_stripes_dashboard(self):
        link = self.tipped_link()
        self.sandbox.dashboard.refund(link.transaction_ids.provider_reference, 12000)
        self.deliver_webhooks()
        self.assertEqual(link.refunds_to_book, 1)
        self.book(link, choice="credit_note")
        self.env.invalidate_all()
        self.assertEqual(self.notes(link), [100])
        self.assertEqual((self.open_lines(), self.tips_balance()), ([], 0))
        self.assertFalse(link.refunds_to_book)
