"""Refunds made in Stripe's dashboard, and those that come back: whoever brings the message, in
whatever order."""

import json
from datetime import timedelta

from odoo import fields
from odoo.exceptions import UserError

from .refunds import RefundCase


class TestRefundAtStripe(RefundCase):
    """Made in Stripe's dashboard: it comes back by event, and a person says what it is for."""

    def test_comes_back_by_event(self):
        link = self.paid_link()
        self.sandbox.webhooks.repeat(3)
        self.sandbox.webhooks.reorder("reverse")
        self.sandbox.dashboard.refund(
            link.transaction_ids.provider_reference, 4000, "requested_by_customer"
        )
        self.deliver_webhooks()
        with self.other_transaction() as env:  # as another event of it would
            env["payment.transaction"].browse(link.transaction_ids.id)._look_at_refunds()
        self.assert_refunded_once(link, 40)
        self.assertEqual(link.refund_ids.refund_reason, "requested_by_customer")
        self.assertEqual(link.refunds_to_book, 1)
        self.assertEqual(self.open_lines(), [40], "a debit of the customer")
        self.assertIn("Book Refund", self.activities(link).note)
        self.assertEqual(link.invoice_id.amount_residual, 0)

    def test_a_person_books_it(self):
        for choice, left in (("credit_note", []), ("outstanding", [40])):
            with self.subTest(choice):
                self.customer = self.env["res.partner"].create(
                    {"name": choice, "email": "ada@example.com"}
                )
                link = self.paid_link()
                self.sandbox.dashboard.refund(link.transaction_ids.provider_reference, 4000)
                self.deliver_webhooks()
                self.book(link, choice=choice)
                self.assertEqual(self.open_lines(), left)
                self.assertFalse(self.activities(link))
                self.assertEqual(link.refunds_to_book, 0)
                self.assertEqual(len(self.refund_payments()), 1)
                with self.assertRaisesRegex(UserError, "is booked"):
                    link.action_book_refund()

    def test_two_dialogs_book_it_once(self):
        link = self.paid_link()
        self.sandbox.dashboard.refund(link.transaction_ids.provider_reference, 4000)
        self.deliver_webhooks()
        with self.other_transaction() as env:
            action = env["payment.link"].browse(link.id).action_book_refund()
            wizards = env["payment.link.refund"].with_context(action["context"])
            first, second = wizards.create([{}, {}])
            first.action_book()
            with self.assertRaisesRegex(UserError, "booked already"):
                second.action_book()
        self.assertEqual(len(link.invoice_id.reversal_move_ids), 1)

    def test_before_the_payment_was_heard_of(self):
        """The refund's event arrives first: the payment is booked, then the refund."""
        link = self.make_link()
        attempt = self.pay(link)
        self.sandbox.webhooks.lose()
        self.sandbox.webhooks.clear()
        session = self.sandbox.store.get("checkout.session", attempt.checkout_ref)
        for delivery in self.sandbox.webhooks.queue:
            self.sandbox.webhooks.mark(delivery, 200)
        self.sandbox.dashboard.refund(session["payment_intent"], 4000)
        self.deliver_webhooks()
        self.assertEqual((attempt.state, link.state), ("done", "paid"))
        self.assertEqual(len(self.payments()), 2)
        self.assertEqual((link.amount_paid, link.amount_refunded), (100, 40))

    def test_pending_first(self):
        link = self.paid_link(card="4000000000007726")
        self.sandbox.dashboard.refund(link.transaction_ids.provider_reference, 4000)
        self.deliver_webhooks()
        self.assertEqual(link.refund_ids.state, "pending")
        self.assertFalse(self.refund_payments())
        self.assertEqual((link.amount_refunded, link.amount_refundable), (0, 60))
        self.sandbox.webhooks.lose()
        self.sandbox.bank.settle_refund(link.refund_ids.provider_reference)
        self.run_sync()
        self.assert_refunded_once(link, 40)

    def test_an_event_of_before_does_not_undo(self):
        """`refund.created` says pending, and arrives after `refund.updated` said succeeded."""
        link = self.paid_link(card="4000000000007726")
        self.sandbox.webhooks.reorder("reverse")
        refund = self.sandbox.dashboard.refund(link.transaction_ids.provider_reference, 4000)
        self.sandbox.bank.settle_refund(refund["id"])
        self.deliver_webhooks()
        self.assert_refunded_once(link, 40)

    def test_of_a_stranger_on_the_same_account(self):
        secret = self.provider.paylinks_webhook_secret
        link = self.paid_link()
        self.sandbox.dashboard.refund(link.transaction_ids.provider_reference, 100)
        refund = json.loads(json.dumps(self.stripe_refunds(link)[0]))
        refund.update(id="re_3stranger", payment_intent="pi_3stranger")
        body, headers = self.sandbox.webhooks.craft("refund.created", refund, secret)
        self.url_open(f"/paylinks/stripe/webhook/{self.provider.id}", data=body, headers=headers)
        self.env.invalidate_all()
        event = self.env["payment.link.event"].search([("object_ref", "=", "re_3stranger")])
        self.assertEqual(event.state, "ignored")
        self.assertFalse(link.refund_ids)


class TestRefundComesBack(RefundCase):
    """It had succeeded, then the customer's bank refused it."""

    def bounce(self, link):
        self.sandbox.bank.fail_refund(link.refund_ids[:1].provider_reference)
        self.deliver_webhooks()

    def test_with_an_open_invoice(self):
        link = self.paid_link()
        self.refund(link, amount=30, choice="outstanding")
        self.deliver_webhooks()
        self.bounce(link)
        self.assertEqual(link.refund_ids.state, "error")
        self.assertFalse(self.refund_payments())
        self.assertEqual((link.amount_refunded, link.amount_refundable), (0, 100))
        self.assertEqual(link.invoice_id.amount_residual, 0, "we have the money: nobody is asked")
        self.assertEqual(self.open_lines(), [])
        self.assertIn("Refund failed", self.activities(link).summary)
        # Late and repeated messages change nothing any more.
        self.run_sync()
        with self.other_transaction() as env:
            env["payment.transaction"].browse(link.transaction_ids.id)._look_at_refunds()
        self.assertEqual(len(self.activities(link)), 1)
        self.assertEqual(link.amount_refunded, 0)

    def test_an_answer_that_was_overtaken(self):
        """One messenger asked before it failed, and applies what it heard afterwards."""
        link = self.paid_link()
        self.refund(link, amount=30, choice="outstanding")
        attempt = link.transaction_ids
        old = attempt._get_processor().look_at_refunds(attempt.provider_reference)
        self.bounce(link)
        attempt._apply_refunds(old)
        self.assertEqual(link.refund_ids.state, "error")
        self.assertEqual(link.amount_refunded, 0)
        self.assertFalse(self.refund_payments())

    def test_with_a_credit_note(self):
        link = self.paid_link()
        self.refund(link, amount=30, choice="credit_note")
        self.deliver_webhooks()
        self.bounce(link)
        note = link.invoice_id.reversal_move_ids
        self.assertEqual(note.state, "posted")
        self.assertEqual(self.open_lines(), [-30], "the note is a credit of the customer")
        self.assertIn(note.name, self.activities(link).note)
        with self.other_transaction() as env:
            wizard = self.fill(env, link, amount=30)
            wizard._compute_choice()
            self.assertEqual(wizard.choice, "credit")
        self.refund(link, amount=30, choice="credit")
        self.assertEqual(self.open_lines(), [])
        self.assertEqual(link.amount_refunded, 30)

    def test_before_a_person_has_booked_it(self):
        link = self.paid_link()
        self.sandbox.dashboard.refund(link.transaction_ids.provider_reference, 4000)
        self.deliver_webhooks()
        self.bounce(link)
        self.assertEqual(link.refunds_to_book, 0)
        self.assertEqual(
            self.activities(link).mapped("summary"), [f"Refund failed: {link.refund_ids.reference}"]
        )
        self.assertEqual(self.open_lines(), [])

    def test_in_a_closed_period(self):
        link = self.paid_link()
        self.refund(link, amount=30, choice="outstanding")
        payment = self.refund_payments()
        self.env.flush_all()
        day = fields.Date.today() - timedelta(days=40)
        self.env.cr.execute(
            "UPDATE account_move SET date = %s WHERE id = %s", [day, payment.move_id.id]
        )
        self.env.cr.execute(
            "UPDATE account_move_line SET date = %s WHERE move_id = %s", [day, payment.move_id.id]
        )
        self.env.invalidate_all()
        self.company.fiscalyear_lock_date = fields.Date.today() - timedelta(days=10)
        self.bounce(link)
        self.assertEqual(payment.move_id.state, "posted", "the closed books stay as they are")
        opposite = payment.move_id.reversal_move_ids
        self.assertEqual((opposite.state, opposite.date), ("posted", fields.Date.today()))
        self.assertEqual(self.open_lines(), [])
        self.assertEqual(self.customer_balance(), 0)
        self.assertEqual(link.amount_refunded, 0)

    def test_heard_of_only_when_it_had_failed(self):
        link = self.paid_link()
        self.sandbox.webhooks.reorder("reverse")
        refund = self.sandbox.dashboard.refund(link.transaction_ids.provider_reference, 4000)
        self.sandbox.bank.fail_refund(refund["id"])
        self.deliver_webhooks()
        self.assertEqual(link.refund_ids.state, "error")
        self.assertFalse(self.refund_payments())
        self.assertEqual(link.amount_refunded, 0)
