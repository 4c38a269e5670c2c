"""The customer's own links in the portal: whose they are, what is shown, and what is not."""

from datetime import timedelta

from odoo import fields
from odoo.exceptions import AccessError
from odoo.tests import new_test_user
from odoo.tools import mute_logger

from .common import DECLINED
from .portal import PortalCase

SECRETS = (
    "transaction_ids",
    "user_id",
    "message_ids",
    "activity_ids",
    "cancel_reason",
    "open_count",
)


class TestPortalList(PortalCase):
    def setUp(self):
        super().setUp()
        self.link = self.make_link(1234.5)
        self.title = f"Invoice {self.link.invoice_id.name}"

    # -- whose --

    def test_people_of_the_company_see_its_links_and_nobody_else_does(self):
        for user in ("boss", "colleague"):
            self.assertIn(self.title, self.list_rows(user))
        self.assertEqual(self.list_rows("stranger"), {})
        self.link.partner_id.parent_id = self.other_firm
        self.assertIn(self.title, self.list_rows("stranger"))
        self.assertEqual(self.list_rows("boss"), {})

    def test_rule_holds_without_the_page(self):
        """The page asks for the own company's; over RPC there is only the access rule."""
        links = self.env["payment.link"]
        self.assertEqual(links.with_user(self.users["boss"]).search([]), self.link)
        self.assertFalse(links.with_user(self.users["stranger"]).search([]))
        with self.assertRaises(AccessError):
            self.link.with_user(self.users["stranger"]).read(["url"])

    def test_deleted_links_are_gone(self):
        self.link.cancel()
        self.assertEqual(self.list_rows(), {})
        with self.assertRaises(AccessError):
            self.link.with_user(self.users["boss"]).read(["name"])

    def test_another_company_of_the_database_keeps_its_links_to_itself(self):
        company = self.env["res.company"].create({"name": "Other Ltd"})
        self.env.cr.execute("UPDATE payment_link SET company_id = %s", [company.id])
        self.env.invalidate_all()
        self.assertEqual(self.list_rows(), {})

    def test_staff_see_their_own_in_the_portal(self):
        """Also who may see every link in the hub: the portal is about oneself."""
        manager = new_test_user(
            self.env, "paylinks_manager", "serviceflow_paylinks.group_payments_manage"
        )
        self.assertIn(self.link, self.env["payment.link"].with_user(manager).search([]))
        self.assertEqual(self.list_rows("manager"), {})
        own = self.make_link(partner=manager.partner_id)
        self.assertEqual(list(self.list_rows("manager")), [f"Invoice {own.invoice_id.name}"])
        new_test_user(self.env, "paylinks_nobody", "base.group_user")
        self.assertEqual(self.list_rows("nobody"), {})

    def test_visitor_without_account_is_asked_to_log_in(self):
        page = self.visit("/my/payment-links")
        self.assertTrue(page.xpath("//form[contains(@class, 'oe_login_form')]"))
        self.assertNotIn(self.title, self.text(page))

    # -- what is shown --

    def test_row_says_what_how_much_and_leads_to_both(self):
        row = self.list_rows()[self.title]
        self.assertIn("$ 1,234.50", self.text(row))
        self.assertIn("To pay", self.text(row))
        self.assertEqual(row.xpath(".//a[text()='Pay']/@href"), [self.link.url])
        (document,) = row.xpath("td[2]/a/@href")
        self.assertEqual(document, f"/my/invoices/{self.link.invoice_id.id}")
        page = self.visit(document, "boss")
        self.assertIn(self.link.invoice_id.name, self.text(page))

    def test_amount_and_words_in_the_language_of_the_reader(self):
        self.env["res.lang"]._activate_lang("de_DE")
        self.users["boss"].lang = "de_DE"
        self.link.expires_at = fields.Datetime.now() + timedelta(hours=5, minutes=1)
        (row,) = self.list_rows().values()
        self.assertIn("$ 1.234,50", self.text(row))
        self.assertIn("in 5 Stunden", self.text(row))

    def test_document_that_the_reader_may_not_open_is_no_link(self):
        """As an invoice that is being corrected; the page of the link names it just as well."""
        self.link.invoice_id.button_draft()
        row = self.list_rows()[self.title]
        self.assertFalse(row.xpath("td[2]/a"))
        self.assertFalse(row.xpath(".//a[text()='Pay']"))
        self.assertIn("Not payable at the moment", self.text(row))

    def test_each_state_in_the_words_of_the_customer(self):
        paid, debited, settled, expired, late = (self.make_link(amount) for amount in range(11, 16))
        self.pay(paid)
        debit = self.open_checkout(debited)
        self.sandbox.customer.pay_by_bank(debit.checkout_ref)
        self.deliver_webhooks()
        self.pay_by_bank_transfer(settled.invoice_id)
        self.expire_by_time(expired)
        self.run_schedule("cron_expire_links")
        self.expire_by_time(late)  # the schedule has not come by yet
        rows = self.list_rows()
        for link, words, amount in (
            (paid, "Paid", "$ 11.00"),
            (debited, "Processing", "$ 12.00"),
            (settled, "Nothing left to pay", ""),
            (expired, "Expired", "$ 14.00"),
            (late, "Expired", "$ 15.00"),
        ):
            with self.subTest(link.state, words=words):
                row = rows[f"Invoice {link.invoice_id.name}"]
                self.assertIn(words, self.text(row.xpath("td[6]")))
                self.assertEqual(self.text(row.xpath("td[5]")), amount)
                self.assertFalse(row.xpath(".//a[text()='Pay']"))
                self.assertTrue(row.xpath("td[2]/a"), "the paid invoice can be looked at")

    def test_money_that_came_back_is_said(self):
        link = self.make_link(80)
        attempt = self.pay(link)
        self.deliver_webhooks()
        attempt._create_child_transaction(30, is_refund=True)._set_done()
        row = self.list_rows()[f"Invoice {link.invoice_id.name}"]
        self.assertEqual(self.text(row.xpath("td[5]")), "$ 80.00 refunded $ 30.00")

    def test_deposit_and_custom_amount(self):
        deposit = self.make_order().generate_deposit_links()
        self.make_custom_link(45, description="Tap washer")
        rows = self.list_rows()
        name = deposit.sale_order_id.name
        self.assertEqual(
            rows[f"Deposit on {name}"].xpath("td[2]/a/@href"),
            [f"/my/orders/{deposit.sale_order_id.id}"],
        )
        self.assertIn("$ 45.00", self.text(rows["Tap washer"]))
        self.assertFalse(rows["Tap washer"].xpath("td[2]/a"))

    # -- sorting, filters, pages --

    def test_filters(self):
        expired, paid = self.make_link(20), self.make_link(30)
        self.pay_by_bank_transfer(paid.invoice_id)
        self.expire_by_time(expired)
        never = self.make_link(40)
        never.expires_at = False
        wanted = {
            "all": (never, paid, expired, self.link),
            "to_pay": (never, self.link),
            "paid": (paid,),
            "expired": (expired,),
        }
        for name, links in wanted.items():
            with self.subTest(name):
                titles = [f"Invoice {link.invoice_id.name}" for link in links]
                self.assertEqual(list(self.list_rows(query=f"?filterby={name}")), titles)

    def test_sorting(self):
        soon = self.make_link(20)
        soon.expires_at = fields.Datetime.now() + timedelta(days=1)
        never = self.make_link(30)
        never.expires_at = False
        names = {link: f"Invoice {link.invoice_id.name}" for link in (self.link, soon, never)}
        for sortby, wanted in {
            "date": (never, soon, self.link),
            "expiry": (soon, self.link, never),
            "name": (self.link, soon, never),
        }.items():
            with self.subTest(sortby):
                rows = self.list_rows(query=f"?sortby={sortby}")
                self.assertEqual(list(rows), [names[link] for link in wanted])

    def test_junk_in_the_address_shows_the_list(self):
        for query in (
            "?sortby=password&filterby=token",
            "/page/999",
            "/page/0",
            "?page=x&filterby=",
        ):
            with self.subTest(query):
                self.assertIn(self.title, self.list_rows(query=query))

    def test_pages_keep_the_filter(self):
        self.startPatcher(self._small_pages(2))
        for amount in (10, 20, 30):
            self.make_link(amount)
        first = self.visit("/my/payment-links?filterby=to_pay&sortby=name", "boss")
        self.assertEqual(len(first.xpath("//table/tbody/tr")), 2)
        (second,) = first.xpath("//ul[contains(@class, 'pagination')]//a[text()='2']/@href")
        self.assertIn("filterby=to_pay", second)
        self.assertIn("sortby=name", second)
        self.assertEqual(len(self.visit(second, "boss").xpath("//table/tbody/tr")), 2)

    def _small_pages(self, size):
        from unittest.mock import patch

        from odoo.addons.portal.controllers.portal import CustomerPortal

        return patch.object(CustomerPortal, "_items_per_page", size)

    def test_queries_do_not_grow_with_the_rows(self):
        boss = self.users["boss"]

        def measure():
            self.env.flush_all()
            self.env.invalidate_all()
            links = self.env["payment.link"].with_user(boss).search([])
            before = self.cr.sql_log_count
            rows = links._get_portal_rows()
            return len(rows), self.cr.sql_log_count - before

        self.make_order().generate_deposit_links()
        measure()  # fills the caches that new records have emptied
        few, queries = measure()
        for amount in range(10, 20):
            self.make_link(amount)
            self.make_order().generate_deposit_links()
        measure()
        many, more_queries = measure()
        self.assertEqual((few, many), (2, 22))
        self.assertLessEqual(more_queries, queries)

    # -- the home --

    def test_home_counts_them(self):
        self.make_link(20)
        self.make_link(30).cancel()
        for user, count in (("boss", 2), ("stranger", 0)):
            with self.subTest(user):
                page = self.visit("/my", user)
                self.assertTrue(page.xpath("//a[@href='/my/payment-links']"))
                self.assertTrue(page.xpath("//*[@data-placeholder_count='payment_link_count']"))
                counters = self.make_jsonrpc_request(
                    "/my/counters", {"counters": ["payment_link_count", "invoice_count"]}
                )
                self.assertEqual(counters["payment_link_count"], count)

    # -- what the payer needs, and nothing else --

    def test_payer_reads_what_paying_needs(self):
        rows = self.link.with_user(self.users["boss"]).read(
            ["name", "url", "amount", "currency_id", "state", "expires_at", "invoice_id", "qr_code"]
        )
        self.assertEqual(rows[0]["url"], self.link.url)
        self.assertEqual(rows[0]["amount"], 1234.5)

    def test_payer_reads_nothing_of_the_staffs_work(self):
        link = self.link.with_user(self.users["boss"])
        open_fields = set()
        for name in self.env["payment.link"]._fields:
            try:
                link.read([name])
                open_fields.add(name)
            except AccessError:
                pass
        self.assertFalse(open_fields & set(SECRETS))
        self.assertEqual(
            open_fields,
            set(
                "id display_name create_date name token url qr_code purpose invoice_id"
                " sale_order_id partner_id description currency_id company_id expires_at state"
                " paid_at amount amount_policy amount_fixed amount_paid amount_refunded".split()
            ),
        )
        self.assertLessEqual(set(link.fields_get()), open_fields)
        for name in SECRETS:
            with self.subTest(name), self.assertRaises(AccessError), mute_logger("odoo.models"):
                link.search([(name, "!=", False)])

    def test_payer_reads_no_history(self):
        attempt = self.open_checkout(self.link)
        self.sandbox.customer.pay(attempt.checkout_ref, card=DECLINED)
        self.deliver_webhooks()
        self.link.message_post(body="Customer is a slow payer, call again on Monday")
        self.link._flag("Call them", "they promised")
        self.assertTrue(self.link.message_ids)
        of_link = [("model", "=", "payment.link"), ("res_id", "=", self.link.id)]
        for user in ("boss", "stranger"):
            messages = self.env["mail.message"].with_user(self.users[user])
            self.assertFalse(messages.search(of_link))

    def test_payer_changes_nothing(self):
        link = self.link.with_user(self.users["boss"])
        for change in (
            lambda: link.write({"description": "mine"}),
            link.unlink,
            link.rotate_token,
            link.cancel,
            link.send_by_email,
            lambda: link.create({"purpose": "custom", "partner_id": self.customer.id, "amount": 1}),
        ):
            with self.assertRaises(AccessError), mute_logger("odoo.models"):
                change()
                self.env.flush_all()

    def test_payer_writes_nothing_on_the_history(self):
        before = self.link.message_ids
        for user in ("boss", "stranger"):
            link = self.link.with_user(self.users[user])
            with self.assertRaises(AccessError), mute_logger("odoo.models"):
                link.message_post(body="All is paid")
            self.authenticate(f"paylinks_{user}", f"paylinks_{user}")
            data = {"thread_model": "payment.link", "thread_id": self.link.id}
            with mute_logger("odoo.http"):
                self.url_open(
                    "/mail/message/post",
                    json={"params": {**data, "post_data": {"body": "All is paid"}}},
                )
        self.env.invalidate_all()
        self.assertEqual(self.link.message_ids, before)
        clerk = new_test_user(
            self.env, "viewer", "base.group_user,serviceflow_paylinks.group_payments_view"
        )
        self.assertTrue(self.link.with_user(clerk).message_post(body="Promised for Monday"))
