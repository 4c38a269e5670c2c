"""When new links expire: by the company's settings, in its own time zone, in any batch."""

from datetime import date, datetime, timedelta

from odoo import fields
from odoo.exceptions import ValidationError

from .common import PaylinksCase


class TestExpiryPolicy(PaylinksCase):
    def setUp(self):
        super().setUp()
        self.company.partner_id.tz = "America/New_York"
        self.now = fields.Datetime.now()

    def _set(self, policy, days=30):
        self.company.write({"paylinks_expiry_policy": policy, "paylinks_expiry_days": days})

    def _assert_days_from_now(self, link, days):
        self.assertAlmostEqual(
            link.expires_at, self.now + timedelta(days=days), delta=timedelta(minutes=1)
        )

    def test_never(self):
        self._set("never", days=0)
        self.assertFalse(self.make_link().expires_at)
        self.assertFalse(self.make_custom_link().expires_at)

    def test_days_after_creation(self):
        self._set("creation", 7)
        self._assert_days_from_now(self.make_link(), 7)
        self._assert_days_from_now(self.make_custom_link(), 7)

    def test_days_after_the_due_date_end_when_the_companys_day_ends(self):
        self._set("due", 5)
        due = fields.Date.today() + timedelta(days=20)
        for zone, hours in (("UTC", 0), ("Asia/Tokyo", -9), ("Asia/Kolkata", -5.5)):
            with self.subTest(zone):
                self.company.partner_id.tz = zone
                end = datetime.combine(due + timedelta(days=5), datetime.min.time()) + timedelta(
                    days=1, seconds=-1, hours=hours
                )
                link = self.make_link(invoice_date_due=due)
                self.assertEqual(link.expires_at, end)

    def test_summer_and_winter_time(self):
        self._set("due", 1)
        expiry = self.company._paylinks_default_expiry
        now = datetime(2026, 1, 1)
        self.assertEqual(expiry(now, date(2026, 1, 9)), datetime(2026, 1, 11, 4, 59, 59))
        self.assertEqual(expiry(now, date(2026, 7, 9)), datetime(2026, 7, 11, 3, 59, 59))

    def test_an_invoice_long_overdue_gets_the_days_from_now(self):
        self._set("due", 5)
        past = fields.Date.today() - timedelta(days=100)
        link = self.make_link(invoice_date=past, invoice_date_due=past)
        self._assert_days_from_now(link, 5)

    def test_without_a_due_date_the_days_count_from_now(self):
        self._set("due", 5)
        self._assert_days_from_now(self.make_custom_link(), 5)

    def test_due_at_the_end_of_the_calendar(self):
        self._set("due", 30)
        self.assertFalse(self.company._paylinks_default_expiry(self.now, date(9999, 12, 20)))
        self.assertFalse(self.company._paylinks_default_expiry(self.now, date(9999, 12, 1)))

    def test_an_expiry_given_by_hand_wins(self):
        self._set("due", 5)
        expires_at = self.now + timedelta(days=2)
        self.assertEqual(self.make_custom_link(expires_at=expires_at).expires_at, expires_at)
        self.assertFalse(self.make_custom_link(expires_at=False).expires_at)

    def test_queries_do_not_grow_with_the_batch(self):
        self._set("due", 5)
        due = fields.Date.today() + timedelta(days=20)
        few = [self.make_invoice(invoice_date_due=due) for _i in range(3)]
        many = [self.make_invoice(invoice_date_due=due) for _i in range(30)]

        def count(invoices):
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            links = self.env["account.move"].concat(*invoices).generate_payment_links()
            self.env.flush_all()
            self.assertEqual(len(set(links.mapped("expires_at"))), 1)
            return self.env.cr.sql_log_count - before

        count(few[:1])  # Warm the caches.
        self.assertLessEqual(count(many), count(few[1:]) + 1)

    def test_days_that_make_no_sense_get_a_sentence(self):
        for policy in ("creation", "due"):
            for days in (-1, 0, 3651, 10**12):
                with (
                    self.subTest((policy, days)),
                    self.assertRaisesRegex(
                        ValidationError, "Enter 1 to 3650 days, or choose “Never”"
                    ),
                ):
                    self._set(policy, days)
