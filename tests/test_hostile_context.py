"""Callers choose the context: over RPC, and in Odoo's public route for messages, which then acts as
superuser. It neither fills in fields of what we write down, nor switches anything on."""

import re
from pathlib import Path

from odoo import Command
from odoo.addons import serviceflow_paylinks
from odoo.tests import new_test_user
from odoo.tools import mute_logger

from .collecting import CollectCase
from .deposits import DepositCase

PACKAGE = Path(serviceflow_paylinks.__file__).parent
# Read by `get_handed_down`: nobody outside can set them.
HANDED_DOWN = sorted(
    key
    for path in PACKAGE.rglob("models/*.py")
    for key in re.findall(r'get_handed_down\(self, "(\w+)"', path.read_text())
)


class TestStrangersContext(DepositCase):
    """Who has the address of a quotation or an invoice may write a message on it."""

    def post(self, record, **context):
        """Write a message on the document as its portal page does, with a context of one's own."""
        params = {
            "thread_model": record._name,
            "thread_id": record.id,
            "token": record._portal_ensure_token(),
            "post_data": {"body": "Hello", "message_type": "comment"},
            "context": context,
        }
        self.env.flush_all()
        answer = self.url_open("/mail/message/post", json={"params": params}).json()
        self.env.invalidate_all()
        self.assertTrue(answer.get("result", {}).get("message_id"), answer)

    def links(self, order):
        return self.env["payment.link"].search([("sale_order_id", "=", order.id)])

    def paid_attempt(self, order, amount):
        """What makes an attempt that looks paid."""
        return {
            "provider_id": self.provider.id,
            "payment_method_id": self.provider._paylinks_payment_method().id,
            "reference": "NEVER-PAID",
            "amount": amount,
            "currency_id": order.currency_id.id,
            "partner_id": order.partner_id.id,
            "state": "done",
            "sale_order_ids": [[6, 0, order.ids]],
        }

    def test_no_payment_is_made_up_on_a_quotation(self):
        for switch in ("paylinks_send", "mark_so_as_sent"):
            order = self.make_order()
            attempt = self.paid_attempt(order, 300)
            with self.subTest(switch):
                self.post(order, **{switch: True}, default_transaction_ids=[[0, 0, attempt]])
                made_up = self.env["payment.transaction"].search([("amount", "=", 300)])
                self.assertFalse(made_up)
                self.assertFalse(self.links(order), "a stranger's message makes no link")

    def test_no_link_is_taken_for_sent(self):
        link = self.make_link()
        self.post(link.invoice_id, paylinks_sent_link=link.id)
        self.assertFalse(link.sent_at or link.message_row_ids)
        order = self.make_order()
        deposit = order.generate_deposit_links()
        self.post(order, paylinks_sent_orders={str(order.id): deposit.id})
        self.post(order, paylinks_sent_orders=[deposit.id])
        self.assertFalse(deposit.sent_at or deposit.message_row_ids)

    def test_our_own_keys_mean_nothing_from_outside(self):
        """Neither an error nor an effect, whatever stands in them."""
        self.assertGreater(len(HANDED_DOWN), 5)
        invoice = self.make_link().invoice_id
        link = invoice.payment_link_ids
        before = link.read()
        for value in (True, 1, "x", [1], [link.id], {str(invoice.id): link.id}):
            with self.subTest(value):
                self.post(invoice, **dict.fromkeys(HANDED_DOWN, value))
                self.assertEqual(link.read(), before)


class TestClerksContext(CollectCase):
    """The web client's RPC takes any context from any user."""

    def rpc(self, user, record, method, *args, **context):
        """Call a method as the web client does; return (the result, the error's kind)."""
        args = [record.ids, *args] if record else list(args)
        return self.call(user, record._name, method, args, context=context)

    def rpc_kw(self, user, record, method, **kwargs):
        """The same with arguments by name and no context; return the error's kind."""
        return self.call(user, record._name, method, [record.ids], **kwargs)[1]

    def call(self, user, model, method, args, **kwargs):
        self.authenticate(user.login, user.login)
        self.env.flush_all()
        params = {"model": model, "method": method, "args": args, "kwargs": kwargs}
        answer = self.url_open("/web/dataset/call_kw", json={"params": params}).json()
        self.env.invalidate_all()
        return answer.get("result"), answer.get("error", {}).get("data", {}).get("name", "")

    def chat(self, user, record, **post_data):
        """Write in the chatter, whose route posts as superuser; return the error's kind."""
        self.authenticate(user.login, user.login)
        self.env.flush_all()
        params = {"thread_model": record._name, "thread_id": record.id, "post_data": post_data}
        answer = self.url_open("/mail/message/post", json={"params": params}).json()
        self.env.invalidate_all()
        return answer.get("error", {}).get("data", {}).get("name", "")

    def dialog(self, invoice):
        return self.collect(invoice, self.creator)

    def test_no_default_reaches_a_link_that_a_seller_sends(self):
        """It is made as superuser, for a seller who may not make links."""
        seller = new_test_user(
            self.env, "paylinks_seller", "sales_team.group_sale_manager", email="s@brook.example"
        )
        order = self.env["sale.order"].create(
            {
                "partner_id": self.customer.id,
                "require_payment": True,
                "prepayment_percent": 0.3,
                "order_line": [
                    Command.create({"name": "Bathroom", "price_unit": 900, "tax_ids": False})
                ],
            }
        )
        context = {
            "mark_so_as_sent": True,
            "default_state": "paid",
            "default_description": "Enter here",
            "default_open_count": 7,
        }
        self.assertFalse(self.rpc(seller, order, "message_post", **context)[1])
        link = self.env["payment.link"].search([("sale_order_id", "=", order.id)])
        self.assertEqual((link.state, link.description, link.open_count), ("active", False, 0))

    def test_no_attempt_is_born_paid(self):
        invoice = self.make_invoice()
        dialog = self.dialog(invoice)
        result, error = self.rpc(
            self.creator,
            dialog,
            "action_take_card",
            default_state="done",
            default_payment_id=1,
            default_is_post_processed=True,
            default_tip_amount=7,
        )
        self.assertFalse(error)
        self.assertEqual(result["type"], "ir.actions.act_url")
        attempt = invoice.payment_link_ids.transaction_ids
        self.assertEqual(
            (attempt.state, attempt.payment_id.id, attempt.tip_amount), ("draft", 0, 0)
        )
        self.run_schedule("cron_sync_checkouts")
        self.assertEqual(invoice.payment_state, "not_paid")

    def test_no_charge_is_born_paid(self):
        link, card = self.make_link(), self.save_card("pm_card_chargeCustomerFail")
        self.rpc(self.creator, link, "charge_saved_card", card.id, default_state="done")
        self.assertNotEqual(link.transaction_ids.state, "done")
        self.assertEqual(link.invoice_id.payment_state, "not_paid")

    def test_no_settings_of_another_company(self):
        other = self.env["res.company"].create({"name": "Other Ltd"})
        manager = new_test_user(
            self.env,
            "paylinks_elsewhere",
            "serviceflow_paylinks.group_payments_manage",
            company_id=other.id,
            company_ids=[Command.set(other.ids)],
        )
        self.company.paylinks_expiry_days = 30
        values = {"paylinks_expiry_days": 1}
        settings = self.env["payment.link.settings"]
        for context in (
            {"default_company_id": self.company.id},
            {"allowed_company_ids": self.company.ids},
            {"allowed_company_ids": [self.company.id, other.id]},
        ):
            with self.subTest(context):
                self.rpc(manager, settings, "create", values, **context)
                self.assertEqual(self.company.paylinks_expiry_days, 30)
        # One that was made before the user left the company.
        left = settings.create({"company_id": self.company.id})
        self.env.cr.execute(
            "UPDATE payment_link_settings SET create_uid = %s WHERE id = %s", [manager.id, left.id]
        )
        error = self.rpc(manager, left, "write", values)[1]
        self.assertEqual(error, "odoo.exceptions.AccessError")
        self.assertEqual(self.company.paylinks_expiry_days, 30)
        # And their own.
        self.assertFalse(self.rpc(manager, settings, "create", values)[1])
        self.assertEqual(other.paylinks_expiry_days, 1)

    def test_no_message_is_born_sent(self):
        link = self.make_link()
        context = {"default_kind": "receipt", "default_state": "sent", "default_automatic": True}
        _result, error = self.rpc(self.creator, link, "send_by_email", **context)
        self.assertFalse(error)
        row = link.message_row_ids
        self.assertEqual((row.kind, row.state, row.automatic), ("link", "queued", False))

    def test_no_link_is_born_paid(self):
        invoice = self.make_invoice()
        defaults = {"default_state": "paid", "default_token": "mine", "default_amount_fixed": 1}
        self.rpc(self.creator, invoice, "generate_payment_links", **defaults)
        link = invoice.payment_link_ids
        self.assertEqual((link.state, link.amount), ("active", 100))
        self.assertNotEqual(link.token, "mine")

    def test_no_amount_is_talked_down(self):
        """While a payment is booked our code tells itself what was paid: nobody else can."""
        term = self.env["account.payment.term"].create(
            {
                "name": "2% in 10 days",
                "early_discount": True,
                "discount_percentage": 2,
                "discount_days": 10,
            }
        )
        link = self.make_link(term=term)
        self.assertEqual(link.amount, 98)
        for amounts in ([1, -97], [198, 100]):
            result, _error = self.rpc(
                self.creator, link, "read", ["amount"], paylinks_amounts=amounts
            )
            self.assertEqual(result[0]["amount"], 98)

    def test_who_may_not_send_sends_no_address_by_the_chatter(self):
        viewer = new_test_user(
            self.env, "paylinks_viewer", "serviceflow_paylinks.group_payments_view"
        )
        link = self.make_link()
        address = f'<a href="{link.url}">Pay here</a>'
        partner_ids = self.customer.ids
        with mute_logger("odoo.http"):
            error = self.chat(viewer, link, body=address, partner_ids=partner_ids)
        self.assertEqual(error, "odoo.exceptions.AccessError")
        posted = {"body": address, "body_is_html": True, "partner_ids": partner_ids}
        with mute_logger("odoo.http"):
            error = self.rpc_kw(viewer, link, "message_post", **posted)
        self.assertEqual(error, "odoo.exceptions.AccessError")
        self.assertFalse(link.message_row_ids or link.sent_at)
        self.assertFalse(self.env["mail.mail"].search([("body_html", "like", link.token)]))
        # What does not bring anybody the address is theirs, and who may send may do it so too.
        self.assertFalse(self.chat(viewer, link, body="Called her", partner_ids=partner_ids))
        self.assertFalse(self.chat(viewer, link, body=address))
        self.assertFalse(link.message_row_ids)
        self.assertFalse(self.chat(self.creator, link, body=address, partner_ids=partner_ids))
        self.assertEqual(link.message_row_ids.state, "queued")

    def test_keys_that_a_caller_may_set_are_few(self):
        """Dialogs ask for two ways to show a name, and the composer of quotations tells what it is
        for. All others come of our code alone."""
        found = set()
        for path in PACKAGE.rglob("*.py"):
            found |= set(re.findall(r'context(?:\.get\(|\[)"(paylinks_\w+)"', path.read_text()))
        self.assertEqual(found, {"paylinks_show_balance", "paylinks_show_brand", "paylinks_send"})
