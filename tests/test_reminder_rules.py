"""Reminders: which day, to whom, once, and what would go out tomorrow."""

from datetime import date, datetime, timedelta

from freezegun import freeze_time
from odoo.exceptions import AccessError, ValidationError
from odoo.tests import new_test_user

from .sending import SendingCase

START = "2026-07-01 10:00:00"


class TestReminderRules(SendingCase):
    def setUp(self):
        super().setUp()
        self.env["payment.link.reminder.rule"].search([]).unlink()

    def rule(self, days, moment, **values):
        return self.env["payment.link.reminder.rule"].create(
            {"days": days, "moment": moment, **values}
        )

    def sent_link(self, due=None, **values):
        """A link that was sent on the first of July."""
        with freeze_time(START):
            link = self.make_link(
                invoice_date=date(2026, 7, 1), invoice_date_due=due or date(2026, 7, 20)
            )
            link.write({"expires_at": datetime(2026, 9, 1), **values})
            link.sudo().sent_at = datetime(2026, 7, 1, 10)
        return link

    def remind_on(self, *days):
        for day in days:
            with freeze_time(f"2026-{day:%m-%d} 12:00:00"):
                self.run_schedule("cron_send_reminders")
                self.send()

    def reminded_on(self, link, first, last):
        """Run the schedules day by day; return the days on which an email went out."""
        days = []
        for offset in range((last - first).days + 1):
            day = first + timedelta(days=offset)
            before = len(self.emails())
            self.remind_on(day)
            days += [day] * (len(self.emails()) - before)
        return days

    def test_before_and_after_the_due_date(self):
        self.rule(3, "before_due")
        self.rule(0, "after_due")
        self.rule(7, "after_due")
        link = self.sent_link()
        days = self.reminded_on(link, date(2026, 7, 10), date(2026, 8, 5))
        self.assertEqual(days, [date(2026, 7, 17), date(2026, 7, 20), date(2026, 7, 27)])
        self.assertTrue(link.reminded_at)
        self.assertIn("reminder", self.emails()[0]["Subject"])

    def test_before_the_expiry(self):
        self.rule(2, "before_expiry")
        link = self.sent_link(expires_at=datetime(2026, 7, 15, 9))
        days = self.reminded_on(link, date(2026, 7, 10), date(2026, 7, 20))
        self.assertEqual(days, [date(2026, 7, 13)])

    def test_at_most_so_many(self):
        for days in (1, 3, 5):
            self.rule(days, "after_due", max_count=2)
        link = self.sent_link()
        self.assertEqual(len(self.reminded_on(link, date(2026, 7, 19), date(2026, 7, 30))), 2)
        self.assertIn("2 reminders were sent already", link.message_ids[0].body)

    def test_new_rule_leaves_old_debts_alone(self):
        link = self.sent_link(due=date(2026, 7, 2))
        self.rule(1, "after_due")
        self.assertFalse(self.reminded_on(link, date(2026, 7, 20), date(2026, 7, 21)))

    def test_a_schedule_that_stood_still_catches_up(self):
        self.rule(3, "before_due")
        link = self.sent_link()
        self.assertEqual(
            self.reminded_on(link, date(2026, 7, 19), date(2026, 7, 22)), [date(2026, 7, 19)]
        )

    def test_nobody_is_reminded_of_what_was_never_sent(self):
        self.rule(3, "before_due")
        link = self.sent_link()
        link.sudo().sent_at = False
        self.remind_on(date(2026, 7, 17))
        self.assertFalse(self.emails())

    def test_stops(self):
        self.rule(3, "before_due")
        paid, out, processing, open_ = (self.sent_link() for _i in range(4))
        self.pay_by_bank_transfer(paid.invoice_id)
        out.email = "out@example.com"
        self.env["mail.blacklist"]._add("out@example.com")
        processing._set_state("processing", "test")
        self.remind_on(date(2026, 7, 17))
        self.assertEqual([m["To"] for m in self.mail_server.messages], ["ada@example.com"])
        self.assertTrue(open_.reminded_at)
        self.assertFalse((paid | processing).message_row_ids)
        self.assertEqual(self.states(out), ["cancelled"])
        self.assertIn("wants no emails", out.message_ids[0].body)

    def test_paid_between_the_rule_and_the_sending(self):
        self.rule(3, "before_due")
        link = self.sent_link()
        with freeze_time("2026-07-17 12:00:00"):
            self.run_schedule("cron_send_reminders")
            self.pay_by_bank_transfer(link.invoice_id)
            self.send()
        self.assertFalse(self.emails())

    def test_both_channels_and_own_template(self):
        template = self.env.ref("serviceflow_paylinks.mail_template_reminder").copy(
            {"subject": "Last call"}
        )
        self.rule(3, "before_due", channel="both", email_template_id=template.id)
        self.sent_link()
        self.remind_on(date(2026, 7, 17), date(2026, 7, 18))
        self.assertEqual([m["Subject"] for m in self.emails()], ["Last call"])
        self.assertEqual(len(self.texts()), 1)

    def test_quiet_hours_hold_reminders_by_email_too(self):
        self.company.write({"paylinks_quiet_from": 9, "paylinks_quiet_until": 15})
        self.rule(3, "before_due")
        link = self.sent_link()
        self.customer.tz = "UTC"
        self.remind_on(date(2026, 7, 17))
        self.assertEqual(self.states(link), ["held"])
        with freeze_time("2026-07-17 15:01:00"):
            self.send()
        self.assertEqual(self.states(link), ["sent"])

    def test_dry_run(self):
        self.rule(3, "before_due")
        good, out, later = self.sent_link(), self.sent_link(), self.sent_link(date(2026, 7, 25))
        out.email = "out@example.com"
        self.env["mail.blacklist"]._add("out@example.com")
        with freeze_time("2026-07-16 12:00:00"):
            action = self.env["payment.link.reminder.rule"].action_preview()
        lines = self.env[action["res_model"]].search(action["domain"])
        self.assertEqual(lines.link_id, good | out)
        self.assertNotIn(later, lines.link_id)
        self.assertEqual(
            {line.link_id: line.outcome for line in lines}, {good: "sent", out: "skipped"}
        )
        self.assertIn("wants no emails", lines.filtered("reason").reason)
        self.assertFalse(self.emails() or good.message_row_ids, "nothing went out")

    def test_dry_run_is_of_the_whole_of_tomorrow_where_the_company_is(self):
        """In Auckland, twelve hours ahead of Greenwich, tomorrow begins at noon here."""
        self.company.partner_id.tz = "Pacific/Auckland"
        self.rule(2, "before_expiry")
        early, late, after = (
            self.sent_link(expires_at=datetime(2026, 7, day, hour, 30))
            for day, hour in ((18, 12), (19, 11), (19, 12))
        )
        with freeze_time("2026-07-16 10:00:00"):
            action = self.env["payment.link.reminder.rule"].action_preview()
        lines = self.env[action["res_model"]].search(action["domain"])
        self.assertEqual(lines.link_id, early | late)
        self.assertNotIn(after, lines.link_id)

    def test_dry_run_has_what_the_pause_is_over_for_in_the_evening(self):
        self.rule(2, "before_expiry")
        link = self.sent_link(expires_at=datetime(2026, 7, 19, 12))
        link.sudo().sent_at = datetime(2026, 7, 16, 22)
        with freeze_time("2026-07-16 23:00:00"):
            action = self.env["payment.link.reminder.rule"].action_preview()
        lines = self.env[action["res_model"]].search(action["domain"])
        self.assertEqual(lines.link_id, link)

    def test_by_default_nobody_is_reminded_by_night(self):
        company = self.env["res.company"].create({"name": "New"})
        for name in ("paylinks_quiet_from", "paylinks_quiet_until"):
            self.company[name] = company[name]
        self.customer.tz = self.company.partner_id.tz = "America/New_York"
        self.rule(3, "before_due")
        link = self.sent_link()
        with freeze_time("2026-07-17 04:05:00"):  # Five past midnight there.
            self.run_schedule("cron_send_reminders")
            self.send()
        self.assertEqual(self.states(link), ["held"])
        with freeze_time("2026-07-17 11:59:00"):
            self.send()
        self.assertFalse(self.emails())
        with freeze_time("2026-07-17 12:00:00"):
            self.send()
        self.assertEqual(len(self.emails()), 1, "at eight o'clock")

    def test_reminders_of_a_rule_that_was_deleted_count(self):
        first = self.rule(1, "after_due")
        self.rule(3, "after_due", max_count=1)
        link = self.sent_link()
        self.assertEqual(len(self.reminded_on(link, date(2026, 7, 21), date(2026, 7, 21))), 1)
        first.unlink()
        self.assertFalse(self.reminded_on(link, date(2026, 7, 22), date(2026, 7, 24)))
        self.assertIn("1 reminders were sent already", link.message_ids[0].body)

    def test_rules_are_for_managers_and_of_one_company(self):
        clerk = new_test_user(self.env, "nosy", "serviceflow_paylinks.group_payments_create")
        rule = self.rule(3, "before_due")
        with self.assertRaises(AccessError):
            rule.with_user(clerk).days = 4
        other = self.env["res.company"].create({"name": "Other"})
        rule.company_id = other
        self.assertFalse(self.env["payment.link.reminder.rule"].with_user(clerk).search([]))
        self.sent_link()
        self.remind_on(date(2026, 7, 17))
        self.assertFalse(self.emails(), "another company's rule")

    def test_nonsense_is_refused(self):
        for days, moment in ((-1, "before_due"), (0, "before_expiry"), (400, "after_due")):
            with self.assertRaises(ValidationError):
                self.rule(days, moment)
