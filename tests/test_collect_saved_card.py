"""A saved card is charged: once, of what is owed, and what its bank may say."""

from odoo.exceptions import UserError

from .collecting import CollectCase

INTENTS = "/v1/payment_intents"
MODULE = "odoo.addons.serviceflow_paylinks"


class TestSavedCard(CollectCase):
    def test_charged_and_booked(self):
        token = self.save_card()
        invoice = self.make_invoice(100)
        wizard = self.collect(invoice)
        self.assertEqual(wizard.card_id, token)
        action = self.press(wizard, "action_charge")
        self.assertEqual((action["res_id"], action["target"]), (wizard.id, "new"))
        self.assertEqual(wizard.payment_state, "paid")
        self.assertRegex(wizard.payment_message, "100.00 received from Ada Payer by VISA")
        self.assertIn(f"{invoice.name} is paid", wizard.payment_message)
        self.assertEqual(self.charges(token), [10000])
        attempt = wizard.link_id.transaction_ids
        self.assertEqual((attempt.state, attempt.token_id), ("done", token))
        self.assertEqual(attempt.operation, "offline")
        self.assert_booked_once(100)
        self.assertEqual(wizard.link_id.state, "paid")
        self.assertIn(invoice.payment_state, ("paid", "in_payment"))
        history = "".join(wizard.link_id.message_ids.mapped("body"))
        self.assertIn(f"{self.clerk.name} charges the saved card", history)

    def test_webhooks_of_the_charge_book_nothing_more(self):
        invoice = self.make_invoice(100)
        self.save_card()
        self.press(self.collect(invoice), "action_charge")
        self.assertGreater(self.deliver_webhooks(), 0)
        events = self.env["payment.link.event"].search(
            [("transaction_id", "=", invoice.payment_link_ids.transaction_ids.id)]
        )
        self.assertIn("payment_intent.succeeded", events.mapped("event_type"))
        self.assertEqual(set(events.mapped("state")), {"done"})
        self.assert_booked_once(100)

    def test_what_stripe_is_asked(self):
        token = self.save_card()
        invoice = self.make_invoice(99.5)
        self.press(self.collect(invoice), "action_charge")
        [intent] = self.intents()[:1]
        self.assertEqual((intent["amount"], intent["currency"]), (9950, "usd"))
        self.assertEqual(intent["customer"], token.provider_ref)
        self.assertEqual(intent["payment_method"], token.stripe_payment_method)
        attempt = invoice.payment_link_ids.transaction_ids
        self.assertEqual(intent["metadata"]["paylinks_key"], attempt.checkout_key)
        self.assertEqual(intent["receipt_email"], "ada@example.com")
        self.assertEqual(attempt.checkout_ref, intent["id"])
        self.assertEqual(attempt.provider_reference, intent["id"])

    def test_stripe_sends_no_receipt_beside_ours(self):
        self.company.paylinks_receipt = "odoo"
        self.save_card()
        self.press(self.collect(self.make_invoice(20)), "action_charge")
        self.assertFalse(self.intents()[0]["receipt_email"])

    def test_the_open_link_of_the_invoice_is_what_is_paid(self):
        link = self.make_link(100)
        self.save_card()
        wizard = self.collect(link.invoice_id)
        self.press(wizard, "action_charge")
        self.assertEqual(wizard.link_id, link)
        self.assertEqual(link.state, "paid")

    def test_part_of_the_balance(self):
        token = self.save_card()
        invoice = self.make_invoice(100)
        wizard = self.collect(invoice, amount_choice="other", amount=40)
        self.press(wizard, "action_charge")
        self.assertEqual(self.charges(token), [4000])
        self.assertEqual(invoice.amount_residual, 60)
        self.assertRegex(wizard.payment_message, "owes .*60.00 still")
        self.assert_booked_once(40)

    def test_amount_is_capped_at_what_is_owed(self):
        """Money that came after the dialog was opened: the clerk looks again before any charge."""
        token = self.save_card()
        invoice = self.make_invoice(100)
        wizard = self.collect(invoice)
        self.pay_by_bank_transfer(invoice, 30)
        with self.assertRaisesRegex(UserError, r"owes .*70\.00 by now"):
            self.press(wizard, "action_charge")
        self.assertFalse(self.charges(token))
        self.press(self.collect(invoice), "action_charge")
        self.assertEqual(self.charges(token), [7000])

    def test_by_a_clerk_without_accounting(self):
        token = self.save_card()
        wizard = self.collect(self.make_invoice(100), self.creator)
        self.assertFalse(wizard.can_register)
        self.press(wizard, "action_charge")
        self.assertEqual(self.charges(token), [10000])

    # -- never a second charge --

    def test_pressed_again_it_charges_nothing_more(self):
        token = self.save_card()
        wizard = self.collect(self.make_invoice(100))
        for _press in range(3):
            self.press(wizard, "action_charge")
        self.assertEqual(self.charges(token), [10000])
        self.assertEqual(wizard.payment_state, "paid")
        self.assert_booked_once(100)

    def test_another_clerk_with_the_dialog_open(self):
        token = self.save_card()
        invoice = self.make_invoice(100)
        first, second = self.collect(invoice), self.collect(invoice, self.creator)
        self.press(first, "action_charge")
        with self.assertRaisesRegex(UserError, "is paid: there is nothing left"):
            self.press(second, "action_charge")
        self.assertEqual(self.charges(token), [10000])

    def test_another_clerk_with_a_part(self):
        """Both mean the same 40: the second sees that something was paid meanwhile."""
        token = self.save_card()
        invoice = self.make_invoice(100)
        part = {"amount_choice": "other", "amount": 40}
        first, second = self.collect(invoice, **part), self.collect(invoice, **part)
        self.press(first, "action_charge")
        with self.assertRaisesRegex(UserError, r"owes .*60\.00 by now"):
            self.press(second, "action_charge")
        self.assertEqual(self.charges(token), [4000])

    def test_part_while_the_others_charge_is_not_known(self):
        """What was asked for twice is paid once, also where the first answer was lost."""
        token, part = self.save_card(), {"amount_choice": "other", "amount": 40}
        invoice = self.make_invoice(100)
        first, second = self.collect(invoice, **part), self.collect(invoice, **part)
        self.sandbox.faults.add("timeout", "POST", INTENTS, times=None, after_effect=True)
        self.press(first, "action_charge")
        self.sandbox.faults.clear()
        with self.assertRaisesRegex(UserError, "Another payment of this came in"):
            self.press(second, "action_charge")
        self.assertEqual(self.charges(token), [4000])
        self.assertEqual(first.payment_state, "paid")

    def test_over_rpc_twice(self):
        token = self.save_card()
        link = self.make_link(100)
        for _time in range(2):
            with self.other_transaction() as env:
                there = env["payment.link"].with_user(self.creator).browse(link.id)
                self.assertEqual(there.charge_saved_card(token.id).state, "done")
        self.assertEqual(self.charges(token), [10000])

    def test_open_page_of_the_customer_is_closed_first(self):
        token = self.save_card()
        link = self.make_link(100)
        page = self.open_checkout(link)
        self.press(self.collect(link.invoice_id), "action_charge")
        self.assertEqual((page.state, page.checkout_open), ("cancel", False))
        self.assertFalse(self.open_sessions())
        self.assertEqual(self.charges(token), [10000])

    def test_page_that_was_paid_meanwhile_is_all_that_is_paid(self):
        token = self.save_card()
        link = self.make_link(100)
        wizard = self.collect(link.invoice_id)
        self.pay(link)
        self.sandbox.webhooks.clear()
        self.press(wizard, "action_charge")
        self.assertFalse(self.charges(token))
        self.assertEqual(wizard.payment_state, "paid")
        self.assert_booked_once(100)

    # -- the bank says no --

    def test_declined(self):
        token = self.save_card("pm_card_chargeCustomerFail")
        invoice = self.make_invoice(100)
        wizard = self.collect(invoice)
        self.press(wizard, "action_charge")
        self.assertEqual(wizard.payment_state, "failed")
        self.assertIn("Your card was declined. Nothing was charged", wizard.payment_message)
        attempt = wizard.link_id.transaction_ids
        self.assertEqual((attempt.state, attempt.checkout_open), ("error", False))
        self.assertFalse(self.charges(token))
        self.assertEqual(wizard.link_id.state, "active")
        self.deliver_webhooks()
        self.assertEqual(attempt.state, "error")
        self.press(wizard, "action_back")
        self.assertEqual(wizard.step, "ask")
        wizard.card_id = self.save_card()
        self.press(wizard, "action_charge")
        self.assertEqual(wizard.payment_state, "paid")
        self.assert_booked_once(100)

    def test_the_bank_wants_the_customer(self):
        self.save_card("pm_card_authenticationRequired")
        wizard = self.collect(self.make_invoice(100))
        self.press(wizard, "action_charge")
        self.assertEqual(wizard.payment_state, "failed")
        self.assertRegex(
            wizard.payment_message, "wants the customer to confirm.*Send the payment link instead"
        )

    def test_the_customers_page_tells_nothing_of_it(self):
        self.save_card("pm_card_chargeCustomerFail")
        wizard = self.collect(self.make_invoice(100))
        self.press(wizard, "action_charge")
        text = self.open_page(wizard.link_id).text
        self.assertNotIn("declined", text)
        self.assertNotIn("0341", text)
        self.assertIn("<button", text)

    def test_card_that_stripe_does_not_know(self):
        token = self.save_card()
        token.provider_ref = "cus_gone"
        wizard = self.collect(self.make_invoice(100))
        with self.assertLogs(MODULE, "WARNING"):
            self.press(wizard, "action_charge")
        self.assertEqual(wizard.payment_state, "failed")
        self.assertIn("does not know this card any more", wizard.payment_message)
        self.assertEqual(wizard.link_id.transaction_ids.state, "error")
