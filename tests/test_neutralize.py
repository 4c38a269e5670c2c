"""A restored copy of a database, neutralised as Odoo does it, neither sends nor charges."""

from datetime import timedelta

from odoo import fields
from odoo.modules.neutralize import get_neutralization_queries, neutralize_database
from odoo.tools import mute_logger

from .common import PaylinksCase

MODULE = "serviceflow_paylinks"


class TestNeutralize(PaylinksCase):
    """A business in full swing: what waits to be sent, asked, closed, tried again."""

    def setUp(self):
        super().setUp()
        self.company.write({"paylinks_auto_create": True, "paylinks_auto_send": "both"})
        self.rule = self.env["payment.link.reminder.rule"].create(
            {"company_id": self.company.id, "moment": "before_due", "days": 3}
        )
        self.link = self.make_link()
        self.attempt = self.open_checkout(self.link)
        self.booked = self.pay(self.make_link())
        self.debit = self.open_checkout(self.make_link())
        self.sandbox.customer.pay_by_bank(self.debit.checkout_ref, "000123456789")
        self.deliver_webhooks()
        self.assertEqual(self.debit.payment_link_id.state, "processing")
        self.paid = self.make_link()
        self.unheard = self.pay(self.paid)
        self.asked = self.make_link()
        self.asked.send_by_email()
        self.asked.send_by_sms()
        self.waiting = self.make_link()
        self.waiting.sudo().send_waiting = "both"
        self.late = self.make_invoice(invoice_date=fields.Date.today() - timedelta(days=9))
        self.assertTrue(self.late.paylinks_auto_at)
        self.event = self.env["payment.link.event"].create(
            {
                "provider_id": self.provider.id,
                "event_ref": "evt_later",
                "event_type": "checkout.session.completed",
                "kind": "checkout",
                "object_ref": self.attempt.checkout_ref,
                "state": "failed",
            }
        )
        self.secret = self.provider.paylinks_webhook_secret
        self.provider.paylinks_webhook_secret_previous = "whsec_" + "older" * 5
        self.neutralize()

    def neutralize(self):
        """Copy the database an hour after all that: the test's transaction has one moment only."""
        self.env.flush_all()
        self.env.cr.execute(
            "UPDATE payment_transaction SET create_date = create_date - interval '1 hour'"
        )
        with mute_logger("odoo.modules.neutralize"):
            neutralize_database(self.env.cr)
        self.env.invalidate_all()
        self.env.registry.clear_all_caches()
        self.client.calls.clear()

    def outbox(self):
        return self.env["payment.link.message"].search([("link_id", "=", self.asked.id)])

    def test_odoo_finds_ours(self):
        [ours] = get_neutralization_queries([MODULE])
        self.assertIn("payment_link_message", ours)

    def test_no_key_and_no_secret_is_left(self):
        provider = self.provider
        for field in (
            "stripe_secret_key",
            "paylinks_webhook_secret",
            "paylinks_webhook_secret_previous",
            "paylinks_webhook_ref",
        ):
            self.assertFalse(provider[field], field)
        crons = self.env["ir.cron"].with_context(active_test=False).search([])
        ours = crons.filtered(lambda cron: cron.get_external_id()[cron.id].startswith(MODULE))
        self.assertEqual(len(ours), len(self.get_schedules()))
        self.assertFalse(ours.filtered("active"))

    def test_a_click_says_that_it_cannot_be_paid_and_asks_nobody(self):
        with self.assertLogs(f"odoo.addons.{MODULE}.controllers.pay", "WARNING"):
            answer = self.click_pay(self.link)
        self.assertEqual(answer.status_code, 503)
        self.assertIn("Online payment is not available", answer.text)
        self.assertFalse(self.client.calls)
        self.assertEqual(self.link.transaction_ids, self.attempt, "no new attempt")

    def test_a_message_of_stripe_is_refused(self):
        session = self.sandbox.store.get("checkout.session", self.unheard.checkout_ref)
        body, headers = self.sandbox.webhooks.craft(
            "checkout.session.completed", session, "whsec_" + "older" * 5
        )
        path = f"/paylinks/stripe/webhook/{self.provider.id}"
        with mute_logger(f"odoo.addons.{MODULE}.controllers.webhook"):
            self.assertEqual(self.url_open(path, data=body, headers=headers).status_code, 400)

    def test_what_waited_is_stopped(self):
        self.assertEqual(set(self.outbox().mapped("state")), {"cancelled"})
        self.assertFalse(self.waiting.send_waiting)
        self.assertFalse(self.late.paylinks_auto_at)
        self.assertFalse(self.company.paylinks_auto_send)
        self.assertFalse(self.rule.active)
        self.assertEqual(self.event.state, "ignored")
        self.assertEqual(self.attempt.state, "cancel")
        self.assertFalse(self.attempt.checkout_open or self.attempt.checkout_check_at)

    def connect_again(self):
        """Somebody tries something out on the copy, with the original's own account at that."""
        self.provider.write(
            {
                "state": "test",
                "stripe_secret_key": "sk_test_4eC39HqLyjWDarjt",
                "stripe_publishable_key": "pk_test_TYooMQauvdEDq54N",
                "paylinks_webhook_secret": self.secret,
            }
        )

    def run_schedules(self):
        """Each of them twice: what one leaves behind is another's work."""
        for schedule in self.get_schedules() * 2:
            self.run_schedule(schedule)
        self.env.invalidate_all()

    def test_nothing_happens_even_when_keys_and_schedules_come_back(self):
        self.connect_again()
        mails, texts = self.env["mail.mail"].search([]), self.env["sms.sms"].search([])
        self.run_schedules()
        asked = [call for call in self.client.calls if not call[1].startswith("/v1/events?")]
        self.assertFalse(asked, "Stripe was asked or told something")
        self.assertEqual(self.env["mail.mail"].search([]), mails)
        self.assertEqual(self.env["sms.sms"].search([]), texts)
        self.assertEqual(set(self.outbox().mapped("state")), {"cancelled"})
        session = self.sandbox.store.get("checkout.session", self.attempt.checkout_ref)
        self.assertEqual(session["status"], "open", "the original's customer can still pay")

    def test_the_originals_money_is_not_booked_in_the_copy(self):
        """Stripe's list of events tells of it, and so does a webhook with its secret."""
        self.connect_again()
        self.sandbox.customer.pay(self.attempt.checkout_ref)
        session = self.sandbox.store.get("checkout.session", self.booked.checkout_ref)
        self.sandbox.dashboard.refund(session["payment_intent"], 2500)
        payments = self.payments()
        self.run_schedules()
        swept = self.env["payment.link.event"].search([("swept", "=", True)])
        self.assertEqual(set(swept.mapped("state")), {"ignored"})
        self.assertIn(self.attempt.checkout_ref, swept.mapped("object_ref"))
        self.deliver_webhooks()
        self.assertEqual(self.payments(), payments)
        self.assertEqual(self.attempt.state, "cancel")
        self.assertFalse(self.booked.child_transaction_ids)
        events = self.env["payment.link.event"].search([])
        self.assertLessEqual(set(events.mapped("state")), {"ignored", "done"})
        self.assertFalse(self.activities(self.link))

    def test_nobody_gives_the_originals_money_back(self):
        self.connect_again()
        with self.other_transaction() as env, mute_logger(f"odoo.addons.{MODULE}"):
            env["payment.transaction"].browse(self.booked.id).action_refund(10)
        self.assertFalse(self.sandbox.store.all("refund"))
        self.assertEqual(self.booked.child_transaction_ids.state, "error")

    def test_what_was_on_its_way_is_not_on_its_way_for_ever(self):
        self.assertEqual(self.debit.state, "cancel")
        self.assertEqual(self.debit.payment_link_id.state, "active")
        self.assertEqual(self.debit.payment_link_id.amount, 100)

    def test_the_copy_can_be_tried_out(self):
        self.connect_again()
        self.pay(self.link)
        self.deliver_webhooks()
        self.assertEqual(self.link.state, "paid")
