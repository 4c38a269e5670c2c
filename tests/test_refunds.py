"""Refunds from Odoo: written down, asked for once, in the books exactly once, as was chosen."""

from unittest.mock import patch

from odoo import Command
from odoo.exceptions import AccessError, UserError
from odoo.tests import Form, new_test_user

from .refunds import RefundCase

REFUNDS = "/v1/refunds"


class TestRefundFromOdoo(RefundCase):
    def test_in_full_with_a_credit_note(self):
        link = self.paid_link()
        told = self.refund(link)
        self.assertEqual(told["type"], "success")
        self.assert_refunded_once(link, 100)
        self.assertEqual([r["amount"] for r in self.stripe_refunds(link)][:1], [10000])
        note = link.refund_ids.refund_note_id
        self.assertEqual(
            (note.move_type, note.state, note.amount_total), ("out_refund", "posted", 100)
        )
        self.assertEqual(note.reversed_entry_id, link.invoice_id)
        self.assertIn(note.payment_state, ("paid", "in_payment"))
        self.assertIn(link.invoice_id.payment_state, ("paid", "in_payment"))
        self.assertEqual(self.open_lines(), [])
        self.assertEqual((link.state, link.amount, link.amount_paid), ("paid", 0, 100))
        self.assertFalse(self.activities(link))
        # Its messengers come late: nothing is booked twice.
        self.deliver_webhooks()
        self.run_sync()
        self.assert_refunded_once(link, 100)

    def test_in_parts_several_times(self):
        link = self.paid_link()
        for number, amount in enumerate((20, 30, 50), 1):
            self.refund(link, amount=amount, choice="credit_note")
            self.deliver_webhooks()
            self.assertEqual(len(self.refund_payments()), number)
        self.assertEqual(link.amount_refunded, 100)
        self.assertEqual(link.amount_refundable, 0)
        self.assertEqual(link.refund_ids.refund_note_id.mapped("amount_total"), [50, 30, 20])
        self.assertEqual(self.open_lines(), [])
        with self.assertRaisesRegex(UserError, "left to refund"):
            link.action_refund()

    def test_more_than_was_paid(self):
        link = self.paid_link()
        self.refund(link, amount=60)
        count = len(self.stripe_refunds(link))
        for amount in (40.01, 0, -5):
            with self.subTest(amount), self.assertRaisesRegex(UserError, "can still be refunded"):
                self.refund(link, amount=amount, choice="outstanding")
        self.assertEqual(len(self.stripe_refunds(link)), count)

    def test_leaving_the_invoice_open(self):
        link = self.paid_link()
        self.refund(link, amount=30, choice="outstanding", reason="duplicate")
        self.assert_refunded_once(link, 30)
        self.assertEqual(self.stripe_refunds(link)[0]["reason"], "duplicate")
        self.assertEqual(link.invoice_id.amount_residual, 30)
        self.assertEqual(self.open_lines(), [30])
        self.assertEqual((link.state, link.amount), ("paid", 0), "this link asks for no more")
        another = link.invoice_id.generate_payment_links()
        self.assertNotEqual(another, link)
        self.assertEqual((another.state, another.amount), ("active", 30))
        self.refund(link, amount=70, choice="outstanding")
        self.assertEqual(link.invoice_id.amount_residual, 100)
        self.assertEqual(another.amount, 100)
        self.assertEqual(self.open_lines(), [100])

    def test_a_credit_note_where_the_invoice_is_open_again(self):
        """What the customer owes again stays owed: the note is for the second refund alone."""
        link = self.paid_link(100)
        self.refund(link, amount=30, choice="outstanding")
        self.refund(link, amount=20, choice="credit_note")
        self.assertEqual(link.invoice_id.amount_residual, 30)
        self.assertEqual(self.customer_balance(), 30)
        self.assertEqual(self.open_lines(), [30])

    def test_with_taxes_to_the_cent(self):
        taxes = self.env["account.tax"].create(
            [
                {"name": f"T{percent}", "amount": percent, "type_tax_use": "sale"}
                for percent in (19, 7)
            ]
        )
        invoice = self.make_invoice(0, post=False)
        invoice.invoice_line_ids = [
            Command.clear(),
            *(
                Command.create(
                    {"name": tax.name, "price_unit": price, "tax_ids": [Command.set(tax.ids)]}
                )
                for tax, price in zip(taxes, (33.33, 12.34), strict=True)
            ),
        ]
        invoice.action_post()
        link = invoice.generate_payment_links()
        self.pay(link)
        self.deliver_webhooks()
        for amount in (0.53, 17.77, 7.01):
            self.refund(link, amount=amount, choice="credit_note")
        notes = link.refund_ids.refund_note_id
        self.assertEqual(notes.mapped("amount_total"), [7.01, 17.77, 0.53])
        self.assertEqual(notes.invoice_line_ids.tax_ids, taxes)
        self.assertTrue(all(note.amount_tax for note in notes))
        self.assertEqual(notes.line_ids.account_id, invoice.line_ids.account_id)
        self.assertEqual(self.open_lines(), [])

    def test_a_credit_note_that_was_there_before(self):
        """The accountant wrote it first: the refund takes that credit, and writes no second one."""
        link = self.paid_link()
        note = link.invoice_id._reverse_moves()
        note.action_post()
        with self.other_transaction() as env:
            self.assertEqual(self.fill(env, link).choice, "credit")
        with self.assertRaisesRegex(UserError, "not credited yet"):
            self.refund(link, choice="credit_note")
        self.refund(link)
        self.assert_refunded_once(link, 100)
        self.assertEqual(link.invoice_id.reversal_move_ids, note)
        self.assertEqual(self.open_lines(), [])

    def test_credit_money(self):
        link = self.make_custom_link(75)
        self.pay(link)
        self.deliver_webhooks()
        self.refund(link, amount=25)
        self.assert_refunded_once(link, 25)
        self.assertEqual(link.refund_ids.refund_choice, "credit")
        self.assertEqual(self.open_lines(), [-50], "the customer's credit is less")
        with self.assertRaisesRegex(UserError, "no single invoice"):
            self.refund(link, amount=5, choice="credit_note")

    def test_credit_money_that_an_invoice_was_paid_with(self):
        link = self.make_custom_link(75)
        attempt = self.pay(link)
        self.deliver_webhooks()
        invoice = self.make_invoice(75)
        # Matched by the accountant, as with the widget on the invoice.
        (attempt.payment_id.move_id.line_ids + invoice.line_ids).filtered(
            lambda line: line.account_id.account_type == "asset_receivable"
        ).reconcile()
        with self.assertRaisesRegex(UserError, "open as the customer's credit"):
            self.refund(link, amount=25, choice="credit")
        self.refund(link, amount=25, choice="outstanding")
        self.assertEqual(invoice.amount_residual, 25)
        self.assertEqual(self.open_lines(), [25])

    def test_a_deposit(self):
        product = self.env["product.product"].create({"name": "Boiler"})
        order = self.env["sale.order"].create(
            {
                "partner_id": self.customer.id,
                "require_signature": False,
                "require_payment": True,
                "prepayment_percent": 0.5,
                "order_line": [
                    Command.create(
                        {"product_id": product.id, "price_unit": 200, "tax_ids": [Command.clear()]}
                    )
                ],
            }
        )
        link = order.generate_deposit_links()
        self.pay(link)
        self.deliver_webhooks()
        self.assertEqual((order.state, order.amount_paid), ("sale", 100))
        mails = self.env["mail.mail"].search_count([])
        self.refund(link, amount=40)
        self.assert_refunded_once(link, 40)
        self.assertEqual(order.amount_paid, 60)
        self.assertEqual((order.state, link.state), ("sale", "paid"))
        self.assertEqual(self.open_lines(), [])
        self.assertEqual(order.amount_invoiced, 60, "the down payment, less its credit note")
        self.assertEqual(self.env["mail.mail"].search_count([]), mails, "nobody is thanked for it")
        self.sandbox.bank.fail_refund(self.stripe_refunds(link)[0]["id"])
        self.deliver_webhooks()
        self.assertEqual(order.amount_paid, 100)

    def test_in_a_foreign_currency(self):
        eur = self.activate("EUR", 0.5)
        link = self.paid_link(100, currency=eur)
        self.refund(link, amount=40, choice="outstanding")
        self.assert_refunded_once(link, 40)
        payment = self.refund_payments()
        self.assertEqual(payment.currency_id, eur)
        self.assertEqual(link.invoice_id.amount_residual, 40)
        self.refund(link, amount=60, choice="credit_note")
        self.assertEqual(link.refund_ids[0].refund_note_id.currency_id, eur)
        self.assertEqual(self.open_lines(), [40])

    def test_without_decimals(self):
        jpy = self.activate("JPY", 100)
        link = self.paid_link(5000, currency=jpy)
        self.refund(link, amount=1200)
        self.assertEqual(self.stripe_refunds(link)[0]["amount"], 1200)
        self.assert_refunded_once(link, 1200)

    def test_from_the_payment(self):
        link = self.paid_link()
        payment = self.assert_booked_once(100)
        self.assertEqual(payment.amount_available_for_refund, 100)
        action = payment.action_refund_wizard()
        self.assertEqual(action["res_model"], "payment.link.refund")
        self.assertEqual(action["context"]["default_link_id"], link.id)
        self.refund(link, amount=30)
        payment.invalidate_recordset()
        self.assertEqual(payment.amount_available_for_refund, 70)

    def test_stocks_own_action_goes_the_guarded_way(self):
        link = self.paid_link()
        with self.other_transaction() as env:
            attempt = env["payment.transaction"].browse(link.transaction_ids.id)
            attempt.action_refund(amount_to_refund=10)
        refund = link.refund_ids
        self.assertTrue(refund.checkout_key)
        self.assertEqual(
            self.stripe_refunds(link)[0]["metadata"]["paylinks_key"], refund.checkout_key
        )
        self.assert_refunded_once(link, 10)
        self.assertEqual(link.refunds_to_book, 1, "nobody said what becomes of the invoice")

    def test_written_down_before_stripe_is_called(self):
        link = self.paid_link()
        seen = []
        original = type(self.client).request

        def request(client, method, url, *args, **kwargs):
            if method.lower() == "post" and url.endswith(REFUNDS):
                with self.registry.cursor() as cr:
                    cr.execute(
                        "SELECT amount, state FROM payment_transaction"
                        " WHERE refund_link_id = %s AND checkout_key IS NOT NULL",
                        [link.id],
                    )
                    seen.append(cr.fetchall())
            return original(client, method, url, *args, **kwargs)

        with patch.object(type(self.client), "request", request):
            self.refund(link, amount=15)
        self.assertEqual([(float(a), s) for a, s in seen[0]], [(-15, "draft")])

    def test_the_same_dialog_twice_gives_back_once(self):
        link = self.paid_link()
        with self.other_transaction() as env:
            wizard = self.fill(env, link, amount=30)
            wizard.action_refund()
            wizard.action_refund()
        self.assert_refunded_once(link, 30)
        self.assertEqual(len(self.stripe_refunds(link)), 1)

    def test_rights(self):
        link = self.paid_link()
        groups = {
            "nobody": "base.group_user",
            "viewer": "serviceflow_paylinks.group_payments_view",
            "creator": "serviceflow_paylinks.group_payments_create",
            "invoicer": "account.group_account_invoice",
        }
        count = len(self.stripe_refunds(link))
        for name, group in groups.items():
            user = new_test_user(self.env, f"refund_{name}", group)
            with self.subTest(name):
                for method in ("action_refund", "action_book_refund"):
                    with self.assertRaises(AccessError):
                        getattr(link.with_user(user), method)()
                with self.assertRaises(AccessError):
                    self.env["payment.link.refund"].with_user(user).create(
                        {"link_id": link.id, "transaction_id": link.transaction_ids.id}
                    )
                with self.assertRaises(AccessError):
                    link.transaction_ids.with_user(user).action_refund(1)
        self.assertEqual(len(self.stripe_refunds(link)), count)
        manager = new_test_user(
            self.env, "refund_manager", "serviceflow_paylinks.group_payments_manage"
        )
        context = link.with_user(manager).action_refund()["context"]
        dialog = Form(self.env["payment.link.refund"].with_user(manager).with_context(context))
        self.assertEqual((dialog.amount, dialog.invoice_id), (100, link.invoice_id))
        self.refund(link, user=manager, amount=10, choice="credit_note")
        self.assert_refunded_once(link, 10)
        link.with_user(manager).refund_ids.mapped("amount")

    def test_a_payment_of_another_link_is_refused(self):
        link, other = self.paid_link(), self.paid_link()
        with self.other_transaction() as env:
            wizard = self.fill(env, link)
            wizard.transaction_id = other.transaction_ids.id
            with self.assertRaisesRegex(UserError, "another link"):
                wizard.action_refund()
