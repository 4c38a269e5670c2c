"""Odoo's own Send of a quotation carries the deposit link."""

from odoo.tests import new_test_user

from .deposits import DepositCase
from .sending import SendingCase


class TestSendQuotation(SendingCase, DepositCase):
    def send_quotations(self, orders, user=None, **context):
        """Press Send as staff do, and send what the composer has prepared."""
        orders = orders.with_user(user) if user else orders
        action = orders.with_context(**context).action_quotation_send()
        composer = self.env["mail.compose.message"].with_user(user or self.env.user)
        composer = composer.with_context(**action["context"]).create({})
        if len(orders) > 1:
            composer.write({"subject": "Your quotation", "body": "<p>Here it is.</p>"})
        composer.action_send_mail()
        self.env["mail.mail"].sudo().search([("state", "=", "outgoing")]).send()
        self.env.invalidate_all()

    def html(self, message):
        return message.get_body(("html",)).get_content()

    def test_one(self):
        order = self.make_order()
        calls = len(self.client.calls)
        self.send_quotations(order)
        link = self.env["payment.link"].search([("sale_order_id", "=", order.id)])
        self.assertEqual((len(link), link.amount, order.state), (1, 300, "sent"))
        [message] = self.emails()
        self.assertIn(f'href="{link.url}"', self.html(message))
        self.assertIn("Pay online", self.html(message))
        self.assertTrue(link.sent_at)
        self.assertEqual((link.sent_channel, self.states(link)), ("email", ["sent"]))
        self.assertIn("Sent with the quotation", link.message_ids[0].body)
        self.assertEqual(len(self.client.calls), calls, "the processor is not called")
        self.send_quotations(order)
        self.assertEqual(
            self.env["payment.link"].search_count([("sale_order_id", "=", order.id)]), 1
        )
        self.assertEqual(len(self.emails()), 2)

    def test_several_at_once(self):
        names = ("ada", "bob", "cleo", "ada")
        customers = {
            name: self.env["res.partner"].create({"name": name, "email": f"{name}@example.com"})
            for name in names
        }
        first, second, free, again = (
            self.make_order(partner_id=customers[name].id, require_payment=name != "cleo")
            for name in names
        )
        self.send_quotations(first | second | free | again)
        links = self.env["payment.link"].search([("sale_order_id", "in", (first | second).ids)])
        for link in links:
            [message] = self.emails(link.email)
            self.assertIn(f'href="{link.url}"', self.html(message))
            self.assertTrue(link.sent_at)
        self.assertEqual(len(links), 2)
        [message] = self.emails("cleo@example.com")
        self.assertNotIn("/pay/", self.html(message))
        # Odoo sends no second email to the same address: the link says so.
        link = self.env["payment.link"].search([("sale_order_id", "=", again.id)])
        self.assertFalse(link.sent_at)

    def test_scheduled(self):
        order = self.make_order()
        action = order.action_quotation_send()
        composer = self.env["mail.compose.message"].with_context(**action["context"]).create({})
        composer.scheduled_date = "2030-01-01 00:00:00"
        scheduled = composer._action_schedule_message()
        scheduled._post_message()
        self.env["mail.mail"].sudo().search([("state", "=", "outgoing")]).send()
        self.env.invalidate_all()
        link = self.env["payment.link"].search([("sale_order_id", "=", order.id)])
        self.assertIn(f'href="{link.url}"', self.html(self.emails()[0]))
        self.assertTrue(link.sent_at)

    def test_signature_is_said(self):
        self.send_quotations(self.make_order(require_signature=True))
        self.assertIn("Sign and pay online", self.html(self.emails()[0]))

    def test_without_stripe_as_before(self):
        self.provider.write({"state": "disabled", "stripe_secret_key": False})
        order = self.make_order()
        self.send_quotations(order)
        self.assertEqual(order.state, "sent")
        [message] = self.emails()
        self.assertNotIn("/pay/", self.html(message))
        self.assertIn("Accept &amp; Pay Quotation", self.html(message))
        self.assertFalse(self.env["payment.link"].search([("sale_order_id", "=", order.id)]))

    def test_nothing_to_ask_for(self):
        paid = self.make_order()
        self.pay_deposit(paid)
        self.mail_server.messages.clear()
        self.send_quotations(paid)
        self.send_quotations(self.make_order(require_payment=False))
        for message in self.emails():
            self.assertNotIn("/pay/", self.html(message))

    def test_seller_without_rights_on_links(self):
        seller = new_test_user(
            self.env, "seller", "sales_team.group_sale_manager", email="seller@brook.example.com"
        )
        order = self.make_order(user_id=seller.id)
        self.send_quotations(order, user=seller)
        link = self.env["payment.link"].search([("sale_order_id", "=", order.id)])
        self.assertEqual(link.user_id, seller)
        self.assertIn(link.url, self.html(self.emails()[0]))

    def test_a_message_that_is_no_quotation_carries_none(self):
        order = self.make_order()
        order.message_post(body="A question", partner_ids=self.customer.ids)
        self.assertFalse(self.env["payment.link"].search([("sale_order_id", "=", order.id)]))
        self.assertNotIn("/pay/", self.html(self.emails()[0]))
