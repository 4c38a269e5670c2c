"""A dispute over a payment with a tip: the tip is taken from where it was posted, and no debt."""

from odoo.exceptions import UserError

from .payer import TipsCase
from .refunds import RefundCase


class TestDisputeOfTip(RefundCase, TipsCase):
    def disputed_link(self, **values):
        """100 for an invoice and 20 as a tip, which the customer's bank takes back."""
        link = self.make_link(100)
        self.pay_with(link, tip_other="20")
        self.sandbox.bank.open_dispute(link.transaction_ids.provider_reference, **values)
        self.deliver_webhooks()
        dispute = link.dispute_ids
        dispute.fee_account_id = self.env["account.account"].search(
            [
                ("account_type", "=", "expense"),
                *self.env["account.account"]._check_company_domain(self.company),
            ],
            limit=1,
        )
        return link

    def tips_balance(self):
        lines = self.env["account.move.line"].search(
            [("account_id", "=", self.tips_account.id), ("parent_state", "=", "posted")]
        )
        return self.company.currency_id.round(sum(lines.mapped("balance")))

    def book_dispute(self, link, choice="outstanding"):
        link.dispute_ids.choice = choice
        link.dispute_ids.action_book()
        self.env.invalidate_all()

    def test_the_invoice_opens_for_what_it_was_for(self):
        link = self.disputed_link()
        self.book_dispute(link)
        self.assertEqual((link.dispute_ids.booked, link.dispute_ids.tip_booked), (120, 20))
        self.assertEqual(link.invoice_id.amount_residual, 100)
        self.assertEqual((self.open_lines(), self.tips_balance()), ([100], 0))

    def test_as_a_debit_of_the_customer(self):
        link = self.disputed_link()
        self.book_dispute(link, "debit")
        self.assertEqual(link.invoice_id.amount_residual, 0)
        self.assertEqual((self.open_lines(), self.tips_balance()), ([100], 0))

    def test_a_part_takes_the_tip_last(self):
        link = self.disputed_link(amount=10500)
        self.book_dispute(link, "debit")
        self.assertEqual((self.open_lines(), self.tips_balance()), ([100], -15))
        link = self.disputed_link(amount=5000)
        self.book_dispute(link, "debit")
        self.assertEqual((self.open_lines(), self.tips_balance()), ([50, 100], -35))

    def test_won_after_it_was_booked(self):
        link = self.disputed_link()
        self.book_dispute(link)
        self.sandbox.bank.close_dispute(link.dispute_ids.ref, won=True)
        self.deliver_webhooks()
        self.book_dispute(link)
        self.assertEqual((link.dispute_ids.booked, link.dispute_ids.tip_booked), (0, 0))
        self.assertEqual(link.invoice_id.amount_residual, 0)
        self.assertEqual((self.open_lines(), self.tips_balance()), ([], -20))

    def test_after_a_refund_of_a_part(self):
        """Refund and dispute together take from the customer's account what was paid of it."""
        link = self.make_link(100)
        self.pay_with(link, tip_other="20")
        self.refund(link, amount=70, choice="outstanding")
        self.assertEqual((self.open_lines(), self.tips_balance()), ([70], -20))
        attempt = link.transaction_ids
        self.assertEqual(attempt._get_tip_to_give_back(50), 20)
        self.assertEqual(attempt._get_tip_to_give_back(40), 10)

    def test_the_account_is_gone(self):
        link = self.disputed_link()
        self.company.write({"paylinks_tips": False, "paylinks_tip_account_id": False})
        self.tips_account.active = False
        with self.assertRaisesRegex(UserError, "was a tip"):
            self.book_dispute(link)
        self.assertFalse(link.dispute_ids.move_ids)
