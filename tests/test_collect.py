"""Direct payment by a card now and by cash; and what cannot be collected."""

from datetime import timedelta

from odoo import fields
from odoo.exceptions import AccessError, UserError
from odoo.tests import Form, new_test_user
from odoo.tools import mute_logger

from .collecting import CollectCase

MODULE = "odoo.addons.serviceflow_paylinks"


class TestCardNowAndCash(CollectCase):
    def test_card_now(self):
        invoice = self.make_invoice(100)
        wizard = self.collect(invoice)
        action = self.press(wizard, "action_take_card")
        [session] = self.open_sessions()
        expected = {"type": "ir.actions.act_url", "url": session["url"], "target": "new"}
        self.assertEqual(action, expected)
        self.assertEqual(wizard.payment_state, "waiting")
        again = self.press(wizard, "action_take_card")
        self.assertEqual(again["url"], session["url"])
        self.sandbox.customer.pay(session)
        self.sandbox.webhooks.clear()
        self.press(wizard, "action_refresh")
        self.assertEqual(wizard.payment_state, "paid")
        self.assert_booked_once(100)

    def test_card_now_and_the_webhook_comes(self):
        invoice = self.make_invoice(100)
        wizard = self.collect(invoice)
        self.press(wizard, "action_take_card")
        self.sandbox.customer.pay(self.open_sessions()[0])
        self.deliver_webhooks()
        self.assertEqual(wizard.payment_state, "paid")

    def test_card_now_for_a_part(self):
        invoice = self.make_invoice(100)
        wizard = self.collect(invoice, amount_choice="other", amount=25)
        self.press(wizard, "action_take_card")
        self.assertEqual(self.open_sessions()[0]["amount_total"], 2500)
        self.press(wizard, "action_back")
        self.press(wizard, "action_take_card")
        self.assertEqual(len(invoice.payment_link_ids), 1, "the part's link is made once")

    def test_page_was_closed(self):
        wizard = self.collect(self.make_invoice(100))
        self.press(wizard, "action_take_card")
        self.sandbox.dashboard.expire(self.open_sessions()[0])
        self.press(wizard, "action_refresh")
        self.assertEqual(wizard.payment_state, "failed")
        self.assertIn("closed without a payment", wizard.payment_message)

    def test_bank_debit_on_the_page(self):
        wizard = self.collect(self.make_invoice(100))
        self.press(wizard, "action_take_card")
        self.sandbox.customer.pay_by_bank(self.open_sessions()[0])
        self.deliver_webhooks()
        self.assertEqual(wizard.payment_state, "processing")

    def test_stripe_unreachable(self):
        wizard = self.collect(self.make_invoice(100))
        self.sandbox.faults.outage()
        with (
            self.assertRaisesRegex(UserError, "cannot be reached.*Nothing was charged"),
            self.assertLogs(MODULE, "WARNING"),
        ):
            self.press(wizard, "action_take_card")

    def test_cash_is_odoos_own_dialog(self):
        invoice = self.make_invoice(100)
        wizard = self.collect(invoice)
        self.assertTrue(wizard.can_register)
        action = wizard.action_register()
        self.assertEqual(action["res_model"], "account.payment.register")
        register = self.env["account.payment.register"].with_context(**action["context"])
        register.create({})._create_payments()
        self.assertIn(invoice.payment_state, ("paid", "in_payment"))

    def test_cash_of_another_amount(self):
        """What was entered here goes along, and stays while the rest is filled in there."""
        invoice = self.make_invoice(100)
        wizard = self.collect(invoice, amount_choice="other", amount=40)
        context = wizard.action_register()["context"]
        register = Form(
            self.env["account.payment.register"].with_user(self.clerk).with_context(**context)
        )
        self.assertEqual(register.amount, 40)
        register.payment_date = fields.Date.today() - timedelta(days=2)
        self.assertEqual((register.amount, register.currency_id), (40, invoice.currency_id))
        register.save()._create_payments()
        self.assertEqual((invoice.amount_residual, invoice.payment_state), (60, "partial"))
        wizard = self.collect(invoice, amount_choice="other", amount=61)
        with self.assertRaisesRegex(UserError, "Enter that or less"):
            wizard.action_register()

    def test_cash_without_the_right(self):
        wizard = self.collect(self.make_invoice(100), self.creator)
        self.assertFalse(wizard.can_register)
        with self.assertRaises(AccessError), mute_logger("odoo.models"):
            wizard.action_register()

    def test_paid_by_transfer_meanwhile(self):
        invoice = self.make_invoice(100)
        wizard = self.collect(invoice)
        self.press(wizard, "action_take_card")
        self.pay_by_bank_transfer(invoice)
        self.assertEqual(wizard.payment_state, "paid")
        self.assertIn("paid another way", wizard.payment_message)

    def test_without_stripe_only_cash_is_left(self):
        self.provider.state = "disabled"
        wizard = self.collect(self.make_invoice(100))
        self.assertIn("Stripe is not connected", wizard.online_problem)
        self.assertFalse(wizard.card_ids)
        with self.assertRaisesRegex(UserError, "Stripe is not connected"):
            self.press(wizard, "action_take_card")
        self.assertEqual(wizard.action_register()["res_model"], "account.payment.register")

    def test_too_little_for_stripe(self):
        wizard = self.collect(self.make_invoice(0.3))
        self.assertIn("the least that Stripe charges", wizard.online_problem)

    def test_what_cannot_be_collected(self):
        paid, cancelled = self.make_invoice(), self.make_invoice()
        self.pay_by_bank_transfer(paid)
        cancelled.button_draft()
        cancelled.button_cancel()
        cases = (
            (self.make_invoice(post=False), "is a draft: confirm it first"),
            (paid, "is paid: there is nothing left to pay"),
            (cancelled, "is cancelled: there is nothing to pay"),
            (self.make_invoice(move_type="in_invoice", ref="x"), "is a vendor bill"),
            (self.make_invoice(move_type="out_refund"), "is a credit note"),
        )
        for invoice, words in cases:
            with self.subTest(words), self.assertRaisesRegex(UserError, words):
                invoice.with_user(self.clerk).action_collect_payment()

    def test_the_dialog_opens_by_itself_as_well(self):
        invoice = self.make_invoice()
        action = invoice.with_user(self.clerk).action_collect_payment()
        self.assertEqual(action["type"], "ir.actions.act_window")
        self.assertEqual((action["res_model"], action["target"]), ("payment.link.generate", "new"))
        self.assertEqual(action["xml_id"], "serviceflow_paylinks.payment_collect_action")
        self.assertEqual(action["context"]["default_invoice_ids"], invoice.ids)

    def test_nobody_without_the_right(self):
        viewer = new_test_user(self.env, "viewer", "serviceflow_paylinks.group_payments_view")
        with self.assertRaises(AccessError), mute_logger("odoo.models"):
            self.make_invoice().with_user(viewer).action_collect_payment()
