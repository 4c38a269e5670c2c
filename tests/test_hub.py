"""The hub's figures and its alert: each is what it says, in any currency and company."""

import re
from datetime import timedelta

from lxml import etree
from odoo import Command, fields
from odoo.addons.serviceflow_paylinks.models.payment_link_hub import FIGURES
from odoo.exceptions import AccessError
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
        if "paid_at" in values:
            payments = link.sudo().transaction_ids.filtered(lambda tx: tx.state == "done")
            payments.checkout_paid_at = link.paid_at
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
        self.assert_outstanding(70, link)
        link.invoice_id.button_draft()
        self.assert_outstanding(0, link, agreed)

    def test_outstanding_counts_a_documents_debt_once(self):
        """Links of one document may ask for more than it owes together: it is paid once."""
        euro = self.activate("EUR", rate=0.5)
        for currency, worth in ((self.usd, 1), (euro, 2)):
            link = self.make_link(70, currency=currency)
            fixed = {"purpose": "invoice", "invoice_id": link.invoice_id.id}
            before = self.figures()["active"]["amount"]
            self.links.create([{**fixed, "amount": 30}, {**fixed, "amount": 60}])
            self.assertAlmostEqual(self.figures()["active"]["amount"], before)
            link.cancel()
            self.assertAlmostEqual(self.figures()["active"]["amount"], before)
            part = self.links.search(
                [("invoice_id", "=", link.invoice_id.id), ("amount_fixed", "=", 30)]
            )
            self.links.search(
                [("invoice_id", "=", link.invoice_id.id), ("id", "!=", part.id)]
            ).filtered(lambda link: link.state == "active").cancel()
            self.assertAlmostEqual(self.figures()["active"]["amount"], before - 40 * worth)
            self.assertAlmostEqual(
                self.figures()["active"]["count"], len(self.links.search(self.filters()["active"]))
            )

    def test_expiring_counts_no_more_than_is_owed_either(self):
        link = self.make_link(70)
        soon = fields.Datetime.now() + timedelta(days=2)
        self.links.create(
            [
                {
                    "purpose": "invoice",
                    "invoice_id": link.invoice_id.id,
                    "amount": 60,
                    "expires_at": soon,
                }
                for _i in range(2)
            ]
        )
        figures = self.figures()
        self.assertEqual(figures["expiring"], {"count": 2, "amount": 70})
        self.assertEqual(figures["active"], {"count": 3, "amount": 70})

    def test_outstanding_less_an_early_payment_discount(self):
        term = self.make_discount_term(10)
        link = self.make_link(100, term=term)
        self.assert_outstanding(90, link)
        late = self.make_link(200, term=term, invoice_date=fields.Date.today() - timedelta(days=20))
        self.assert_outstanding(290, link, late)
        self.pay_by_bank_transfer(link.invoice_id, 10)
        self.assert_outstanding(290, link, late)

    def test_outstanding_deposit(self):
        order = self.make_boiler_order()
        link = order.generate_deposit_links()
        self.assert_outstanding(60, link)
        order.order_line.price_unit = 50
        self.assert_outstanding(15, link)

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

    def test_paid_counts_parts_by_when_they_came(self):
        """Also through links that have expired, or were deleted since; not what came long ago."""
        link = self.make_link(100)
        self.pay_part(link, 30)
        old = link.transaction_ids
        self.assertEqual(self.figures()["paid_recently"], {"count": 1, "amount": 30})
        self.pay_part(link, 25)
        self.assertEqual(self.figures()["paid_recently"], {"count": 1, "amount": 55})
        old.checkout_paid_at = fields.Datetime.now() - timedelta(days=31)
        self.assertEqual(self.figures()["paid_recently"], {"count": 1, "amount": 25})
        self.expire_by_time(link)
        self.links._expire_batch()
        self.assertEqual(link.state, "expired")
        self.assertEqual(self.figures()["paid_recently"], {"count": 1, "amount": 25})
        link.cancel()
        self.assertEqual(self.figures()["paid_recently"], {"count": 1, "amount": 25})
        self.assertIn(link, self.links.search(self.filters()["paid_recently"]))
        self.assertEqual(link.last_payment_at, (link.transaction_ids - old).checkout_paid_at)
        [month] = self.links.with_user(self.clerk).formatted_read_group(
            [("last_payment_at", "!=", False)], ["last_payment_at:month"], ["collected:sum"]
        )
        self.assertEqual(month["collected:sum"], 55)

    def pay_part(self, link, amount):
        """Pay a part of what the link asks for, as its page lets the customer."""
        self.company.paylinks_part_payments = True
        page = self.open_page(link)
        token = re.search(r'name="csrf_token" value="([^"]+)"', page.text)[1]
        form = {"csrf_token": token, "amount": str(amount)}
        answer = self.url_open(self.path(link, "/checkout"), data=form, allow_redirects=False)
        self.assertEqual(answer.status_code, 303, answer.text[-500:])
        self.env.invalidate_all()
        attempt = link.transaction_ids.filtered("checkout_open")
        self.sandbox.customer.pay(attempt.checkout_ref)
        self.deliver_webhooks()
        self.assertEqual(link.state, "active")

    def test_time_to_payment_counts_from_the_first_sending(self):
        link = self.make_custom_link(10)
        link.sudo().sent_at = fields.Datetime.now() - timedelta(days=6)
        self.env.flush_all()
        link.sudo().sent_at = fields.Datetime.now() - timedelta(days=1)  # Sent again.
        self.pay_now(link)
        self.backdate(link, paid_at=0)
        self.assertAlmostEqual(self.figures()["sent_and_paid"]["seconds"], 6 * 24 * 3600, delta=60)
        self.assertAlmostEqual(link.days_to_payment, 6, delta=0.01)
        [row] = self.links.formatted_read_group([], [], ["days_to_payment:avg"])
        self.assertAlmostEqual(row["days_to_payment:avg"], 6, delta=0.01)

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
