"""What went back, or is wanted back, shows in the hub; a silent webhook shows in the settings."""

from lxml import etree
from odoo.tests import new_test_user

from .refunds import RefundCase


class TestMoneyBackInTheHub(RefundCase):
    def test_in_one_word(self):
        link = self.paid_link()
        self.assertFalse(link.money_back)
        self.refund(link, amount=30, choice="credit_note")
        self.assertEqual(link.money_back, "part")
        self.refund(link, amount=70, choice="credit_note")
        self.assertEqual((link.money_back, link.amount_refunded), ("refunded", 100))
        disputed = self.paid_link()
        self.sandbox.bank.open_dispute(disputed.transaction_ids.provider_reference)
        self.deliver_webhooks()
        self.assertEqual(disputed.money_back, "disputed")
        self.sandbox.bank.close_dispute(disputed.dispute_ids.ref, won=False)
        self.deliver_webhooks()
        self.assertEqual(disputed.money_back, "lost")

    def test_a_won_dispute_is_no_news(self):
        link = self.paid_link()
        self.sandbox.bank.open_dispute(link.transaction_ids.provider_reference)
        self.deliver_webhooks()
        self.sandbox.bank.close_dispute(link.dispute_ids.ref, won=True)
        self.deliver_webhooks()
        self.assertFalse(link.money_back)

    def test_in_every_view_of_whoever_may_see_links(self):
        viewer = new_test_user(self.env, "back_viewer", "serviceflow_paylinks.group_payments_view")
        links = self.env["payment.link"].with_user(viewer)
        for view_type in ("list", "kanban", "form"):
            arch = etree.fromstring(links.get_view(view_type=view_type)["arch"])
            with self.subTest(view_type):
                [badge] = arch.xpath("//field[@name='money_back']")
                self.assertEqual(badge.get("widget"), "badge")

    def test_filters(self):
        paid, refunded, disputed = self.paid_link(), self.paid_link(), self.paid_link()
        self.refund(refunded, amount=10, choice="credit_note")
        self.sandbox.bank.open_dispute(disputed.transaction_ids.provider_reference)
        self.deliver_webhooks()
        arch = etree.fromstring(paid.get_view(view_type="search")["arch"])
        for name, expected in {"refunded": refunded, "disputed": disputed}.items():
            [node] = arch.xpath(f"//filter[@name='{name}']")
            domain = [*eval(node.get("domain")), ("id", "in", (paid | refunded | disputed).ids)]
            self.assertEqual(paid.search(domain), expected)


class TestWebhookInTheSettings(RefundCase):
    def settings(self):
        return self.env["res.config.settings"].create({"company_id": self.company.id})

    def test_silent_is_shown_with_what_to_do(self):
        link = self.make_link()
        attempt = self.pay(link)
        for delivery in self.sandbox.webhooks.queue:
            self.sandbox.webhooks.mark(delivery, 200)
        self.come_back(link, attempt)
        self.env.flush_all()
        self.env.cr.execute("DELETE FROM payment_link_event")
        self.env.cr.execute(
            "UPDATE payment_transaction SET last_state_change = last_state_change - INTERVAL '25h'"
        )
        self.env.invalidate_all()
        settings = self.settings()
        self.assertEqual(settings.paylinks_webhook_health, "silent")
        self.assertIn("Stripe's dashboard", settings.paylinks_webhook_message)

    def test_missing_working_and_when_it_last_worked(self):
        self.pay(self.make_link())
        self.deliver_webhooks()
        settings = self.settings()
        self.assertEqual(settings.paylinks_webhook_health, "ok")
        self.assertTrue(settings.paylinks_event_at)
        self.assertFalse(settings.paylinks_webhook_message)
        self.provider.paylinks_webhook_secret = False
        settings = self.settings()
        self.assertEqual(settings.paylinks_webhook_health, "missing")
        self.assertIn("Create Webhook", settings.paylinks_webhook_message)

    def test_on_the_page(self):
        arch = self.settings().get_view(view_type="form")["arch"]
        [setting] = etree.fromstring(arch).xpath("//setting[@id='paylinks_webhook']")
        names = {field.get("name") for field in setting.iter("field")}
        self.assertLessEqual(
            {"paylinks_webhook_health", "paylinks_webhook_message", "paylinks_event_at"}, names
        )
