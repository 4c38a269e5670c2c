"""A branch is paid through the account of the company above, and its money is in its own books."""

from decimal import Decimal

from odoo import Command

from .refunds import RefundCase


class TestBranch(RefundCase):
    def setUp(self):
        super().setUp()
        self.branch = self.env["res.company"].create(
            {"name": "Brook North", "parent_id": self.company.id}
        )
        self.env.user.company_ids |= self.branch
        self.env.cr.flush()  # Odoo loads a branch's chart of accounts before the commit.
        # Nobody else's customer: Odoo lets no document of another company have it.
        self.customer = self.env["res.partner"].create(
            {"name": "Nora North", "email": "nora@example.com", "company_id": self.branch.id}
        )

    def branch_link(self, amount=100.0):
        journal = self.env["account.journal"].search(
            [
                *self.env["account.journal"]._check_company_domain(self.branch),
                ("type", "=", "sale"),
            ],
            limit=1,
        )
        values = {"company_id": self.branch.id, "journal_id": journal.id}
        invoice = (
            self.env["account.move"]
            .with_company(self.branch)
            .create(
                {
                    "move_type": "out_invoice",
                    "partner_id": self.customer.id,
                    "invoice_date": "2026-01-15",
                    "invoice_line_ids": [
                        Command.create(
                            {"name": "Boiler", "price_unit": amount, "tax_ids": [Command.clear()]}
                        )
                    ],
                    **values,
                }
            )
        )
        invoice.action_post()
        return invoice.generate_payment_links()

    def test_paid_and_reconciled(self):
        link = self.branch_link()
        self.assertEqual(link.company_id, self.branch)
        self.pay(link)
        self.deliver_webhooks()
        self.assertEqual((link.state, link.invoice_id.payment_state), ("paid", "paid"))
        payment = self.assert_booked_once(100)
        self.assertEqual(payment.company_id, self.branch)
        self.assertFalse(self.activities(link))

    def test_a_custom_amount(self):
        link = self.make_custom_link(50, company_id=self.branch.id)
        self.pay(link)
        self.deliver_webhooks()
        self.assertEqual(link.state, "paid")
        self.assertEqual(self.assert_booked_once(50).company_id, self.branch)

    def test_refunded_with_a_credit_note(self):
        for amount in (30, 70):
            link = self.branch_link()
            self.pay(link)
            self.deliver_webhooks()
            self.refund(link, amount=amount, choice="credit_note")
            self.deliver_webhooks()
            refund = link.refund_ids
            self.assertEqual(refund.state, "done")
            self.assertEqual(refund.payment_id.company_id, self.branch)
            self.assertEqual(refund.refund_note_id.company_id, self.branch)

    def test_disputed_and_booked(self):
        link = self.branch_link()
        self.pay(link)
        self.deliver_webhooks()
        self.sandbox.bank.open_dispute(link.transaction_ids.provider_reference)
        self.deliver_webhooks()
        dispute = link.dispute_ids
        dispute.fee_account_id = self.env["account.account"].search(
            [
                ("account_type", "=", "expense"),
                *self.env["account.account"]._check_company_domain(self.company),
            ],
            limit=1,
        )
        dispute.action_book()
        self.assertEqual(dispute.move_ids.company_id, self.branch)
        self.assertEqual(link.invoice_id.amount_residual, 100)

    def test_a_tip_goes_where_the_branch_says(self):
        tips = self.env["account.account"].create(
            {"name": "Tips North", "code": "T1PN", "account_type": "income_other"}
        )
        self.branch.write({"paylinks_tips": True, "paylinks_tip_account_id": tips.id})
        link = self.branch_link()
        page = self.open_page(link)
        self.assertIn("tip", page.text)
        with self.other_transaction() as env:
            env["payment.link"].browse(link.id).sudo().start_checkout(tip=Decimal(10))
        attempt = link.transaction_ids
        self.sandbox.customer.pay(attempt.checkout_ref)
        self.deliver_webhooks()
        self.assertEqual((link.state, attempt.tip_account_id), ("paid", tips))
        self.assertFalse(self.activities(link))
