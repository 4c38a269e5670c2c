"""A backup is restored: what was paid after it was made is in the books all the same."""

from odoo import fields

from .refunds import RefundCase


class TestRecover(RefundCase):
    def forget(self, link):
        """The database is what it was before the customer clicked; Stripe is not."""
        self.env.flush_all()
        self.env.cr.execute("DELETE FROM payment_transaction WHERE payment_link_id = %s", [link.id])
        self.env.cr.execute("DELETE FROM payment_link_event")
        self.env.invalidate_all()
        self.assertFalse(link.transaction_ids)

    def test_the_webhook_tells_of_it(self):
        self.sandbox.webhooks.repeat(2)
        self.sandbox.webhooks.reorder("reverse")
        link = self.make_link()
        self.pay(link)
        self.forget(link)
        self.deliver_webhooks()
        self.assertEqual((link.state, link.invoice_id.payment_state), ("paid", "paid"))
        self.assert_booked_once(100)
        self.assertIn("taken over from Stripe", str(link.message_ids.mapped("body")))
        events = self.env["payment.link.event"].search(
            [("transaction_id", "=", link.transaction_ids.id)]
        )
        self.assertEqual(events.mapped("state"), ["done", "done"])

    def test_the_sweep_finds_it(self):
        self.sandbox.webhooks.lose()
        link = self.make_link()
        self.pay(link)
        self.forget(link)
        self.provider.paylinks_swept_to = fields.Datetime.subtract(fields.Datetime.now(), hours=2)
        self.run_schedule("cron_sweep_events")
        self.assertEqual(link.state, "paid")
        self.assert_booked_once(100)

    def test_it_was_refunded_meanwhile(self):
        link = self.make_link()
        attempt = self.pay(link)
        session = self.sandbox.store.get("checkout.session", attempt.checkout_ref)
        self.sandbox.webhooks.clear()
        self.forget(link)
        self.sandbox.webhooks.lose("checkout.session.*")
        self.sandbox.webhooks.lose("payment_intent.*")
        self.sandbox.dashboard.refund(session["payment_intent"], 3000)
        self.deliver_webhooks()
        self.assertEqual((link.amount_paid, link.amount_refunded), (100, 30))
        self.assert_booked_once_besides_refund(100, 30)

    def assert_booked_once_besides_refund(self, paid, back):
        amounts = sorted((p.payment_type, p.amount) for p in self.payments())
        self.assertEqual(amounts, [("inbound", paid), ("outbound", back)])

    def test_another_link_has_the_number_now(self):
        """After a restore numbers are given again: the secret address tells, not the number."""
        link = self.make_link()
        self.pay(link)
        self.forget(link)
        self.env.cr.execute("UPDATE payment_link SET token = 'x' || token WHERE id = %s", [link.id])
        self.env.invalidate_all()
        self.deliver_webhooks()
        self.assertFalse(self.payments())
        self.assertEqual(
            set(self.env["payment.link.event"].search([]).mapped("state")), {"ignored"}
        )

    def test_a_neutralised_copy_takes_nothing_over(self):
        link = self.make_link()
        self.pay(link)
        self.forget(link)
        self.provider.paylinks_copied_at = fields.Datetime.now()
        self.deliver_webhooks()
        self.assertFalse(self.payments())

    def test_what_came_to_nothing_stays_forgotten(self):
        link = self.make_link()
        attempt = self.open_checkout(link)
        self.sandbox.dashboard.expire(attempt.checkout_ref)
        self.forget(link)
        self.deliver_webhooks()
        self.assertFalse(link.transaction_ids)

    def test_origins_that_lead_nowhere(self):
        link = self.make_link()
        attempt = self.pay(link)
        checkout = attempt._get_processor().look_at_checkout(attempt.checkout_ref)
        find = self.env["payment.link"]._find_by_origin
        self.assertEqual(find(self.provider, checkout.origin), link)
        _number, mark, _tip = checkout.origin.split("/")
        other = self.make_custom_link()
        for origin in ("", "/", "1", f"{other.id}/{mark}/0", f"0/{mark}/0", "²/x/0", "9" * 30):
            with self.subTest(origin):
                self.assertFalse(find(self.provider, origin))
        elsewhere = self.env["res.company"].create({"name": "Elsewhere"})
        stranger = self.provider.copy({"company_id": elsewhere.id})
        self.assertFalse(find(stranger, checkout.origin))
