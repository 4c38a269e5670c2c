"""Disputes: told with a deadline, reminders stop, the outcome is kept, the money is booked once,
by a manager's approval."""

from odoo import Command
from odoo.exceptions import AccessError, UserError
from odoo.tests import new_test_user

from .refunds import RefundCase


class TestDisputes(RefundCase):
    def setUp(self):
        super().setUp()
        self.fees = self.env["account.account"].search(
            [
                ("account_type", "=", "expense"),
                *self.env["account.account"]._check_company_domain(self.company),
            ],
            limit=1,
        )

    def disputed_link(self, currency=None, **values):
        link = self.paid_link(currency=currency)
        self.sandbox.bank.open_dispute(link.transaction_ids.provider_reference, **values)
        self.deliver_webhooks()
        return link

    def close(self, link, won):
        self.sandbox.bank.close_dispute(link.dispute_ids[0].ref, won=won)
        self.deliver_webhooks()

    def book_dispute(self, dispute, **values):
        dispute.write({"fee_account_id": self.fees.id, **values})
        dispute.action_book()
        self.env.invalidate_all()

    def test_is_told_with_its_deadline(self):
        self.sandbox.webhooks.repeat(2)
        self.sandbox.webhooks.reorder("reverse")
        link = self.disputed_link()
        dispute = link.dispute_ids
        self.assertEqual(len(dispute), 1)
        self.assertEqual((dispute.state, dispute.amount), ("needs_response", 100))
        self.assertEqual(dispute.reason, "Fraudulent")
        self.assertEqual((dispute.withdrawn, dispute.fee), (100, 15))
        self.assertEqual(link.dispute_state, "open")
        activity = self.activities(link)
        self.assertEqual(len(activity), 1)
        self.assertEqual(activity.date_deadline, dispute.due_by.date())
        self.assertIn("Stripe's dashboard until", activity.note)
        self.assertFalse(dispute.move_ids, "nothing is booked before somebody approves")
        self.assertEqual(len(self.payments()), 1)

    def test_in_dispute_with_another_deposit_of_the_order(self):
        product = self.env["product.product"].create({"name": "Bathroom", "taxes_id": False})
        order = self.env["sale.order"].create(
            {
                "partner_id": self.customer.id,
                "require_signature": False,
                "order_line": [Command.create({"product_id": product.id, "price_unit": 1000})],
            }
        )
        first, second = self.env["payment.link"].create(
            [
                {"purpose": "deposit", "sale_order_id": order.id, "amount": amount}
                for amount in (200, 300)
            ]
        )
        self.pay(first)
        self.deliver_webhooks()
        self.assertFalse(second._is_in_dispute())
        self.sandbox.bank.open_dispute(first.transaction_ids.provider_reference)
        self.deliver_webhooks()
        self.assertTrue(first._is_in_dispute() and second._is_in_dispute())

    def test_reminders_stop_on_every_link_of_the_invoice(self):
        invoice = self.make_invoice(100)
        part = self.env["payment.link"].create(
            {"purpose": "invoice", "invoice_id": invoice.id, "amount": 40}
        )
        link = invoice.generate_payment_links()
        other = self.make_link()

        def obstacle(link):
            return link._find_obstacle_in_state(
                self.env["payment.link.message"].new({"kind": "reminder"})
            )

        self.pay(part)
        self.deliver_webhooks()
        self.assertFalse(obstacle(link))
        self.sandbox.bank.open_dispute(part.transaction_ids.provider_reference)
        self.deliver_webhooks()
        self.assertTrue(link._is_in_dispute() and part._is_in_dispute())
        self.assertFalse(other._is_in_dispute())
        self.assertIn("in dispute", obstacle(link))
        self.assertFalse(obstacle(other))
        self.close(part, won=True)
        self.assertFalse(obstacle(link))

    def test_lost_and_the_invoice_opens(self):
        link = self.disputed_link()
        self.close(link, won=False)
        dispute = link.dispute_ids
        self.assertEqual((dispute.state, link.dispute_state), ("lost", "lost"))
        self.assertIn("lost", self.activities(link).note)
        self.assertIn("“Book”", self.activities(link).note)
        self.book_dispute(dispute, choice="outstanding")
        entry = dispute.move_ids
        self.assertEqual(entry.state, "posted")
        self.assertEqual(self.sum_on(entry, self.fees), 15)
        self.assertEqual(
            self.sum_on(entry, self.payments().outstanding_account_id), -115, "as Stripe's balance"
        )
        self.assertEqual(link.invoice_id.amount_residual, 100)
        self.assertEqual(self.open_lines(), [100])
        self.assertEqual(link.state, "paid")
        self.assertFalse(self.activities(link))
        with self.assertRaisesRegex(UserError, "booked already"):
            dispute.action_book()
        self.deliver_webhooks()
        self.assertEqual(len(dispute.move_ids), 1)

    def sum_on(self, move, account):
        lines = move.line_ids.filtered(lambda line: line.account_id == account)
        return self.company.currency_id.round(sum(lines.mapped("balance")))

    def test_lost_as_a_debit_of_the_customer(self):
        link = self.disputed_link(amount=6000)
        self.book_dispute(link.dispute_ids, choice="debit")
        self.assertEqual(link.dispute_ids.booked, 60)
        self.assertEqual(link.invoice_id.amount_residual, 0)
        self.assertEqual(self.open_lines(), [60])

    def test_won_after_it_was_booked(self):
        link = self.disputed_link()
        dispute = link.dispute_ids
        self.book_dispute(dispute)
        self.assertEqual(link.invoice_id.amount_residual, 100)
        self.assertEqual(len(self.activities(link)), 1, "the answer is still due")
        self.close(link, won=True)
        self.assertEqual((dispute.state, dispute.to_book, dispute.fee_to_book), ("won", -100, -15))
        self.assertEqual(link.dispute_state, "won")
        self.assertEqual(link.invoice_id.amount_residual, 100, "not before it is approved")
        self.book_dispute(dispute)
        self.assertEqual(len(dispute.move_ids), 2)
        self.assertEqual(link.invoice_id.amount_residual, 0)
        self.assertEqual(self.open_lines(), [])
        self.assertEqual(self.customer_balance(), 0)
        self.assertEqual(sum(self.sum_on(move, self.fees) for move in dispute.move_ids), 0)
        with self.assertRaisesRegex(UserError, "booked already"):
            dispute.action_book()

    def test_won_before_anybody_booked_it(self):
        link = self.disputed_link()
        self.close(link, won=True)
        self.assertEqual((link.dispute_ids.to_book, link.dispute_ids.fee_to_book), (0, 0))
        self.assertFalse(self.activities(link), "nothing is left to do")
        with self.assertRaisesRegex(UserError, "booked already"):
            link.dispute_ids.action_book()

    def test_an_inquiry_moves_no_money_until_it_does(self):
        link = self.disputed_link(inquiry=True)
        dispute = link.dispute_ids
        self.assertEqual((dispute.state, dispute.withdrawn), ("warning_needs_response", 0))
        with self.assertRaisesRegex(UserError, "booked already"):
            dispute.action_book()
        self.sandbox.bank.withdraw_funds(dispute.ref)
        self.deliver_webhooks()
        self.assertEqual(dispute.to_book, 100)
        self.assertIn("“Book”", self.activities(link).note)

    def test_an_answer_that_was_overtaken(self):
        link = self.disputed_link()
        attempt = link.transaction_ids
        old = attempt._get_processor().look_at_disputes(attempt.provider_reference)
        self.close(link, won=True)
        attempt._apply_disputes(old)
        self.assertEqual((link.dispute_ids.state, link.dispute_state), ("won", "won"))
        self.assertEqual(link.dispute_ids.withdrawn, 0)

    def test_in_a_foreign_currency(self):
        eur = self.activate("EUR", 0.5)
        link = self.disputed_link(currency=eur)
        self.book_dispute(link.dispute_ids)
        self.assertEqual(link.dispute_ids.currency_id, eur)
        self.assertEqual(link.invoice_id.amount_residual, 100)
        self.assertEqual(self.sum_on(link.dispute_ids.move_ids, self.fees), 30)

    def test_the_account_settles_in_another_currency(self):
        """The money comes back at another day's rate: all of it has come back all the same."""
        self.addCleanup(setattr, self.sandbox, "settlement", None)
        self.sandbox.settlement = ("eur", 0.92)
        link = self.disputed_link()
        dispute = link.dispute_ids
        self.assertEqual((dispute.withdrawn, dispute.fee_currency_id.name), (100, "EUR"))
        self.sandbox.settlement = ("eur", 0.905)
        self.close(link, won=True)
        self.assertEqual((dispute.state, dispute.withdrawn, dispute.to_book), ("won", 0, 0))

    def test_an_inquiry_that_was_closed_and_became_a_dispute(self):
        link = self.disputed_link(inquiry=True)
        dispute = link.dispute_ids
        self.close(link, won=True)
        self.assertEqual((dispute.state, link.dispute_state), ("warning_closed", False))
        self.assertFalse(self.activities(link))
        there = self.sandbox.store.get("dispute", dispute.ref)
        there["status"] = "needs_response"
        self.sandbox.bank.withdraw_funds(dispute.ref)
        self.deliver_webhooks()
        self.assertEqual((dispute.state, link.dispute_state), ("needs_response", "open"))
        self.assertEqual(dispute.to_book, 100)
        self.assertIn("Stripe's dashboard until", self.activities(link).note)

    def test_the_fee_needs_an_account(self):
        link = self.disputed_link()
        link.dispute_ids.fee_account_id = False
        with self.assertRaisesRegex(UserError, "fee of"):
            link.dispute_ids.action_book()
        self.assertFalse(link.dispute_ids.move_ids)

    def test_of_a_payment_not_heard_of_yet(self):
        link = self.make_link()
        attempt = self.pay(link)
        for delivery in self.sandbox.webhooks.queue:
            self.sandbox.webhooks.mark(delivery, 200)
        session = self.sandbox.store.get("checkout.session", attempt.checkout_ref)
        self.sandbox.bank.open_dispute(session["payment_intent"])
        self.deliver_webhooks()
        self.assertEqual((link.state, link.dispute_state), ("paid", "open"))
        self.assert_booked_once(100)

    def test_rights(self):
        link = self.disputed_link()
        for name, group in {
            "nobody": "base.group_user",
            "viewer": "serviceflow_paylinks.group_payments_view",
            "creator": "serviceflow_paylinks.group_payments_create",
        }.items():
            user = new_test_user(self.env, f"dispute_{name}", group)
            dispute = link.dispute_ids.with_user(user)
            with self.subTest(name), self.assertRaises(AccessError):
                dispute.action_book()
            with self.subTest(name), self.assertRaises(AccessError):
                dispute.choice = "debit"
        manager = new_test_user(
            self.env, "dispute_manager", "serviceflow_paylinks.group_payments_manage"
        )
        dispute = link.dispute_ids.with_user(manager)
        for values in ({"booked": 100}, {"state": "won"}, {"withdrawn": 0}):
            with self.subTest(values), self.assertRaises(AccessError):
                dispute.write(values)
        dispute.sudo().fee_account_id = self.fees
        dispute.choice = "debit"
        dispute.action_book()
        self.assertEqual(len(link.dispute_ids.move_ids), 1)
