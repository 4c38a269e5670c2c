"""What the pivot and the graph count, asked for as the web client does."""

from datetime import timedelta

from lxml import etree
from odoo import fields
from odoo.exceptions import AccessError
from odoo.tests import new_test_user

from .test_hub import HubCase


class TestMeasures(HubCase):
    MEASURES = ("is_sent", "is_opened", "is_started", "is_paid", "days_to_payment", "collected")

    def test_are_offered(self):
        described = self.links.with_user(self.clerk).fields_get(self.MEASURES, ["aggregator"])
        for name in self.MEASURES:
            expected = "avg" if name == "days_to_payment" else "sum"
            self.assertEqual(described[name].get("aggregator"), expected, name)
        for kind in ("pivot", "graph"):
            arch = etree.fromstring(self.links.get_view(None, kind)["arch"])
            self.assertTrue(set(arch.xpath("//field[@type='measure']/@name")))

    def groups(self, groupby=(), domain=(), **context):
        aggregates = [
            f"{name}:{'avg' if name == 'days_to_payment' else 'sum'}" for name in self.MEASURES
        ]
        links = self.links.with_user(self.clerk).with_context(**context)
        rows = links.formatted_read_group(
            list(domain), list(groupby), [*aggregates, "hub_currency_id:array_agg_distinct"]
        )
        return [[row[name] for name in aggregates] for row in rows]

    def test_are_right(self):
        self.make_link()  # Made, and nothing more.
        self.backdate(self.make_custom_link(), sent_at=1)
        self.backdate(self.make_custom_link(), opened_at=1)  # Passed on by copying.
        self.open_checkout(self.make_custom_link())
        for days in (1, 3):
            link = self.make_custom_link(10)
            self.pay_now(link)
            self.backdate(link, sent_at=days + 5, paid_at=5)
        self.assertEqual(self.groups(), [[5, 4, 3, 2, 2.0, 20.0]])
        self.assertEqual(
            [sum(self.links.search([]).mapped(name)) for name in self.MEASURES[:4]], [5, 4, 3, 2]
        )

    def test_collected_less_refunds_at_the_days_rate(self):
        euro = self.activate("EUR", rate=0.5)
        link = self.make_custom_link(40, currency_id=euro.id)
        attempt = self.pay_now(link)
        today = fields.Date.today()
        self.env["res.currency.rate"].create(
            {"currency_id": euro.id, "name": today - timedelta(days=9), "rate": 0.25}
        )
        self.backdate(link, paid_at=20)
        self.assertEqual(self.groups()[0][-1], 80)
        self.assertEqual(link.collected, 80)
        self.backdate(link, paid_at=1)
        self.assertEqual(self.groups()[0][-1], 160)
        self.assertEqual(link.collected, 160)
        attempt._create_child_transaction(10, is_refund=True)._set_done()
        self.env.flush_all()
        self.assertEqual(self.groups()[0][-1], 120)
        self.assertEqual(link.collected, 120)

    def test_collected_by_month(self):
        for days, amount in ((1, 10), (70, 20), (70, 5)):
            link = self.make_custom_link(amount)
            self.pay_now(link)
            self.backdate(link, paid_at=days)
        self.assertEqual(
            [
                row[-1]
                for row in self.groups(
                    ["last_payment_at:month"], [("last_payment_at", "!=", False)]
                )
            ],
            [25, 10],
        )

    def test_are_for_staff(self):
        portal = new_test_user(self.env, "hub_portal", "base.group_portal")
        for name in self.MEASURES:
            with self.subTest(name), self.assertRaises(AccessError):
                self.links.with_user(portal).formatted_read_group([], [], [f"{name}:sum"])
