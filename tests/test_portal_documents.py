"""The portal's pages of invoices and orders lead to the document's open link, and only there."""

from datetime import timedelta

from odoo import fields

from .portal import PortalCase

OURS = "Pay with one click"


class TestPortalInvoice(PortalCase):
    def setUp(self):
        super().setUp()
        self.link = self.make_link(90)
        self.invoice = self.link.invoice_id
        self.page = f"/my/invoices/{self.invoice.id}"

    def buttons(self, path=None, user="boss"):
        """Return where our button leads, and whether stock's way to pay is there."""
        page = self.visit(path or self.page, user)
        ours = page.xpath(f"//a[contains(., '{OURS}')]/@href")
        stock = page.xpath("//*[@id='pay_with' or @data-bs-target='#pay_with']")
        return set(ours), bool(stock)

    def test_active_link_takes_the_place_of_stocks_way(self):
        self.assertEqual(self.buttons(), ({self.link.url}, False))

    def test_nor_does_stocks_address_for_paying_open_its_form(self):
        self.assertEqual(self.buttons(f"{self.page}?payment=True"), ({self.link.url}, False))

    def test_without_an_active_link_stocks_way_is_there(self):
        self.link.cancel()
        self.assertEqual(self.buttons(), (set(), True))
        again = self.invoice.generate_payment_links()
        self.expire_by_time(again)
        self.assertEqual(self.buttons(), (set(), True))

    def test_paid_and_processing_offer_nothing_to_pay(self):
        attempt = self.open_checkout(self.link)
        self.sandbox.customer.pay_by_bank(attempt.checkout_ref)
        self.deliver_webhooks()
        self.assertEqual(self.link.state, "processing")
        self.assertEqual(self.buttons()[0], set())
        self.sandbox.bank.settle(attempt.provider_reference)
        self.deliver_webhooks()
        self.assertEqual(self.link.state, "paid")
        self.assertEqual(self.buttons()[0], set())

    def test_agreed_amount_is_named_and_the_balance_goes_first(self):
        part = self.env["payment.link"].create(
            {"invoice_id": self.invoice.id, "amount": 30, "description": "First instalment"}
        )
        self.assertEqual(self.buttons()[0], {self.link.url})
        self.link.cancel()
        self.assertEqual(self.buttons()[0], {part.url})
        words = self.text(self.visit(self.page, "boss"))
        self.assertIn("$ 30.00 · First instalment", words)

    def test_holder_of_the_invoices_own_token_sees_it(self):
        token = self.invoice._portal_ensure_token()
        self.assertEqual(
            self.buttons(f"{self.page}?access_token={token}", user=None), ({self.link.url}, False)
        )

    def test_whoever_may_not_see_the_invoice_sees_no_link(self):
        for user in ("stranger", None):
            with self.subTest(user):
                page = self.visit(f"{self.page}?access_token=guessed", user)
                self.assertNotIn(OURS, self.text(page))
                self.assertNotIn(self.link.token, self.text(page))


class TestPortalOrder(PortalCase):
    def buttons(self, order, query="", user="boss"):
        page = self.visit(f"/my/orders/{order.id}{query}", user)
        ours = page.xpath(f"//a[contains(., '{OURS}')]/@href")
        stock = page.xpath("//a[@data-bs-target='#modalaccept']")
        return set(ours), sorted({self.text(button) for button in stock})

    def test_deposit_link_takes_the_place_of_stocks_way(self):
        order = self.make_order()
        self.assertEqual(self.buttons(order), (set(), ["Accept & Pay"]))
        link = order.generate_deposit_links()
        self.assertEqual(self.buttons(order), ({link.url}, []))
        words = self.text(self.visit(f"/my/orders/{order.id}", "boss"))
        self.assertIn("$ 60.00", words)
        self.assertIn("By paying you accept this quotation.", words)
        self.assertNotIn("Pay Order", words, "nor is stock's form in the page")

    def test_required_signature_comes_first(self):
        order = self.make_order(require_signature=True)
        link = order.generate_deposit_links()
        self.assertEqual(self.buttons(order), (set(), ["Sign & Pay"]))
        order.write(
            {
                "signed_by": "Ada",
                "signed_on": fields.Datetime.now(),
                "signature": link.qr_code,
            }
        )
        self.assertEqual(self.buttons(order, "?allow_payment=yes"), ({link.url}, []))

    def test_offer_whose_time_is_over_cannot_be_paid(self):
        order = self.make_order()
        order.generate_deposit_links()
        order.validity_date = fields.Date.today() - timedelta(days=1)
        self.assertEqual(self.buttons(order), (set(), []))

    def test_paid_deposit_offers_nothing_more(self):
        order = self.make_order()
        self.pay(order.generate_deposit_links())
        self.deliver_webhooks()
        self.assertEqual(order.state, "sale")
        self.assertEqual(self.buttons(order)[0], set())

    def test_stocks_own_payment_link_keeps_its_form(self):
        """It names an amount of its own: ours is for another."""
        order = self.make_order()
        order.generate_deposit_links()
        token = order._portal_ensure_token()
        query = f"?payment_amount=100&access_token={token}"
        ours, stock = self.buttons(order, query, user=None)
        self.assertEqual(ours, set())
        self.assertTrue(stock)

    def test_holder_of_the_orders_own_token_and_the_stranger(self):
        order = self.make_order()
        link = order.generate_deposit_links()
        token = order._portal_ensure_token()
        self.assertEqual(self.buttons(order, f"?access_token={token}", user=None), ({link.url}, []))
        page = self.visit(f"/my/orders/{order.id}", "stranger")
        self.assertNotIn(OURS, self.text(page))
