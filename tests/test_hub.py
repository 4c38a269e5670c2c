"""The hub's figures, searches and measures: each is what it says, in any currency and company."""

from datetime import timedelta

from lxml import etree
from odoo import Command, fields
from odoo.addons.serviceflow_paylinks.models.payment_link_hub import FIGURES
from odoo.exceptions import AccessError
from odoo.fields import Domain
from odoo.tests import new_test_user
from odoo.tools.safe_eval import safe_eval

from .common import PaylinksCase

MODULE = "serviceflow_paylinks"


class HubCase(PaylinksCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.links = cls.env["payment.link"]
        cls.links.search([]).unlink()
        groups = f"{MODULE}.group_payments_create,account.group_account_invoice"
        cls.clerk = new_test_user(cls.env, "hub_clerk", groups)

    def overview(self, **context):
        """The hub's figures, as the clerk's browser asks for them."""
        links = self.links.with_user(self.clerk).with_context(**context)
        return links.get_hub_overview()

    def figures(self, **context):
        return self.overview(**context)["figures"]

    def backdate(self, link, **values):
        """Set moments that only events set: days ago by field name."""
        now = fields.Datetime.now()
        link.sudo().write({name: now - timedelta(days=days) for name, days in values.items()})
        return link

    def pay_now(self, link, **kwargs):
        attempt = self.pay(link, **kwargs)
        self.deliver_webhooks()
        return attempt

    def filters(self):
        """The search view's filters: {name: domain}."""
        arch = etree.fromstring(self.links.get_view(None, "search")["arch"])
        return {
            node.get("name"): safe_eval(node.get("domain"), {"uid": self.clerk.id})
            for node in arch.iter("filter")
            if node.get("domain")
        }


class TestFigures(HubCase):
    def test_each_figure_has_its_filter(self):
        filters = self.filters()
        self.assertEqual({name: filters[name] for name in FIGURES}, FIGURES)
        self.assertEqual(set(self.figures()), set(FIGURES))

    def test_each_figure_counts_what_its_filter_shows(self):
        euro = self.activate("EUR", rate=0.5)
        self.make_link(100)
        self.make_link(60, currency=euro)
        soon = self.make_custom_link(40)
        soon.expires_at = fields.Datetime.now() + timedelta(days=3)
        self.make_custom_link(7, expires_at=False)
        for days in (1, 5, 45):
            paid = self.make_custom_link(30)
            self.pay_now(paid)
            self.backdate(paid, sent_at=days, paid_at=days - 0.5)
        self.backdate(self.make_custom_link(9), sent_at=80)
        self.backdate(self.make_custom_link(9), sent_at=100)
        self.make_link(500).cancel()
        self.backdate(self.make_custom_link(11), sent_at=2)._set_state("cancelled", "test")
        self.expire_by_time(self.make_link(80))
        figures, filters = self.figures(), self.filters()
        shown = {name: self.links.search(filters[name]) for name in FIGURES}
        self.assertEqual(figures["active"]["count"], len(shown["active"]))
        self.assertEqual(len(shown["active"]), 6)
        self.assertEqual(figures["expiring"]["count"], len(shown["expiring"]))
        self.assertEqual(shown["expiring"], soon)
        self.assertEqual(figures["paid_recently"]["count"], len(shown["paid_recently"]))
        self.assertEqual(len(shown["paid_recently"]), 2)
        self.assertEqual(figures["sent_recently"]["total"], len(shown["sent_recently"]))
        self.assertEqual(figures["sent_recently"]["count"], len(shown["sent_and_paid"]))
        self.assertEqual(figures["sent_and_paid"]["count"], len(shown["sent_and_paid"]))
        self.assertEqual((len(shown["sent_recently"]), len(shown["sent_and_paid"])), (4, 3))
        self.assertAlmostEqual(figures["active"]["amount"], self.amounts(shown["active"]))
        self.assertAlmostEqual(figures["active"]["amount"], 100 + 120 + 40 + 7 + 9 + 9)
        self.assertAlmostEqual(figures["expiring"]["amount"], 40)

    def amounts(self, links, company=None):
        """What the links ask for, in the company's currency: from the records, one by one."""
        company = company or self.company
        return sum(
            link.currency_id._convert(link.amount, company.currency_id, company)
            for link in links.sudo()
        )

    def assert_outstanding(self, amount, *links):
        """The figure is this amount, and what the links themselves say."""
        self.env.invalidate_all()
        outstanding = self.figures()["active"]["amount"]
        self.assertAlmostEqual(outstanding, amount)
        self.assertAlmostEqual(outstanding, sum(link.amount for link in links))

    def test_outstanding_is_what_the_document_still_owes(self):
        link = self.make_link(100)
        self.pay_by_bank_transfer(link.invoice_id, 30)
        self.assert_outstanding(70, link)
        agreed = self.links.create(
            {"purpose": "invoice", "invoice_id": link.invoice_id.id, "amount": 90}
        )
        self.assert_outstanding(140, link, agreed)
        link.invoice_id.button_draft()
        self.assert_outstanding(0, link, agreed)

    def test_outstanding_less_an_early_payment_discount(self):
        term = self.env["account.payment.term"].create(
            {
                "name": "2/10 net 30",
                "early_discount": True,
                "discount_percentage": 10,
                "discount_days": 10,
                "line_ids": [
                    Command.create({"value": "percent", "value_amount": 100, "nb_days": 30})
                ],
            }
        )
        link = self.make_link(100, term=term)
        self.assert_outstanding(90, link)
        late = self.make_link(200, term=term, invoice_date=fields.Date.today() - timedelta(days=20))
        self.assert_outstanding(290, link, late)
        self.pay_by_bank_transfer(link.invoice_id, 10)
        self.assert_outstanding(290, link, late)

    def test_outstanding_deposit(self):
        order = self.env["sale.order"].create(
            {
                "partner_id": self.customer.id,
                "require_payment": True,
                "prepayment_percent": 0.3,
                "order_line": [
                    Command.create(
                        {
                            "product_id": self.env["product.product"].create({"name": "Boiler"}).id,
                            "price_unit": 200,
                            "tax_ids": [Command.clear()],
                        }
                    )
                ],
            }
        )
        link = order.generate_deposit_links()
        self.assert_outstanding(60, link)
        order.order_line.price_unit = 50
        self.assert_outstanding(50, link)

    def test_outstanding_less_what_is_on_its_way(self):
        link = self.make_link(100)
        agreed = self.links.create(
            {"purpose": "invoice", "invoice_id": link.invoice_id.id, "amount": 40}
        )
        attempt = self.open_checkout(agreed)
        self.sandbox.customer.pay_by_bank(attempt.checkout_ref)
        self.deliver_webhooks()
        self.assertEqual(agreed.state, "processing")
        self.assert_outstanding(60, link)
        self.assertEqual(agreed.amount_shown, 40, "not 0.00 while it is on its way")

    def test_paid_less_refunds(self):
        link = self.make_link(100)
        attempt = self.pay_now(link)
        self.assertEqual(self.figures()["paid_recently"], {"count": 1, "amount": 100})
        refund = attempt._create_child_transaction(25, is_refund=True)
        refund._set_done()
        self.env.flush_all()
        self.assertEqual(self.figures()["paid_recently"], {"count": 1, "amount": 75})

    def test_median_and_share(self):
        for hours in (1, 2, 30):
            link = self.make_custom_link(10)
            self.pay_now(link)
            self.backdate(link, sent_at=10, paid_at=10 - hours / 24)
        self.backdate(self.make_custom_link(10), sent_at=1)
        figures = self.figures()
        self.assertEqual(figures["sent_recently"], {"count": 3, "total": 4})
        self.assertAlmostEqual(figures["sent_and_paid"]["seconds"], 2 * 3600, delta=2)

    def test_nothing_at_all(self):
        overview = self.overview()
        self.assertFalse(overview["has_links"])
        self.assertEqual(overview["figures"]["active"], {"count": 0, "amount": 0})
        self.assertEqual(overview["figures"]["sent_and_paid"], {"count": 0, "seconds": None})

    def test_several_companies_with_currencies_of_their_own(self):
        euro = self.activate("EUR", rate=0.5)
        other = self.env["res.company"].create({"name": "Brook Europe", "currency_id": euro.id})
        self.clerk.company_ids = [Command.link(other.id)]
        both = [self.company.id, other.id]
        self.make_custom_link(100)
        theirs = self.links.with_company(other).create(
            {"purpose": "custom", "partner_id": self.customer.id, "amount": 30}
        )
        self.assertEqual(theirs.currency_id, euro)
        ours = self.figures(allowed_company_ids=[self.company.id])
        self.assertEqual(ours["active"], {"count": 1, "amount": 100})
        together = self.figures(allowed_company_ids=both)
        self.assertEqual(together["active"], {"count": 2, "amount": 160})
        overview = self.overview(allowed_company_ids=[other.id])
        self.assertEqual(overview["currency_id"], euro.id)
        self.assertEqual(overview["figures"]["active"], {"count": 1, "amount": 30})

    def test_queries_do_not_grow(self):
        self.links.create([self._custom() for _i in range(3)])
        self._count_queries()
        few = self._count_queries()
        self.links.create([self._custom() for _i in range(300)])
        self.assertLessEqual(self._count_queries(), few)

    def _custom(self):
        return {"purpose": "custom", "partner_id": self.customer.id, "amount": 5}

    def _count_queries(self):
        self.overview()
        self.env.flush_all()
        self.env.invalidate_all()
        before = self.env.cr.sql_log_count
        self.overview()
        return self.env.cr.sql_log_count - before


class TestConnection(HubCase):
    def connection(self, user=None, **context):
        links = self.links.with_user(user or self.clerk).with_context(**context)
        return links.get_hub_overview()["connection"]

    def test_test_mode_and_live(self):
        self.assertEqual(self.connection()["state"], "test")
        self.provider.sudo().write({"state": "enabled", "stripe_secret_key": "sk_live_x"})
        self.assertEqual(self.connection()["state"], "live")

    def test_missing(self):
        for values in ({"state": "disabled"}, {"state": "test", "stripe_secret_key": False}):
            with self.subTest(values), self.env.cr.savepoint() as savepoint:
                self.env.cr.execute(
                    "UPDATE payment_provider SET state = %s, stripe_secret_key = %s WHERE id = %s",
                    [values["state"], None, self.provider.id],
                )
                self.env.invalidate_all()
                connection = self.connection()
                self.assertEqual(connection["state"], "missing")
                self.assertEqual(connection["companies"], [self.company.name])
                savepoint.rollback()
                self.env.invalidate_all()

    def test_who_is_to_be_asked(self):
        self.provider.state = "disabled"
        asked = self.connection()
        self.assertFalse(asked["may_connect"])
        self.assertIn(self.env.ref("base.user_admin").name, asked["administrators"])
        administrator = new_test_user(
            self.env, "hub_admin", f"{MODULE}.group_payments_manage,base.group_system"
        )
        connection = self.connection(administrator)
        self.assertTrue(connection["may_connect"])
        self.assertEqual(connection["administrators"], [])

    def test_the_company_that_is_not_connected_is_named(self):
        other = self.env["res.company"].create({"name": "Brook Europe"})
        self.clerk.company_ids = [Command.link(other.id)]
        connection = self.connection(allowed_company_ids=[self.company.id, other.id])
        self.assertEqual(connection["state"], "missing")
        self.assertEqual(connection["companies"], ["Brook Europe"])

    def test_rights(self):
        viewer = new_test_user(self.env, "hub_viewer", f"{MODULE}.group_payments_view")
        self.assertEqual(self.connection(viewer)["state"], "test")
        for name, group in (("nobody", "base.group_user"), ("portal", "base.group_portal")):
            user = new_test_user(self.env, f"hub_{name}", group)
            with self.subTest(name), self.assertRaises(AccessError):
                self.connection(user)


class TestSearch(HubCase):
    def find(self, field, text, operator="ilike", **context):
        links = self.links.with_user(self.clerk).with_context(**context)
        return links.search([(field, operator, text)])

    def test_phone_in_any_notation(self):
        link = self.make_link()
        self.assertEqual(link.phone, "+12025550143")
        british = self.make_custom_link(phone="+44 20 7946 0018")
        for text in (
            "(202) 555-0143",
            "202.555.0143",
            "2025550143",
            "+1 202 555 0143",
            "001 202 555 0143",
            "1-202-555-0143",
            "555-0143",
        ):
            with self.subTest(text):
                self.assertEqual(self.find("search_phone", text), link)
                self.assertEqual(self.find("search_all", text), link)
        for text in ("0044 20 7946 0018", "+44 (0)20 7946 0018", "020 7946 0018", "7946 0018"):
            with self.subTest(text):
                self.assertEqual(self.find("search_phone", text), british)
        for text in ("12", "abc", "+44 20 7946 0019"):
            with self.subTest(text):
                self.assertFalse(self.find("search_phone", text))

    def test_national_notation_of_the_companies_selected(self):
        other = self.env["res.company"].create(
            {"name": "Brook London", "country_id": self.env.ref("base.uk").id}
        )
        self.clerk.company_ids = [Command.link(other.id)]
        link = self.make_custom_link(phone="+44 20 7946 0018")
        both = [self.company.id, other.id]
        self.assertEqual(self.find("search_phone", "020 7946 0018", allowed_company_ids=both), link)

    def test_not_found_negated(self):
        link, other = self.make_link(), self.make_custom_link(phone="+44 20 7946 0018")
        self.assertEqual(self.find("search_phone", "555-0143", "not ilike"), other)
        self.assertEqual(self.find("search_phone", "+1 202 555 0143", "="), link)

    def test_document(self):
        link, other = self.make_link(), self.make_link()
        self.assertEqual(self.find("search_document", link.invoice_id.name), link)
        self.assertEqual(self.find("search_document", link.invoice_id.name[-4:]), link)
        # Who may not see invoices finds a link by its number all the same.
        viewer = new_test_user(self.env, "hub_viewer", f"{MODULE}.group_payments_view")
        self.assertEqual(
            self.links.with_user(viewer).search(
                [("search_document", "ilike", other.invoice_id.name)]
            ),
            other,
        )

    def test_anything(self):
        other = self.env["res.partner"].create({"name": "Nora Whitfield"})
        self.make_custom_link(partner_id=other.id, description="Nothing of that")
        link = self.make_link()
        custom = self.make_custom_link(description="Tap washer", email="tap@example.net")
        self.assertEqual(self.find("search_all", link.name), link)
        self.assertEqual(self.find("search_all", link.invoice_id.name), link)
        self.assertEqual(self.find("search_all", "ada pay"), custom | link)
        self.assertEqual(self.find("search_all", "TAP@"), custom)
        self.assertEqual(self.find("search_all", "washer"), custom)

    def test_other_companies_stay_hidden(self):
        other = self.env["res.company"].create({"name": "Other Ltd"})
        self.links.with_company(other).create(
            {"purpose": "custom", "partner_id": self.customer.id, "amount": 30}
        )
        for field in ("search_all", "search_phone"):
            self.assertFalse(self.find(field, "202 555 0143"))

    def test_filters(self):
        active = self.make_link()
        never_opened = self.backdate(self.make_custom_link(), sent_at=1)
        flagged = self.make_custom_link()
        flagged._flag("Look", "at this")
        mine = self.make_custom_link(user_id=self.clerk.id)
        expired = self.make_link()
        self.expire_by_time(expired)
        shown = {name: self.links.search(Domain(domain)) for name, domain in self.filters().items()}
        self.assertEqual(shown["never_opened"], never_opened)
        self.assertEqual(shown["attention"], flagged)
        self.assertEqual(shown["mine"], mine)
        self.assertEqual(shown["expired"], expired, "even before the schedule has run")
        self.assertEqual(shown["active"], active | never_opened | flagged | mine)
        expired.cancel()
        self.assertNotIn(expired, self.links.search(self.filters()["not_deleted"]))


class TestRows(HubCase):
    def test_amount_shown(self):
        link = self.make_link(100)
        self.assertEqual(link.amount_shown, 100)
        self.pay_by_bank_transfer(link.invoice_id, 30)
        self.assertEqual(link.amount_shown, 70)
        self.pay_now(link)
        self.assertEqual((link.state, link.amount, link.amount_shown), ("paid", 0, 70))
        settled = self.make_link(80)
        self.pay_by_bank_transfer(settled.invoice_id)
        self.assertEqual((settled.state, settled.amount_shown), ("settled", 80))

    def test_document_opens_for_those_who_may(self):
        link = self.make_link()
        action = link.with_user(self.clerk).action_open_document()
        self.assertEqual(
            (action["res_model"], action["res_id"]), ("account.move", link.invoice_id.id)
        )
        viewer = new_test_user(self.env, "hub_viewer", f"{MODULE}.group_payments_view")
        seen = link.with_user(viewer)
        self.assertEqual(seen.document_name, link.invoice_id.name)
        self.assertFalse(seen.document_openable)
        self.assertTrue(link.with_user(self.clerk).document_openable)
        with self.assertRaisesRegex(AccessError, "You may not open INV"):
            seen.action_open_document()

    def test_smart_buttons(self):
        link = self.make_link()
        self.pay_now(link)
        viewer = new_test_user(self.env, "hub_viewer", f"{MODULE}.group_payments_view")
        seen = link.with_user(viewer)
        self.assertEqual((seen.attempt_count, seen.payment_count), (1, 1))
        action = seen.action_view_attempts()
        attempts = self.env["payment.transaction"].with_user(viewer).search(action["domain"])
        self.assertEqual(attempts, link.transaction_ids)
        # All that the list shows may be read by whoever sees the link.
        arch = etree.fromstring(attempts.get_view(action["view_id"][0], "list")["arch"])
        attempts.web_read(
            {
                name: {"fields": {"display_name": {}}}
                if attempts._fields[name].type == "many2one"
                else {}
                for name in arch.xpath("//field/@name")
            }
        )
        with self.assertRaises(AccessError):
            seen.action_view_payments()
        action = link.with_user(self.clerk).action_view_payments()
        self.assertEqual(action["res_id"], link.transaction_ids.payment_id.id)

    def test_the_form_opens_without_rights_on_the_books(self):
        link = self.make_link()
        self.pay_now(link)
        viewer = new_test_user(self.env, "hub_viewer", f"{MODULE}.group_payments_view")
        for kind in ("form", "list", "kanban"):
            views = self.links.with_user(viewer).get_views([(False, kind)])
            known = views["models"]["payment.link"]["fields"]
            arch = etree.fromstring(views["views"][kind]["arch"])
            names = [name for name in arch.xpath("//field/@name") if name in known]
            spec = {
                name: {"fields": {"display_name": {}}} if known[name]["type"] == "many2one" else {}
                for name in names
            }
            with self.subTest(kind):
                self.assertTrue(link.with_user(viewer).web_read(spec))

    def test_sent_channel(self):
        link = self.make_link()
        link.send_by_email()
        self.assertEqual(link.sent_channel, "email")
        link.send_by_email()
        self.assertEqual(link.sent_channel, "email")
        link.send_by_sms()
        self.assertEqual(link.sent_channel, "both")
        link.send_by_email()
        self.assertEqual(link.sent_channel, "both")


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
            [row[-1] for row in self.groups(["paid_at:month"], [("paid_at", "!=", False)])],
            [25, 10],
        )

    def test_are_for_staff(self):
        portal = new_test_user(self.env, "hub_portal", "base.group_portal")
        for name in self.MEASURES:
            with self.subTest(name), self.assertRaises(AccessError):
                self.links.with_user(portal).formatted_read_group([], [], [f"{name}:sum"])
