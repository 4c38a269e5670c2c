"""Each filter, grouping and favourite of the hub's search view, as the web client asks for it."""

from ast import literal_eval
from datetime import timedelta

from lxml import etree
from odoo import Command, fields
from odoo.tools.safe_eval import safe_eval

from .test_hub import HubCase

MEASURES = ("collected", "days_to_payment", "is_paid", "is_sent", "is_opened", "is_started")


class TestFilters(HubCase):
    def links_of_each_kind(self):
        """One link in each state, and what else a filter asks for: {filter: links}."""
        active = self.make_custom_link(1, user_id=self.clerk.id, expires_at=False)
        soon = self.make_custom_link(2, expires_at=fields.Datetime.now() + timedelta(days=3))
        expired, overdue = self.make_custom_link(3), self.make_custom_link(4)
        self.expire_by_time(expired)
        self.links._expire_batch()
        self.expire_by_time(overdue)  # Its schedule has not come yet.
        processing = self.make_link(50)
        attempt = self.open_checkout(processing)
        self.sandbox.customer.pay_by_bank(attempt.checkout_ref)
        self.deliver_webhooks()
        paid = self.make_custom_link(6)
        self.pay_now(paid)
        settled = self.make_link(70)
        self.pay_by_bank_transfer(settled.invoice_id)
        self.make_custom_link(8).cancel()
        self.backdate(soon, sent_at=1)
        self.backdate(active, sent_at=1, opened_at=0.5)
        active._flag("Ring them", "")
        return {
            "active": active | soon,
            "expiring": soon,
            "expired": expired | overdue,
            "processing": processing,
            "paid": paid,
            "settled": settled,
            "attention": active,
            "mine": active,
            "never_opened": soon,
            "paid_recently": paid,
            "sent_recently": active | soon,
            "sent_and_paid": self.links,
            "refunded": self.links,
            "disputed": self.links,
            "not_deleted": active | soon | expired | overdue | processing | paid | settled,
        }

    def test_each_filter_finds_its_links(self):
        expected, filters = self.links_of_each_kind(), self.filters()
        self.assertEqual(set(filters), set(expected))
        for name, links in expected.items():
            with self.subTest(name):
                self.assertEqual(self.links.with_user(self.clerk).search(filters[name]), links)

    def test_each_grouping(self):
        links = self.make_custom_link(10, user_id=self.clerk.id) | self.make_link(20)
        self.backdate(links[0], sent_at=1).sudo().sent_channel = "sms"
        arch = etree.fromstring(self.links.get_view(None, "search")["arch"])
        groupings = {
            node.get("name"): safe_eval(node.get("context"))["group_by"]
            for node in arch.iter("filter")
            if "group_by" in (node.get("context") or "")
        }
        expected = {
            "group_state": [("active", 2)],
            "group_partner": [(self.customer.id, 2)],
            "group_user": [(self.clerk.id, 1), (self.env.uid, 1)],
            "group_purpose": [("custom", 1), ("invoice", 1)],
            "group_channel": [("sms", 1), (False, 1)],
            "group_month": [(f"{fields.Date.today():%Y-%m}-01 00:00:00", 2)],
        }
        self.assertEqual(set(groupings), set(expected))
        for name, groupby in groupings.items():
            with self.subTest(name):
                rows = self.links.with_user(self.clerk).formatted_read_group(
                    [("state", "!=", "cancelled")], [groupby], ["__count"]
                )
                groups = [(self.key(row[groupby]), row["__count"]) for row in rows]
                self.assertCountEqual(groups, expected[name])

    def key(self, value):
        """What a group is of: of a record or a month comes its name as well."""
        return value[0] if isinstance(value, (tuple, list)) else value

    def test_each_favourite(self):
        """What the favourites of the addon ask for can be asked for, by every clerk."""
        self.pay_now(self.make_custom_link(10))
        favourites = self.env["ir.filters"].with_user(self.clerk).get_filters("payment.link")
        names = {"Collected by month", "Time to payment by month", "Sent, opened, started, paid"}
        self.assertLessEqual(names, {favourite["name"] for favourite in favourites})
        for favourite in favourites:
            context = literal_eval(favourite["context"])
            measures = [context["graph_measure"], *context["pivot_measures"]]
            aggregates = [
                f"{name}:{'avg' if name == 'days_to_payment' else 'sum'}"
                for name in measures
                if name != "__count"
            ]
            with self.subTest(favourite["name"]):
                self.assertLessEqual(set(measures), {*MEASURES, "__count"})
                groupby = context["graph_groupbys"]
                self.assertEqual(groupby, context["pivot_row_groupby"])
                domain = literal_eval(favourite["domain"])
                rows = self.links.with_user(self.clerk).formatted_read_group(
                    domain, groupby, aggregates
                )
                self.assertEqual(len(rows), 0 if "Time" in favourite["name"] else 1)

    def test_an_empty_hub_has_its_alert_too(self):
        self.provider.state = "disabled"
        overview = self.overview()
        self.assertFalse(overview["has_links"])
        self.assertEqual(overview["connection"]["state"], "missing")


class TestButtons(HubCase):
    """The buttons on customers and orders: on the screen, and what they lead to."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.clerk.group_ids = [
            Command.link(cls.env.ref("sales_team.group_sale_salesman_all_leads").id)
        ]
        cls.order = cls.make_boiler_order()

    def press(self, record, name):
        """Press a button of a form, as the web client does; it must be on the screen."""
        record = record.with_user(self.clerk)
        arch = etree.fromstring(record.get_view(None, "form")["arch"])
        [button] = arch.xpath(f"//button[@name='{name}']")
        if hidden := button.get("invisible"):
            names = ("payment_link_count", "paylinks_deposit_due")
            values = {field: record[field] for field in names if field in record._fields}
            self.assertFalse(safe_eval(hidden, values), "the button is on the screen")
        return getattr(record, name)()

    def shown(self, action):
        context = action["context"] if isinstance(action["context"], dict) else {}
        self.assertFalse(context.get("search_default_not_deleted"))
        return self.links.with_user(self.clerk).search(action["domain"])

    def test_deposit_of_an_order(self):
        action = self.press(self.order, "action_generate_deposit_link")
        link = self.env[action["res_model"]].browse(action["res_id"]).link_id
        self.assertEqual((link.sale_order_id, link.purpose), (self.order, "deposit"))
        self.assertEqual(link.amount, 60)

    def test_smart_buttons(self):
        deposit = self.order.generate_deposit_links()
        deleted = self.make_custom_link(5)
        deleted.cancel()
        elsewhere = self.make_custom_link(
            5, partner_id=self.env["res.partner"].create({"name": "Bea"}).id
        )
        for record, links in ((self.order, deposit), (self.customer, deposit | deleted)):
            with self.subTest(record._name):
                action = self.press(record, "action_view_payment_links")
                self.assertEqual(self.shown(action), links)
                self.assertNotIn(elsewhere, self.shown(action))
                self.assertEqual(record.payment_link_count, len(links))
