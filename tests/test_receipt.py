"""The receipt: Stripe's own by email, and the paid invoice in the portal."""

from .portal import PortalCase


class TestReceipt(PortalCase):
    def receipt_email(self, attempt):
        """Return where Stripe sends the receipt: the payment and its charge say the same."""
        intent = self.sandbox.store.get("payment_intent", attempt.provider_reference)
        charge = self.sandbox.store.get("charge", intent["latest_charge"])
        self.assertEqual(intent["receipt_email"], charge["receipt_email"])
        return intent["receipt_email"]

    def test_stripe_is_told_where_to_send_the_receipt(self):
        self.assertEqual(self.company.paylinks_receipt, "stripe", "by default")
        link = self.make_link()
        link.email = "bills@harper.example.com"
        attempt = self.pay(link)
        self.deliver_webhooks()
        self.assertEqual(self.receipt_email(attempt), "bills@harper.example.com")

    def test_link_without_an_address_asks_stripe_for_none(self):
        link = self.make_link()
        link.email = False
        attempt = self.pay(link, email="typed@example.com")
        self.deliver_webhooks()
        self.assertIsNone(self.receipt_email(attempt))

    def test_one_receipt_at_most(self):
        for setting, ours in (("stripe", 0), ("odoo", 1), ("none", 0)):
            with self.subTest(setting):
                self.company.paylinks_receipt = setting
                link = self.make_link()
                attempt = self.pay(link)
                self.deliver_webhooks()
                rows = link.message_row_ids.filtered(lambda row: row.kind == "receipt")
                self.assertEqual(len(rows), ours)
                self.assertEqual(bool(self.receipt_email(attempt)), setting == "stripe")

    def test_paid_invoice_in_the_portal(self):
        link = self.make_link(64)
        self.pay(link)
        self.deliver_webhooks()
        (row,) = self.list_rows().values()
        self.assertIn("Paid", self.text(row))
        (path,) = row.xpath("td[2]/a/@href")
        page = self.visit(path, "boss")
        self.assertIn("Paid", self.text(page.xpath("//*[@name='invoice_paid_badge']")))
        self.assertTrue(page.xpath("//a[contains(@class, 'o_download_btn')]"))
