"""The hub's searches, filters and rows."""

from lxml import etree
from odoo import Command
from odoo.exceptions import AccessError
from odoo.fields import Domain
from odoo.tests import new_test_user

from .test_hub import MODULE, HubCase


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

    def test_document_opens_for_those_who_keep_no_books(self):
        creator = new_test_user(self.env, "hub_creator", f"{MODULE}.group_payments_create")
        link = self.make_link().with_user(creator)
        self.assertTrue(link.document_openable)
        action = link.action_open_document()
        self.assertEqual(action["type"], "ir.actions.act_url")
        self.authenticate("hub_creator", "hub_creator")
        page = self.url_open(action["url"])
        self.assertEqual(page.status_code, 200)
        self.assertIn(link.document_name, page.text)

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
        for channel, expected in (("email", "email"), ("email", "email"), ("sms", "both")):
            row = self.env["payment.link.message"]._ask([{"link": link, "channel": channel}])
            row._set_state("sending")
            row._set_state("sent")
            self.assertEqual(link.sent_channel, expected)
