"""Direct payment on an invoice: a saved card, a card now, cash; and what may go wrong."""

import stripe
from odoo import Command
from odoo.addons.serviceflow_paylinks.exceptions import FinalError
from odoo.exceptions import AccessError, UserError
from odoo.tests import new_test_user
from odoo.tools import mute_logger

from .common import PaylinksCase

INTENTS = "/v1/payment_intents"
MODULE = "odoo.addons.serviceflow_paylinks"
LOGS = f"{MODULE}.wizards.payment_link_generate_collect"


class CollectCase(PaylinksCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.clerk = new_test_user(
            cls.env,
            "paylinks_clerk",
            "account.group_account_invoice,serviceflow_paylinks.group_payments_create",
        )
        cls.creator = new_test_user(
            cls.env, "paylinks_creator", "serviceflow_paylinks.group_payments_create"
        )
        cls.stripe = stripe.StripeClient(
            cls.provider.stripe_secret_key, http_client=cls.client, max_network_retries=0
        ).v1

    def save_card(self, method="pm_card_visa", partner=None, provider=None, **values):
        """A card that the customer saved earlier: at Stripe, and Odoo's token of it."""
        partner = partner or self.customer
        owner = self.stripe.customers.create({"name": partner.name})
        card = self.stripe.payment_methods.attach(method, {"customer": owner.id})
        self.client.calls.clear()
        return self.env["payment.token"].create(
            {
                "provider_id": (provider or self.provider).id,
                "payment_method_id": self.provider._paylinks_payment_method().id,
                "partner_id": partner.id,
                "payment_details": card.card.last4,
                "provider_ref": owner.id,
                "stripe_payment_method": card.id,
                **values,
            }
        )

    def intents(self):
        """The charges that Stripe made of saved cards, the newest first."""
        return [i for i in self.sandbox.store.all("payment_intent") if i["customer"]]

    def charges(self, token):
        """How often money was taken from a card."""
        return [
            charge["amount"]
            for charge in self.sandbox.store.all("charge")
            if charge["customer"] == token.provider_ref and charge["status"] == "succeeded"
        ]

    def collect(self, invoice, user=None, **values):
        """The dialog on an invoice, as it opens with direct payment chosen."""
        wizards = self.env["payment.link.generate"].with_user(user or self.clerk)
        action = invoice.with_user(user or self.clerk).action_collect_payment()
        context = {**action["context"], "default_method": "direct"}
        wizard = wizards.with_context(**context).create(values)
        self.env.flush_all()
        return wizard

    def press(self, wizard, button):
        """Press a button in a transaction of its own, as a browser's request is one."""
        with self.other_transaction() as env:
            there = env[wizard._name].with_user(wizard.env.user).browse(wizard.id)
            return getattr(there, button)()


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

    # -- the answer is lost --

    def lose_answer(self, kind="timeout", after_effect=True):
        self.sandbox.faults.add(kind, "POST", INTENTS, times=None, after_effect=after_effect)

    def let_time_pass(self, attempt, minutes):
        self.env.flush_all()
        self.env.cr.execute(
            "UPDATE payment_transaction SET create_date = create_date - %s * interval '1 minute',"
            " checkout_check_at = checkout_check_at - %s * interval '1 minute' WHERE id = %s",
            [minutes, minutes, attempt.id],
        )
        self.env.invalidate_all()

    def charge_unheard(self, **lost):
        """Charge; the answer never comes: return (token, wizard, attempt)."""
        token = self.save_card()
        wizard = self.collect(self.make_invoice(100))
        self.lose_answer(**lost)
        self.press(wizard, "action_charge")
        self.sandbox.faults.clear()
        attempt = wizard.link_id.transaction_ids
        self.assertEqual(wizard.payment_state, "unknown")
        self.assertIn("not known yet whether the card was charged", wizard.payment_message)
        self.assertEqual((attempt.state, attempt.checkout_ref), ("draft", False))
        return token, wizard, attempt

    def test_lost_answer_is_found_by_the_schedule(self):
        """As well as a crash between Stripe's yes and our commit: the attempt was committed."""
        for lost in ({"kind": "timeout"}, {"kind": "reset"}, {"kind": "error"}):
            with self.subTest(lost):
                token, wizard, attempt = self.charge_unheard(**lost)
                self.sandbox.webhooks.clear()
                self.client.calls.clear()
                self.let_time_pass(attempt, 3)
                self.run_schedule("cron_sync_checkouts")
                self.assertEqual(attempt.state, "done")
                self.assertEqual(wizard.payment_state, "paid")
                self.assertEqual(self.charges(token), [10000])
                posts = [call for call in self.client.calls if call == ("POST", INTENTS)]
                self.assertFalse(posts, "the schedule looks, it never charges")

    def test_lost_answer_is_brought_by_the_webhook(self):
        token, wizard, attempt = self.charge_unheard()
        self.deliver_webhooks()
        self.assertEqual((attempt.state, wizard.payment_state), ("done", "paid"))
        self.assertEqual(self.charges(token), [10000])
        self.assert_booked_once(100)

    def test_lost_answer_and_pressed_again(self):
        token, wizard, attempt = self.charge_unheard()
        self.press(wizard, "action_charge")
        self.assertEqual(wizard.payment_state, "paid")
        self.assertEqual(wizard.link_id.transaction_ids, attempt)
        self.assertEqual(self.charges(token), [10000])

    def test_lost_answer_and_the_clerk_looks_again(self):
        token, wizard, _attempt = self.charge_unheard()
        self.press(wizard, "action_refresh")
        self.assertEqual(wizard.payment_state, "paid")
        self.assertEqual(self.charges(token), [10000])

    def test_lost_request_is_given_up_and_never_sent_by_itself(self):
        token, wizard, attempt = self.charge_unheard(after_effect=False)
        self.let_time_pass(attempt, 3)
        self.run_schedule("cron_sync_checkouts")
        self.assertEqual(attempt.state, "draft", "too early to be sure")
        with (
            self.assertRaisesRegex(UserError, "does not say yet"),
            mute_logger(f"{MODULE}.wizards"),
        ):
            self.press(wizard, "action_refresh")
        self.let_time_pass(attempt, 20)
        with self.assertLogs(MODULE, "WARNING"):
            self.run_schedule("cron_sync_checkouts")
        self.assertEqual(attempt.state, "error")
        self.assertEqual(wizard.payment_state, "failed")
        self.assertIn("never reached Stripe", wizard.payment_message)
        self.assertFalse(self.charges(token))
        self.press(wizard, "action_back")
        self.press(wizard, "action_charge")
        self.assertEqual(self.charges(token), [10000])

    def test_no_other_payment_while_nobody_knows(self):
        token, wizard, _attempt = self.charge_unheard(after_effect=False)
        other = self.save_card()
        second = self.collect(wizard.invoice_ids, card_id=other.id)
        with self.assertRaisesRegex(UserError, "Another payment of this is under way"):
            self.press(second, "action_charge")
        with self.assertLogs(MODULE, "WARNING"):
            page = self.click_pay(wizard.link_id)
        self.assertEqual(page.status_code, 503)
        self.assertIn("Another payment is under way", page.text)
        self.assertFalse(self.activities(wizard.link_id))
        self.assertFalse(self.charges(token) + self.charges(other))

    def test_old_call_is_not_repeated(self):
        """Stripe forgets keys: an old call made again would be a second charge."""
        token, wizard, attempt = self.charge_unheard()
        self.let_time_pass(attempt, 60 * 30)
        self.client.calls.clear()
        self.press(wizard, "action_charge")
        self.assertNotIn(("POST", INTENTS), self.client.calls)
        self.assertEqual(wizard.payment_state, "paid")
        self.assertEqual(self.charges(token), [10000])

    def test_stripe_busy_then_free(self):
        token = self.save_card()
        wizard = self.collect(self.make_invoice(100))
        self.sandbox.faults.add("rate_limit", "POST", INTENTS, times=None)
        self.press(wizard, "action_charge")
        self.assertEqual(wizard.payment_state, "unknown")
        self.assertIn("busy", wizard.payment_message)
        self.sandbox.faults.clear()
        self.press(wizard, "action_charge")
        self.assertEqual(self.charges(token), [10000])

    def test_money_that_comes_after_it_was_given_up_is_booked(self):
        """Stripe answers after all, to an attempt that failed: invariant 1."""
        token, _wizard, attempt = self.charge_unheard()
        with mute_logger(f"{MODULE}.models.payment_transaction_checkout"):
            attempt._fail_checkout(FinalError("given up"))
        self.assertEqual(attempt.state, "error")
        self.deliver_webhooks()
        self.assertEqual(attempt.state, "done")
        self.assertEqual(self.charges(token), [10000])
        self.assert_booked_once(100)

    def test_charge_that_does_not_fit_is_set_aside(self):
        _token, wizard, attempt = self.charge_unheard()
        [intent] = self.intents()[:1]
        intent["amount"] = 1
        self.let_time_pass(attempt, 3)
        with self.assertLogs(MODULE, "WARNING") as logs:
            self.run_schedule("cron_sync_checkouts")
        self.assertEqual(len(logs.output), 1)
        self.assertEqual(attempt.state, "draft")
        self.assertIn("amount", self.activities(wizard.link_id).note)

    # -- whose card --

    def refused(self, link, token, user=None):
        with (
            self.assertRaises(AccessError) as caught,
            mute_logger("odoo.models"),
            self.other_transaction() as env,
        ):
            link = env["payment.link"].with_user(user or self.creator).browse(link.id)
            link.charge_saved_card(token.id)
        self.assertFalse(self.intents_of(token))
        return str(caught.exception)

    def intents_of(self, token):
        return [i for i in self.intents() if i["customer"] == token.provider_ref]

    def test_cards_of_the_whole_customer_are_offered(self):
        parent = self.env["res.partner"].create({"name": "Payer & Sons", "is_company": True})
        self.customer.parent_id = parent
        tokens = self.save_card(partner=parent) | self.save_card()
        wizard = self.collect(self.make_invoice(100))
        self.assertEqual(wizard.card_ids, tokens)

    def test_anothers_card_is_refused(self):
        link = self.make_link()
        other = self.env["res.partner"].create({"name": "Somebody Else"})
        self.assertIn("not saved by Ada Payer", self.refused(link, self.save_card(partner=other)))

    def test_card_of_another_company_is_refused(self):
        company = self.env["res.company"].create({"name": "Other Ltd"})
        provider = self.env["payment.provider"].search(
            [("code", "=", "stripe"), ("company_id", "=", company.id)], limit=1
        ) or self.provider.copy({"company_id": company.id})
        self.refused(self.make_link(), self.save_card(provider=provider))

    def test_removed_card_is_refused(self):
        self.refused(self.make_link(), self.save_card(active=False))

    def test_card_without_its_stripe_id_is_not_offered(self):
        self.save_card(stripe_payment_method=False)
        self.assertFalse(self.collect(self.make_invoice()).card_ids)

    def test_rights(self):
        token, link = self.save_card(), self.make_link()
        for groups in ("serviceflow_paylinks.group_payments_view", "base.group_portal"):
            user = new_test_user(self.env, f"nobody_{groups[-4:]}", groups)
            with self.subTest(groups):
                self.refused(link, token, user)
        stranger = self.env["res.company"].create({"name": "Stranger Ltd"})
        user = new_test_user(
            self.env,
            "stranger",
            "serviceflow_paylinks.group_payments_manage",
            company_id=stranger.id,
            company_ids=[Command.set(stranger.ids)],
        )
        self.refused(link, token, user)
        wizard = self.collect(link.invoice_id)
        with self.assertRaises(AccessError), mute_logger("odoo.models"):
            wizard.with_user(self.creator).action_charge()


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
