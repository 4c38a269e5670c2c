"""What a visit to the customer's page leaves behind."""

from datetime import timedelta

from odoo import Command, fields
from odoo.tests import new_test_user
from odoo.tools import SQL

from .page import PHONE, PageCase

MINUTE = timedelta(minutes=1)


class TestVisits(PageCase):
    def counts(self, link):
        self.env.invalidate_all()
        return link.open_count, link.robot_open_count

    def test_a_visit_counts_once(self):
        link = self.make_link()
        for _time in range(3):
            self.open_page(link, headers=PHONE)
        self.assertEqual(self.counts(link), (1, 0))
        self.opener.cookies.clear()  # another phone, or later than half an hour
        self.open_page(link, headers=PHONE)
        self.assertEqual(self.counts(link), (2, 0))

    def test_page_that_looks_again_by_itself_is_no_visit(self):
        """Without cookies too, where each look would be a new one."""
        link = self.make_link()
        self.open_page(link, headers=PHONE)
        for look in range(1, 5):
            self.opener.cookies.clear()
            self.url_open(self.path(link, f"?look={look}"), headers=PHONE)
        self.assertEqual(self.counts(link), (1, 0))

    def test_staff_who_look_at_it_are_not_the_customer(self):
        """The session of an internal user; a customer's portal session is the customer."""
        link = self.make_link()
        clerk = new_test_user(self.env, "visits_clerk", "base.group_user")
        self.authenticate(clerk.login, clerk.login)
        for _time in range(2):
            self.assertNotIn("pay_visit", self.open_page(link, headers=PHONE).cookies)
        self.assertEqual(self.counts(link), (0, 0))
        self.assertFalse(link.opened_at)
        portal = new_test_user(self.env, "visits_portal", "base.group_portal")
        self.authenticate(portal.login, portal.login)
        self.open_page(link, headers=PHONE)
        self.assertEqual(self.counts(link), (1, 0))

    def test_first_and_last(self):
        link = self.make_link()
        self.open_page(link, headers=PHONE)
        self.env.invalidate_all()
        self.assertEqual(link.opened_at, link.last_opened_at)
        link.write({"opened_at": "2026-01-01 10:00:00", "last_opened_at": "2026-01-01 10:00:00"})
        self.opener.cookies.clear()
        self.open_page(link, headers=PHONE)
        self.open_page(link, headers={"User-Agent": "WhatsApp/2.23.20.0"})
        self.env.invalidate_all()
        self.assertEqual(str(link.opened_at), "2026-01-01 10:00:00")
        self.assertAlmostEqual(link.last_opened_at, fields.Datetime.now(), delta=MINUTE)

    def test_each_link_has_visits_of_its_own(self):
        one, other = self.make_link(), self.make_link()
        for link in (one, other):
            self.open_page(link, headers=PHONE)
        self.assertEqual((self.counts(one), self.counts(other)), ((1, 0), (1, 0)))

    def test_the_visits_cookie_says_nothing(self):
        link = self.make_link()
        page = self.open_page(link, headers=PHONE)
        cookie = next(c for c in page.cookies if c.name == "pay_visit")
        self.assertEqual((cookie.value, cookie.path), ("1", self.path(link)))
        self.assertTrue(cookie.has_nonstandard_attr("HttpOnly"))
        self.assertEqual(cookie.get_nonstandard_attr("SameSite"), "Lax")
        self.assertLessEqual(cookie.expires - fields.Datetime.now().timestamp(), 30 * 60 + 5)

    def test_coming_back_from_stripe_is_the_same_visit(self):
        link = self.make_link()
        self.opener.headers.update(PHONE)
        attempt = self.pay(link)
        self.come_back(link, attempt)
        self.assertEqual(self.counts(link), (1, 0))

    def test_robots_are_kept_apart(self):
        link = self.make_link()
        robots = (
            {"User-Agent": "WhatsApp/2.23.20.0"},
            {"User-Agent": "Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)"},
            {"User-Agent": ""},
            {**PHONE, "Purpose": "prefetch"},
            {**PHONE, "Sec-Purpose": "prefetch;prerender"},
            {**PHONE, "X-Moz": "prefetch"},
        )
        for headers in robots:
            page = self.open_page(link, headers=headers)
            self.assertNotIn("pay_visit", page.cookies)
        self.url_open(self.path(link), method="HEAD", headers=PHONE)
        self.assertEqual(self.counts(link), (0, len(robots) + 1))
        self.assertFalse(link.opened_at)

    def test_the_documents_route_counts_nothing(self):
        link = self.make_link()
        self.url_open(self.path(link, "/document"), headers=PHONE)
        self.assertEqual(self.counts(link), (0, 0))

    def test_staff_read_the_robots_count_only_with_the_right(self):
        self.assertEqual(
            self.env["payment.link"]._fields["robot_open_count"].groups,
            "serviceflow_paylinks.group_payments_view",
        )


class TestLeavesNoTrace(PageCase):
    """A look changes nothing but the counts, whatever Odoo's own computations would write."""

    LINES = [
        Command.create({"name": "Ground floor", "display_type": "line_section"}),
        Command.create({"name": "Our own note", "display_type": "line_note"}),
        Command.create({"name": "Boiler", "price_unit": 70, "tax_ids": False}),
    ]

    def versions(self, *recordsets):
        """Where each row lies: any change, and one to the same values too, moves it."""
        self.env.flush_all()
        found = []
        for records in recordsets:
            query = SQL(
                "SELECT id, ctid::text FROM %s WHERE id = ANY(%s) ORDER BY id",
                SQL.identifier(records._table),
                records.ids,
            )
            found.append((records._name, self.env.execute_query(query)))
        return found

    def test_of_an_invoice(self):
        link = self.make_link(invoice_line_ids=self.LINES)
        invoice = link.invoice_id
        rows = (invoice, invoice.line_ids, link.partner_id, link.company_id, link.provider_id)
        before = self.versions(*rows)
        self.env.invalidate_all()
        self.assertIn("Boiler", self.read(link, headers=PHONE))
        self.assertEqual(self.versions(*rows), before)

    def test_of_an_order(self):
        line = {"name": "New bathroom", "price_unit": 4200}
        order = self.env["sale.order"].create(
            {
                "partner_id": self.customer.id,
                "require_payment": True,
                "prepayment_percent": 0.3,
                "order_line": [Command.create(line)],
            }
        )
        link = order.generate_deposit_links()
        rows = (order, order.order_line, link.partner_id)
        before = self.versions(*rows)
        self.env.invalidate_all()
        self.open_page(link, headers=PHONE)
        self.assertEqual(self.versions(*rows), before)

    def test_of_links_in_every_state(self):
        links = self.env["payment.link"].concat(*self.one_in_each_state().values())
        rows = (links.invoice_id, links.invoice_id.line_ids, links.transaction_ids)
        before = self.versions(*rows)
        self.env.invalidate_all()
        for link in links:
            self.open_page(link, headers=PHONE)
        self.assertEqual(self.versions(*rows), before)


class TestQueries(PageCase):
    def test_few(self):
        """What the figures of bench/page.py rest on, Odoo's own two for each request included."""
        self.open_page(self.make_link(), headers=PHONE)  # languages, templates, routes
        link = self.make_link(100)
        self.opener.cookies.clear()
        self.env.invalidate_all()
        with self.assertQueryCount(14):
            self.open_page(link, headers=PHONE)

    def test_no_more_for_a_long_invoice(self):
        lines = [Command.create({"name": f"Job {n}", "price_unit": n}) for n in range(1, 60)]
        short, long = self.make_link(100), self.make_link(invoice_line_ids=lines)
        counts = []
        for link in (short, short, long):
            self.opener.cookies.clear()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            self.open_page(link, headers=PHONE)
            counts.append(self.env.cr.sql_log_count - before)
        self.assertLessEqual(counts[2], counts[1])
