"""Odoo lets whoever does invoicing write on transactions. Attempts and refunds of links are not
theirs to write: what they say follows what Stripe reports."""

from odoo import Command
from odoo.exceptions import AccessError
from odoo.tests import new_test_user
from odoo.tools import mute_logger

from .refunds import RefundCase

QUIET = ("odoo.http", "odoo.models", "odoo.addons.base.models.ir_rule")


class TestTransactionGuard(RefundCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.accountant = new_test_user(
            cls.env,
            "paylinks_accountant",
            "account.group_account_invoice,serviceflow_paylinks.group_payments_view",
        )
        cls.viewer = new_test_user(
            cls.env, "paylinks_viewer", "serviceflow_paylinks.group_payments_view"
        )
        cls.administrator = new_test_user(
            cls.env, "paylinks_system", "base.group_system,account.group_account_invoice"
        )

    def stock_transaction(self, **values):
        """As Odoo's own pages make one."""
        return self.env["payment.transaction"].create(
            {
                "provider_id": self.provider.id,
                "payment_method_id": self.provider._paylinks_payment_method().id,
                "amount": 100,
                "currency_id": self.usd.id,
                "partner_id": self.customer.id,
                "operation": "online_redirect",
                **values,
            }
        )

    def rpc(self, model, method, *args, user=None):
        """Call a method as the web client does; return the error's kind, if any."""
        user = user or self.accountant
        self.authenticate(user.login, user.login)
        self.env.flush_all()
        params = {"model": model, "method": method, "args": args, "kwargs": {}}
        with mute_logger(*QUIET):
            answer = self.url_open("/web/dataset/call_kw", json={"params": params}).json()
        self.env.invalidate_all()
        return answer.get("error", {}).get("data", {}).get("name", "")

    def assert_refused(self, model, method, *args, **kwargs):
        error = self.rpc(model, method, *args, **kwargs)
        self.assertEqual(error, "odoo.exceptions.AccessError", (method, args))

    def test_a_payment_is_not_taken_off_its_link_to_be_refunded(self):
        attempt = self.paid_link().transaction_ids
        self.assert_refused("payment.transaction", "write", attempt.ids, {"payment_link_id": False})
        self.assert_refused("payment.transaction", "action_refund", attempt.ids)
        self.assertTrue(attempt.payment_link_id)
        self.assertFalse(attempt.child_transaction_ids)
        self.assertFalse(self.sandbox.store.all("refund"))

    def test_an_open_attempt_is_not_declared_paid(self):
        link = self.make_link()
        attempt = self.open_checkout(link)
        for values in ({"state": "done"}, {"amount": 1}, {"invoice_ids": [Command.clear()]}):
            self.assert_refused("payment.transaction", "write", attempt.ids, values)
        self.run_schedule("cron_sync_checkouts")
        self.assertEqual((attempt.state, link.invoice_id.payment_state), ("draft", "not_paid"))

    def test_another_payment_is_not_made_one_of_a_link(self):
        link, stock = self.make_link(), self.stock_transaction(state="done")
        for values in (
            {"payment_link_id": link.id},
            {"refund_link_id": link.id},
            {"tip_amount": 90},
        ):
            self.assert_refused("payment.transaction", "write", stock.ids, values)
        self.assertFalse(link.transaction_ids)

    def test_no_click_is_blocked(self):
        link, stock = self.make_link(), self.stock_transaction()
        values = {"checkout_open": True, "checkout_scope": link._get_checkout_scope()}
        self.assert_refused("payment.transaction", "write", stock.ids, values)
        self.assertEqual(self.click_pay(link).status_code, 303)

    def test_nothing_is_made_that_looks_like_an_attempt(self):
        paid = self.paid_link()
        base = {
            "provider_id": self.provider.id,
            "payment_method_id": self.provider._paylinks_payment_method().id,
            "amount": 100,
            "currency_id": self.usd.id,
            "partner_id": self.customer.id,
            "reference": "MINE",
            "state": "done",
        }
        for values in (
            {"payment_link_id": paid.id},
            {"refund_link_id": paid.id, "amount": -50},
            {"source_transaction_id": paid.transaction_ids.id, "amount": -50},
        ):
            self.assert_refused("payment.transaction", "create", [{**base, **values}])
        stock = self.stock_transaction()
        command = [Command.link(paid.transaction_ids.id)]
        self.assert_refused(
            "payment.transaction", "write", stock.ids, {"child_transaction_ids": command}
        )
        self.assertEqual(paid.transaction_ids._get_refundable(), 100)

    def test_refunds_neither(self):
        link = self.paid_link()
        self.refund(link, amount=30, choice="outstanding")
        refund = link.transaction_ids.child_transaction_ids
        for values in ({"state": "error"}, {"refund_link_id": False}, {"refund_choice": False}):
            self.assert_refused("payment.transaction", "write", refund.ids, values)

    def test_nor_by_an_administrator(self):
        attempt = self.paid_link().transaction_ids
        self.assert_refused(
            "payment.transaction", "write", attempt.ids, {"state": "draft"}, user=self.administrator
        )
        self.assert_refused("payment.transaction", "unlink", attempt.ids, user=self.administrator)
        self.assertTrue(attempt.exists())
        other = self.stock_transaction(reference="nobody's")
        self.assertFalse(
            self.rpc("payment.transaction", "unlink", other.ids, user=self.administrator)
        )

    def test_every_field_of_ours_is_guarded(self):
        """Those added later too."""
        own = self.env["payment.transaction"]._paylinks_own_fields()
        self.assertLessEqual(
            {
                "payment_link_id",
                "refund_link_id",
                "checkout_open",
                "checkout_scope",
                "checkout_request",
                "tip_amount",
                "refund_choice",
            },
            own,
        )
        self.assertFalse(own & {"state", "amount", "invoice_ids", "payment_id", "reference"})
        stock = self.stock_transaction().with_user(self.accountant)
        for name in own:
            if stock._fields[name].store:
                with self.subTest(name), self.assertRaises(AccessError), mute_logger(*QUIET):
                    stock.write({name: False})

    # -- what Odoo has always let them do --

    def test_transactions_of_others_are_theirs_as_before(self):
        invoice = self.make_invoice()
        stock = self.stock_transaction(invoice_ids=[Command.set(invoice.ids)])
        self.assertFalse(
            self.rpc("payment.transaction", "write", stock.ids, {"state_message": "Called"})
        )
        self.assertEqual(stock.state_message, "Called")
        stock._set_done()
        # Odoo's own booking reads the provider, which is for administrators.
        for user, allowed in ((self.accountant, False), (self.administrator, True)):
            error = self.rpc("payment.transaction", "action_post_process", stock.ids, user=user)
            self.assertEqual(not error, allowed)
        self.assertTrue(stock.is_post_processed and stock.payment_id)
        self.assertTrue(invoice._paylinks_is_paid())
        values = {"provider_id": self.provider.id, "reference": "By hand", "amount": 5}
        values |= {"payment_method_id": stock.payment_method_id.id, "currency_id": self.usd.id}
        values["partner_id"] = self.customer.id
        error = self.rpc("payment.transaction", "create", [values], user=self.administrator)
        self.assertFalse(error)

    def test_capture_void_and_refund_of_others(self):
        """Odoo's buttons, with a provider that can do all three."""
        provider = self.env["payment.provider"].create(
            {"name": "Dummy", "code": "none", "state": "test", "capture_manually": False}
        )
        done = self.stock_transaction(provider_id=provider.id, state="done")
        self.env.flush_all()
        held = self.stock_transaction(provider_id=provider.id)
        for transaction, button in ((done, "action_refund"), (held, "action_capture")):
            error = self.rpc("payment.transaction", button, transaction.ids)
            self.assertNotEqual(error, "odoo.exceptions.AccessError", button)
        refund = done.child_transaction_ids
        self.assertEqual((refund.operation, refund.amount), ("refund", -100))

    def test_booking_is_for_who_may_write(self):
        """The button that books checks nothing in Odoo, and we lend viewers a look."""
        link = self.make_link()
        attempt = self.pay(link)
        with self.other_transaction() as env:
            env["payment.transaction"].browse(attempt.id)._set_done()
        for user, expected in ((self.viewer, "odoo.exceptions.AccessError"), (self.accountant, "")):
            error = self.rpc("payment.transaction", "action_post_process", attempt.ids, user=user)
            self.assertEqual(error, expected)
        self.assertTrue(attempt.is_post_processed)
        self.assert_booked_once(100)
