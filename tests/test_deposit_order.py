"""What an order asks for as a deposit, and the link that follows it."""

from datetime import timedelta

from odoo import fields
from odoo.exceptions import UserError, ValidationError
from odoo.tests import Form, new_test_user

from .deposits import DepositCase

MODULE = "serviceflow_paylinks"


class TestDefaults(DepositCase):
    def quotation(self, **values):
        return self.env["sale.order"].create({"partner_id": self.customer.id, **values})

    def test_new_quotations_ask_as_the_settings_say(self):
        manager = new_test_user(self.env, "boss", f"{MODULE}.group_payments_manage")
        with Form(self.env["payment.link.settings"].with_user(manager)) as form:
            form.portal_confirmation_pay = True
            form.prepayment_percent = 0.4
        order = self.quotation()
        self.assertTrue(order.require_payment)
        self.assertEqual((order.prepayment_type, order.prepayment_percent), ("percent", 0.4))
        with Form(self.env["payment.link.settings"].with_user(manager)) as form:
            form.paylinks_deposit_type = "fixed"
            form.paylinks_deposit_amount = 250
        order = self.quotation()
        self.assertEqual(order.prepayment_type, "fixed")
        self.assertEqual(order.prepayment_amount, 250)

    def test_administrators_page(self):
        with Form(self.env["res.config.settings"]) as form:
            form.portal_confirmation_pay = True
            form.paylinks_deposit_type = "fixed"
            form.paylinks_deposit_amount = 99
        self.assertEqual(self.company.paylinks_deposit_amount, 99)
        self.assertTrue(self.company.paylinks_deposit_invoice, "on by default")

    def test_fixed_deposit_without_an_amount(self):
        for amount in (0, -5):
            with self.subTest(amount), self.assertRaisesRegex(ValidationError, "greater than"):
                self.env["payment.link.settings"].create(
                    {"paylinks_deposit_type": "fixed", "paylinks_deposit_amount": amount}
                )
            with self.subTest(amount), self.assertRaisesRegex(ValidationError, "greater than"):
                self.make_order(fixed=amount)

    def test_default_amount_in_the_quotations_currency(self):
        self.company.write({"paylinks_deposit_type": "fixed", "paylinks_deposit_amount": 100})
        eur = self.activate("EUR", 0.5)
        pricelist = self.env["product.pricelist"].create({"name": "Euro", "currency_id": eur.id})
        self.assertEqual(self.quotation(pricelist_id=pricelist.id).prepayment_amount, 50)
        self.company.write({"paylinks_deposit_type": "percent", "paylinks_deposit_amount": 0})
        order = self.make_order(fixed=70)
        order.pricelist_id = pricelist
        self.assertEqual((order.currency_id, order.prepayment_amount), (eur, 35))

    def test_entered_amount_follows_the_currency(self):
        eur = self.activate("EUR", rate=0.5)
        pricelist = self.env["product.pricelist"].create({"name": "Euro", "currency_id": eur.id})
        dollars = self.env["product.pricelist"].create(
            {"name": "Dollar", "currency_id": self.usd.id}
        )
        for default in (100, 0):
            self.company.paylinks_deposit_amount = default
            with self.subTest(default=default):
                order = self.make_order(fixed=300)
                order.pricelist_id = pricelist
                self.assertEqual((order.currency_id, order.prepayment_amount), (eur, 150))
                order.write({"prepayment_amount": 80})
                order.pricelist_id = dollars
                self.assertEqual(order.prepayment_amount, 160)
        with Form(self.make_order(fixed=300)) as form:
            form.pricelist_id = pricelist
            self.assertEqual(form.prepayment_amount, 150)
            form.pricelist_id = dollars
            self.assertEqual(form.prepayment_amount, 300)
            form.pricelist_id = pricelist
        self.assertEqual(form.record.prepayment_amount, 150)


class TestWhatIsAsked(DepositCase):
    def test_fixed_deposit_is_odoos_prepayment(self):
        """Odoo's own rule, its portal and the link: one amount."""
        order = self.make_order(fixed=333.33)
        self.assertEqual(order._get_prepayment_required_amount(), 333.33)
        self.assertEqual(order.prepayment_percent, 0.33, "Odoo's portal tells about how much")
        self.assertEqual(self.pay_deposit(order).amount_paid, 333.33)
        self.assertTrue(order._is_confirmation_amount_reached())
        self.assertEqual(order.state, "sale")

    def test_link_follows_a_percentage(self):
        order = self.make_order()
        link = order.generate_deposit_links()
        self.assertEqual((link.amount, link.amount_policy), (300, "fixed"))
        order.order_line.price_unit = 2000
        self.assertEqual(link.amount, 600)
        order.prepayment_percent = 0.5
        self.assertEqual(link.amount, 1000)
        order.order_line.copy({"order_id": order.id})
        self.assertEqual(link.amount, 2000)
        order.order_line[1:].unlink()
        self.assertEqual(link.amount, 1000)
        order.write({"prepayment_type": "fixed", "prepayment_amount": 70})
        self.assertEqual(link.amount, 70)

    def test_fixed_amount_is_capped_by_the_total(self):
        order = self.make_order(fixed=300)
        link = order.generate_deposit_links()
        order.order_line.price_unit = 120
        self.assertEqual((link.amount, order.prepayment_percent), (120, 1.0))
        order.order_line.price_unit = 5000
        self.assertEqual((link.amount, order.prepayment_percent), (300, 0.06))

    def test_amount_of_its_own_stays(self):
        order = self.make_order()
        link = self.env["payment.link"].create(
            {"purpose": "deposit", "sale_order_id": order.id, "amount": 500}
        )
        order.order_line.price_unit = 2000
        self.assertEqual(link.amount, 500)
        order.order_line.price_unit = 400
        self.assertEqual(link.amount, 400)

    def test_open_page_that_asks_for_another_amount_is_closed(self):
        order = self.make_order()
        link = order.generate_deposit_links()
        attempt = self.open_checkout(link)
        calls = len(self.client.calls)
        order.order_line.price_unit = 500
        self.assertTrue(attempt.checkout_close)
        self.assertEqual(len(self.client.calls), calls, "not from within the order's transaction")
        self.run_schedule("cron_sync_checkouts")
        self.assertFalse(self.open_sessions())
        self.pay(link)
        self.deliver_webhooks()
        self.assertEqual(order.amount_paid, 150)

    def test_unchanged_amount_leaves_the_page_open(self):
        order = self.make_order(fixed=300)
        attempt = self.open_checkout(order.generate_deposit_links())
        order.order_line.price_unit = 2000
        self.assertFalse(attempt.checkout_close)

    def test_deposit_that_is_no_longer_asked_for(self):
        order = self.make_order()
        link = order.generate_deposit_links()
        order.require_payment = False
        self.assertEqual((link.state, link.amount), ("settled", 0))
        self.assertIn("Nothing to pay at the moment", self.open_page(link).text)
        order.write({"require_payment": True, "prepayment_percent": 0.1})
        self.assertEqual((link.state, link.amount), ("active", 100))

    def test_offer_whose_time_is_over(self):
        order = self.make_order()
        link = order.generate_deposit_links()
        order.validity_date = fields.Date.today() - timedelta(days=1)
        self.assertIn("Nothing to pay at the moment", self.open_page(link).text)
        with self.assertRaisesRegex(UserError, "later expiration"):
            self.make_order(validity_date="2020-01-01").generate_deposit_links()

    def test_expired_link_is_not_handed_out_again(self):
        order = self.make_order()
        first = order.generate_deposit_links()
        self.expire_by_time(first)
        second = order.generate_deposit_links()
        self.assertNotEqual(first, second)
        self.assertEqual(first.state, "expired")
        self.assertEqual(order.generate_deposit_links(), second)


class TestButton(DepositCase):
    def test_refusals(self):
        clerk = new_test_user(
            self.env, "clerk", f"sales_team.group_sale_manager,{MODULE}.group_payments_create"
        )
        cancelled = self.make_order()
        cancelled.action_cancel()
        paid = self.make_order()
        self.pay_deposit(paid)
        for order, why in (
            (cancelled, "is cancelled"),
            (self.make_order(require_payment=False), "asks for no deposit"),
            (paid, "is paid"),
        ):
            with self.subTest(why), self.assertRaisesRegex(UserError, why):
                order.with_user(clerk).action_generate_deposit_link()
            self.assertFalse(order.with_user(clerk).paylinks_deposit_due)
        order = self.make_order().with_user(clerk)
        self.assertTrue(order.paylinks_deposit_due)
        self.assertEqual(order.generate_deposit_links().amount, 300)

    def test_who_may_not(self):
        seller = new_test_user(self.env, "seller", "sales_team.group_sale_manager")
        order = self.make_order().with_user(seller)
        view = order.get_view(self.env.ref("sale.view_order_form").id, "form")["arch"]
        self.assertNotIn("action_generate_deposit_link", view)
        # … but changes an order that has a link.
        order.sudo().generate_deposit_links()
        order.order_line.price_unit = 50
        order.action_cancel()
        self.assertEqual(order.sudo().state, "cancel")
