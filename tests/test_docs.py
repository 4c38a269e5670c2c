"""The queries that docs/operations.md says to watch: each runs, and finds what it is for."""

import re
from unittest.mock import patch

from odoo.addons.account_payment.models.payment_transaction import (
    PaymentTransaction as AccountPaymentTransaction,
)

from dev import paths

from .common import PaylinksCase

OPERATIONS = paths.ROOT / "docs" / "operations.md"
LONG_AGO = "now() AT TIME ZONE 'UTC' - interval '3 hours'"


class TestMonitoring(PaylinksCase):
    def setUp(self):
        super().setUp()
        self.link = self.make_link()
        self.attempt = self.pay(self.link)
        self.deliver_webhooks()
        self.schedule = self.env.ref("serviceflow_paylinks.cron_send_texts")
        # In a test's database no schedule runs.
        schedules = self.env["ir.model.data"].search(
            [("module", "=", "serviceflow_paylinks"), ("model", "=", "ir.cron")]
        )
        self.env["ir.cron"].browse(schedules.mapped("res_id")).nextcall = self.env.cr.now()

    def read_queries(self):
        """Return {what it is for, as its comment says: query}."""
        found = {}
        for block in re.findall(r"```sql\n(.*?)```", OPERATIONS.read_text(), re.DOTALL):
            for query in filter(str.strip, block.split(";")):
                comment, statement = query.strip().split("\n", 1)
                found[comment.removeprefix("-- ")] = statement
        return found

    def ask(self, query):
        """Return the ids of the rows that the query finds."""
        self.env.flush_all()
        self.env.cr.execute(query)
        return [row[0] for row in self.env.cr.fetchall()]

    def backdate(self, record, *columns):
        self.env.flush_all()
        for column in columns:
            self.env.cr.execute(
                f"UPDATE {record._table} SET {column} = {LONG_AGO} WHERE id = %s", [record.id]
            )
        record.invalidate_recordset()
        return record

    # -- what goes wrong: each makes it so, and returns the row that tells --

    def fail_an_event(self, state="failed"):
        event = self.env["payment.link.event"].create(
            {
                "provider_id": self.provider.id,
                "event_ref": "evt_stuck",
                "event_type": "checkout.session.completed",
                "kind": "checkout",
                "state": state,
            }
        )
        return self.backdate(event, "create_date")

    def leave_an_event(self):
        return self.fail_an_event("received")

    def ask_nobody(self):
        return self.backdate(self.open_checkout(self.make_link()), "checkout_check_at")

    def pay_but_not_book(self):
        attempt = self.pay(self.make_link())
        failing = patch.object(
            AccountPaymentTransaction, "_create_payment", side_effect=ValueError("locked")
        )
        with failing, self.assertLogs("odoo.addons.serviceflow_paylinks", "ERROR"):
            self.deliver_webhooks()
        return self.backdate(attempt, "last_state_change")

    def send(self, state=None):
        message = self.env["payment.link.message"]._ask([{"link": self.link, "channel": "email"}])
        if state:
            message.state = "sending"
            message._set_state(state, "no such mailbox")
        return message

    def fail_a_message(self):
        return self.send("failed")

    def lose_a_message(self):
        return self.send("unknown")

    def send_nothing(self):
        return self.backdate(self.send(), "create_date")

    def silence_the_webhook(self):
        self.provider.paylinks_outage_at = self.env.cr.now()
        return self.provider

    def turn_a_schedule_off(self):
        self.schedule.active = False
        return self.schedule

    def run_no_schedule(self):
        return self.backdate(self.schedule, "nextcall")

    WRONG = {
        "events that fail for an hour": (fail_an_event, leave_an_event),
        "payments whose answer is overdue": (ask_nobody,),
        "paid at Stripe, not in the books": (pay_but_not_book,),
        "messages that were not sent": (fail_a_message, lose_a_message, send_nothing),
        "a webhook that fell silent": (silence_the_webhook,),
        "schedules that are off or late": (turn_a_schedule_off, run_no_schedule),
    }

    def test_each_query_has_its_anomaly(self):
        comments = list(self.read_queries())
        self.assertEqual(len(comments), len(self.WRONG))
        for comment, words in zip(comments, self.WRONG, strict=True):
            self.assertTrue(comment.startswith(words), comment)

    def test_nobody_is_called_where_all_is_well(self):
        for comment, query in self.read_queries().items():
            with self.subTest(comment):
                self.assertFalse(self.ask(query))

    def test_each_query_finds_what_is_wrong(self):
        for (comment, query), makers in zip(
            self.read_queries().items(), self.WRONG.values(), strict=True
        ):
            for make in makers:
                with self.subTest(comment, wrong=make.__name__):
                    savepoint = self.env.cr.savepoint()
                    wrong = make(self)
                    self.assertEqual(self.ask(query), wrong.ids)
                    savepoint.close(rollback=True)
                    self.env.invalidate_all()
                    self.assertFalse(self.ask(query))
