"""What the endpoint missed while it was down; and who is told when it is silent."""

from datetime import timedelta
from unittest.mock import patch

from odoo import fields
from odoo.addons.serviceflow_paylinks.models import payment_provider_sweep
from odoo.addons.serviceflow_paylinks.providers import stripe as stripe_processor
from odoo.tests import new_test_user

from .refunds import RefundCase

SWEEP = "cron_sweep_events"
LOGGER = "odoo.addons.serviceflow_paylinks"


class SweepCase(RefundCase):
    def setUp(self):
        super().setUp()
        self.miss()
        self.sandbox.store.tables.get("event", {}).clear()

    def miss(self):
        """Stripe gives the events up that are on their way: the endpoint is down."""
        for delivery in self.sandbox.webhooks.queue:
            self.sandbox.webhooks.mark(delivery, 200)

    def sweep(self):
        self.env.flush_all()
        self.provider.paylinks_sweep_at = False
        self.run_schedule(SWEEP)

    def ledger(self):
        return self.env["payment.link.event"].search([("provider_id", "=", self.provider.id)])

    def age(self, hours):
        """Let the time pass since everything that has happened."""
        self.env.flush_all()
        for table, columns in {
            "payment_link_event": ("create_date", "write_date"),
            "payment_transaction": ("create_date", "checkout_paid_at", "last_state_change"),
        }.items():
            moves = ", ".join(f"{c} = {c} - %(age)s" for c in columns)
            self.env.cr.execute(f"UPDATE {table} SET {moves}", {"age": timedelta(hours=hours)})
        self.env.invalidate_all()


class TestEventSweep(SweepCase):
    def test_everything_that_was_missed(self):
        link, refunded = self.make_link(), self.make_link()
        self.pay(link)
        attempt = self.pay(refunded)
        session = self.sandbox.store.get("checkout.session", attempt.checkout_ref)
        self.sandbox.dashboard.refund(session["payment_intent"], 2500)
        self.sandbox.bank.open_dispute(
            self.sandbox.store.get("checkout.session", link.transaction_ids.checkout_ref)[
                "payment_intent"
            ]
        )
        self.miss()
        self.sweep()
        self.assertEqual((link.state, refunded.state), ("paid", "paid"))
        self.assertEqual(link.dispute_state, "open")
        self.assertEqual(refunded.amount_refunded, 25)
        self.assertEqual(len(self.payments()), 3)
        self.assertTrue(all(self.ledger().mapped("swept")))
        self.assertLessEqual(set(self.ledger().mapped("state")), {"done", "ignored"})
        count = len(self.ledger())
        self.sweep()
        self.assertEqual(len(self.ledger()), count)
        self.assertEqual(len(self.payments()), 3)

    def test_what_was_delivered_is_not_done_again(self):
        link = self.make_link()
        self.pay(link)
        self.deliver_webhooks()
        before = {event: event.write_date for event in self.ledger()}
        self.client.calls.clear()
        self.sweep()
        self.assertFalse(self.ledger().filtered("swept"))
        self.assertEqual({event: event.write_date for event in self.ledger()}, before)
        self.assertTrue(all("/v1/events" in path for _method, path in self.client.calls))

    def test_delivered_after_all(self):
        link = self.make_link()
        self.pay(link)
        self.sweep()
        self.assertEqual(link.state, "paid")
        self.deliver_webhooks()
        self.assert_booked_once(100)
        self.assertFalse(self.ledger().filtered("swept"), "the endpoint works")

    def test_page_by_page(self):
        links = [self.make_link() for _number in range(3)]
        for link in links:
            self.pay(link)
        self.miss()
        with patch.object(stripe_processor, "PAGE", 2):
            self.client.calls.clear()
            self.sweep()
        pages = [path for _method, path in self.client.calls if "/v1/events?" in path]
        self.assertGreater(len(pages), 2)
        self.assertEqual([link.state for link in links], ["paid"] * 3)

    def test_window_by_window_and_from_where_it_was(self):
        link = self.make_link()
        self.pay(link)
        self.miss()
        start = fields.Datetime.now() - timedelta(hours=30)
        self.provider.paylinks_swept_to = start
        self.client.calls.clear()
        self.sweep()
        windows = [path for _method, path in self.client.calls if "/v1/events?" in path]
        self.assertEqual(len(windows), 3, "30 hours in windows of 12")
        self.assertEqual(link.state, "paid")
        self.assertGreater(self.provider.paylinks_swept_to, start + timedelta(hours=29))

    def test_never_further_back_than_stripe_remembers(self):
        now = fields.Datetime.now()
        self.provider.paylinks_swept_to = now - timedelta(days=90)
        start = self.provider._paylinks_sweep_start(now)
        self.assertLess(now - start, timedelta(days=30))
        self.provider.paylinks_swept_to = False
        self.assertGreater(self.provider._paylinks_sweep_start(now), now - timedelta(days=30))

    def test_stripe_is_down(self):
        """Nothing is forgotten, and it waits longer each time."""
        link = self.make_link()
        self.pay(link)
        self.miss()
        self.sandbox.faults.outage()
        waits = []
        for _attempt in range(5):
            with self.assertLogs(LOGGER, "WARNING"):
                self.sweep()
            waits.append(self.provider.paylinks_sweep_at - fields.Datetime.now())
        hours = [round(wait / timedelta(hours=1)) for wait in waits]
        self.assertEqual(hours, [1, 2, 4, 8, 8])
        self.assertFalse(self.provider.paylinks_swept_to)
        self.client.calls.clear()
        self.run_schedule(SWEEP)
        self.assertFalse(self.client.calls, "it is not its time yet")
        self.sandbox.faults.clear()
        self.sweep()
        self.assertEqual(link.state, "paid")
        self.assertEqual(self.provider.paylinks_sweep_failures, 0)

    def test_an_event_that_fails_is_tried_again_by_the_other_schedule(self):
        link = self.make_link()
        self.pay(link)
        self.miss()
        self.sandbox.faults.add("error", "GET", "/v1/checkout/*", times=None)
        with self.assertLogs(LOGGER, "WARNING"):
            self.sweep()
        self.assertIn("failed", self.ledger().mapped("state"))
        self.assertTrue(self.provider.paylinks_swept_to, "the ledger remembers it")
        self.sandbox.faults.clear()
        self.age(hours=1)
        self.run_schedule("cron_sync_checkouts")
        self.assertEqual(link.state, "paid")

    def test_a_window_is_remembered_only_once_it_is_written_down(self):
        link = self.make_link()
        self.pay(link)
        self.miss()
        with (
            patch.object(
                payment_provider_sweep.PaymentProvider,
                "_paylinks_store_missed",
                side_effect=ValueError,
            ),
            self.assertLogs(LOGGER, "ERROR"),
        ):
            self.sweep()
        self.assertFalse(self.provider.paylinks_swept_to)
        self.sweep()
        self.assertEqual(link.state, "paid")


class TestWebhookHealth(SweepCase):
    def setUp(self):
        super().setUp()
        self.ledger().unlink()
        self.env.cr.execute("DELETE FROM payment_link_event")

    def health(self):
        self.env.flush_all()
        self.provider.invalidate_recordset()
        return self.provider.paylinks_webhook_health

    def pay_unheard(self):
        link = self.make_link()
        attempt = self.pay(link)
        self.miss()
        self.come_back(link, attempt)
        self.env.invalidate_all()
        self.assertEqual(link.state, "paid")
        return link

    def test_missing_waiting_ok(self):
        self.assertEqual(self.health(), "waiting")
        self.pay(self.make_link())
        self.deliver_webhooks()
        self.assertEqual(self.health(), "ok")
        self.age(hours=72)
        self.assertEqual(self.health(), "ok", "nobody paid meanwhile")
        self.provider.paylinks_webhook_secret = False
        self.assertEqual(self.health(), "missing")

    def test_silent_for_a_day_while_payments_are_found_by_asking(self):
        self.pay(self.make_link())
        self.deliver_webhooks()
        self.age(hours=23)
        self.pay_unheard()
        self.assertEqual(self.health(), "ok", "not a day yet, and it may come in a minute")
        self.age(hours=2)
        self.assertEqual(self.health(), "silent")
        self.assertIn("Stripe's dashboard", self.provider.paylinks_webhook_message)
        self.pay(self.make_link())
        self.deliver_webhooks()
        self.assertEqual(self.health(), "ok")

    def test_managers_are_told_once_an_outage(self):
        manager = new_test_user(
            self.env,
            "outage_manager",
            "serviceflow_paylinks.group_payments_manage",
            email="manager@example.com",
        )
        viewer = new_test_user(
            self.env, "outage_viewer", "serviceflow_paylinks.group_payments_view"
        )
        link = self.pay_unheard()
        self.age(hours=25)
        self.provider.paylinks_swept_to = fields.Datetime.now()
        # What is swept up shows that it was missed: the outage stays one.
        for _time in range(3):
            self.sweep()
        notes = self.env["mail.message"].search(
            [
                ("model", "=", "payment.link"),
                ("res_id", "=", link.id),
                ("subject", "=", "Stripe's messages do not arrive"),
            ]
        )
        self.assertEqual(len(notes), 1)
        self.assertIn(manager.partner_id, notes.notified_partner_ids)
        self.assertNotIn(viewer.partner_id, notes.notified_partner_ids)
        self.assertEqual(len(self.activities(link)), 1)
        self.assertTrue(self.provider.paylinks_outage_at)
        self.pay(self.make_link())
        self.deliver_webhooks()
        self.sweep()
        self.assertFalse(self.provider.paylinks_outage_at, "the next outage is told again")

    def test_shown_on_the_providers_form(self):
        self.assertIn("paylinks_webhook_message", self.provider.get_view(view_type="form")["arch"])
