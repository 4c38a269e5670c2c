"""The ledger in the hands of managers: what came of each event, try again, trim."""

from datetime import timedelta

from odoo import fields
from odoo.addons.serviceflow_paylinks.models import payment_link_ledger as ledger
from odoo.exceptions import AccessError
from odoo.tests import new_test_user
from odoo.tools import mute_logger

from .common import PaylinksCase

LOGGER = "odoo.addons.serviceflow_paylinks"
SYNC = "cron_sync_checkouts"
DAYS = "serviceflow_paylinks.ledger_days"


class TestLedger(PaylinksCase):
    def setUp(self):
        super().setUp()
        self.events = self.env["payment.link.event"]
        self.events.search([]).unlink()

    def failed_payment(self):
        """A payment whose events could not be processed: Stripe did not answer."""
        link = self.make_link()
        attempt = self.pay(link)
        self.sandbox.faults.outage()
        with self.assertLogs(LOGGER, "WARNING"):
            self.deliver_webhooks()
        self.sandbox.faults.clear()
        return link, self.events.search([("transaction_id", "=", attempt.id)])

    def retry(self, events, user=None):
        with self.other_transaction() as env:
            env = env(user=user.id) if user else env
            env["payment.link.event"].browse(events.ids).action_retry()

    def test_try_again(self):
        link, events = self.failed_payment()
        self.assertEqual(set(events.mapped("state")), {"failed"})
        self.assertTrue(all(events.mapped("error")))
        self.assertEqual(events.link_id, link)
        manager = new_test_user(
            self.env, "ledger_manager", "serviceflow_paylinks.group_payments_manage"
        )
        self.retry(events, manager)
        self.assertEqual(set(events.mapped("state")), {"done"})
        self.assertFalse(any(events.mapped("error")))
        self.assertEqual(link.state, "paid")
        self.assert_booked_once(100)
        self.retry(events)
        self.assert_booked_once(100)

    def test_still_failing(self):
        _link, events = self.failed_payment()
        self.sandbox.faults.outage()
        with self.assertLogs(LOGGER, "WARNING"):
            self.retry(events)
        self.assertEqual(set(events.mapped("state")), {"failed"})

    def test_more_at_once_than_are_tried_now(self):
        """The rest is the schedule's: within minutes, however old the events are."""
        link, _events = self.failed_payment()
        [session_ref] = {session["id"] for session in self.sessions()} & set(
            link.transaction_ids.mapped("checkout_ref")
        )
        self.events.search([]).unlink()
        many = self.events.union(*(self.make_event("failed", 10, n) for n in range(25)))
        many.write({"object_ref": session_ref, "kind": "checkout"})
        self.age(many, "10 days")
        many.tries = 9
        self.retry(many)
        self.assertEqual(many.mapped("state").count("received"), 5)
        self.run_schedule(SYNC)
        self.assertEqual(many.mapped("state").count("received"), 5, "somebody may be at it")
        self.age(many, "3 minutes")
        self.run_schedule(SYNC)
        self.env.invalidate_all()
        self.assertNotIn("received", many.mapped("state"))
        self.assert_booked_once(100)

    def test_each_time_it_waits_longer_but_never_for_weeks(self):
        event = self.make_event("failed", 20)
        waits = []
        for tries in (0, 1, 5, 9, 30, 400):
            event.tries = tries
            waits.append(event._get_wait())
        minute, day = timedelta(minutes=1), timedelta(days=1)
        self.assertEqual(waits, [2 * minute, 4 * minute, 64 * minute, 1024 * minute, day, day])
        self.age(event, "25 hours")
        self.assertIn(event, self.events._get_to_retry())

    def test_what_goes_on_failing_calls_a_person(self):
        link, events = self.failed_payment()
        self.sandbox.faults.outage()
        calls = []
        for _try in range(7):
            self.age(events, "2 hours")
            with mute_logger(LOGGER):
                self.run_schedule(SYNC)
            calls.append(len(self.activities(link)))
        self.assertEqual(calls, [0, 0, 0, 0, 0, 1, 1], "one call, after two hours of trying")
        activity = self.activities(link)
        self.assertIn(link.transaction_ids.reference, activity.summary)
        self.assertIn("Try Again", activity.note)
        self.assertIn(events[0].error, activity.note)
        self.sandbox.faults.clear()
        self.retry(events)
        self.assertEqual(link.state, "paid")
        self.assertFalse(self.activities(link), "it has mended itself")

    def age(self, events, interval):
        """Let the time pass since the events were tried the last time."""
        self.env.flush_all()
        self.env.cr.execute(
            "UPDATE payment_link_event SET write_date = write_date - %s::interval,"
            " create_date = create_date - %s::interval WHERE id IN %s",
            [interval, interval, tuple(events.ids)],
        )
        events.invalidate_recordset()

    def test_rights(self):
        _link, events = self.failed_payment()
        for name, group in {
            "nobody": "base.group_user",
            "portal": "base.group_portal",
            "viewer": "serviceflow_paylinks.group_payments_view",
            "creator": "serviceflow_paylinks.group_payments_create",
        }.items():
            user = new_test_user(self.env, f"ledger_{name}", group)
            with self.subTest(name):
                with self.assertRaises(AccessError):
                    events.with_user(user).action_retry()
                with self.assertRaises(AccessError):
                    events.with_user(user).read(["state"])
        manager = new_test_user(
            self.env, "ledger_manager", "serviceflow_paylinks.group_payments_manage"
        )
        self.assertTrue(events.with_user(manager).read(["event_type", "error", "link_id"]))
        with self.assertRaises(AccessError):
            events.with_user(manager).write({"state": "done"})
        with self.assertRaises(AccessError):
            events.with_user(manager).unlink()

    # -- trimming --

    def make_event(self, state, days, number=0):
        event = self.events.create(
            {
                "provider_id": self.provider.id,
                "event_ref": f"evt_{state}_{days}" + (f"_{number}" if number else ""),
                "event_type": "x",
                "kind": "other",
                "state": state,
            }
        )
        self.env.flush_all()
        self.env.cr.execute(
            "UPDATE payment_link_event SET create_date = %s WHERE id = %s",
            [fields.Datetime.now() - timedelta(days=days), event.id],
        )
        return event

    def left(self):
        self.events._gc_settled()
        return set(self.events.search([]).mapped("event_ref"))

    def test_old_rows_are_trimmed_but_never_open_ones(self):
        for state in ("done", "ignored", "failed", "received"):
            for days in (10, 100, 200):
                self.make_event(state, days)
        kept = {
            f"evt_{state}_{days}" for state in ("failed", "received") for days in (10, 100, 200)
        }
        settled = {f"evt_{state}_{days}" for state in ("done", "ignored") for days in (10, 100)}
        self.assertEqual(self.left(), kept | settled)
        self.env["ir.config_parameter"].set_param(DAYS, "60")
        self.assertEqual(self.left(), kept | {"evt_done_10", "evt_ignored_10"})

    def test_not_sooner_than_stripe_forgets(self):
        """A row trimmed before would be taken for an event that the endpoint missed."""
        self.make_event("done", 20)
        for value in ("1", "-5", "0", "junk"):
            with self.subTest(value):
                self.env["ir.config_parameter"].set_param(DAYS, value)
                self.assertEqual(self.left(), {"evt_done_20"})

    def test_never(self):
        self.make_event("done", 2000)
        self.env["ir.config_parameter"].set_param(DAYS, "0")
        self.assertEqual(self.left(), {"evt_done_2000"})

    def test_in_batches(self):
        for number in range(5):
            self.make_event("done", 200 + number)
        self.patch(ledger, "TRIM_BATCH", 2)
        self.assertEqual(
            [self.events._gc_settled() for _round in range(3)], [(2, 1), (2, 1), (1, 0)]
        )
        self.assertFalse(self.events.search([]))

    def test_the_setting(self):
        settings = self.env["res.config.settings"].create({"paylinks_ledger_days": 90})
        settings.execute()
        self.assertEqual(self.events._get_days_to_keep(), 90)
