"""Several links at once: the preview tells the truth, and only those who may do it."""

from datetime import timedelta

from odoo import Command, fields
from odoo.exceptions import AccessError, UserError
from odoo.tests import new_test_user

from .common import PaylinksCase

MODULE = "serviceflow_paylinks"


class TestBulk(PaylinksCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        users = {
            name: new_test_user(cls.env, f"bulk_{name}", f"{MODULE}.group_payments_{group}")
            for name, group in (("viewer", "view"), ("clerk", "create"), ("manager", "manage"))
        }
        cls.viewer, cls.clerk, cls.manager = users.values()

    def open(self, operation, links, user=None, **values):
        """Open the dialog on these links; return its record."""
        action = getattr(links.with_user(user or self.manager), f"action_bulk_{operation}")()
        bulk = self.env[action["res_model"]].with_user(user or self.manager)
        bulk = bulk.browse(action["res_id"])
        bulk.write(values)
        return bulk

    def sorted_out(self, bulk):
        """What the preview is made of: {how or why: links}, both kinds together."""
        touched, left = bulk._sort_out()
        return {**touched, **left}

    def paid_link(self):
        link = self.make_custom_link()
        self.pay(link)
        self.deliver_webhooks()
        return link

    def expired_link(self):
        link = self.make_link()
        self.expire_by_time(link)
        self.links()._expire_batch()
        return link

    def links(self):
        return self.env["payment.link"]

    def nobody(self):
        return self.env["res.partner"].create({"name": "No Address"})

    # -- sending --

    def test_send(self):
        good = self.make_link()
        nowhere = self.make_custom_link(partner_id=self.nobody().id)
        paid, expired = self.paid_link(), self.expired_link()
        waiting = self.make_link()
        waiting.send_waiting = "email"
        bulk = self.open("send", good | nowhere | paid | expired | waiting, self.clerk)
        self.assertEqual(
            self.sorted_out(bulk),
            {
                "email": good,
                "no email address": nowhere,
                "paid": paid,
                "expired, extend them first": expired,
                "waiting to be sent already": waiting,
            },
        )
        self.assertEqual(bulk.touched_count, 1)
        self.assertIn("1 will be sent by email.", bulk.preview)
        self.assertIn("1 will not: no email address.", bulk.preview)
        self.assertIn(f"No Address ({nowhere.name})", bulk.preview)
        before = {link: link.send_waiting for link in nowhere | paid | expired}
        bulk.action_apply()
        self.assertEqual(good.send_waiting, "email")
        self.assertEqual({link: link.send_waiting for link in before}, before)

    def test_send_goes_out(self):
        link = self.make_link()
        self.open("send", link, self.clerk, channel="both").action_apply()
        self.assertEqual(link.send_waiting, "both")
        self.assertEqual(sorted(link.message_row_ids.mapped("channel")), ["email", "sms"])

    def test_send_both_says_who_gets_what(self):
        both = self.make_link()
        email = self.make_custom_link()
        email.phone = False
        sms = self.make_custom_link()
        sms.email = False
        neither = self.make_custom_link(partner_id=self.nobody().id)
        bulk = self.open("send", both | email | sms | neither, self.clerk, channel="both")
        self.assertEqual(
            self.sorted_out(bulk),
            {
                "both": both,
                "email": email,
                "sms": sms,
                "neither email address nor phone number": neither,
            },
        )
        self.assertIn("1 will be sent by email only: no phone number that", bulk.preview)
        bulk.action_apply()
        self.assertEqual(
            [link.send_waiting for link in both | email | sms], ["both", "email", "sms"]
        )

    def test_send_what_waits_for_the_other_channel(self):
        link = self.make_link()
        link.send_waiting = "sms"
        self.open("send", link, self.clerk, channel="email").action_apply()
        self.assertEqual(link.send_waiting, "both")

    def test_send_promises_only_what_will_be_sent(self):
        """The preview makes the very check that the schedule makes before it sends."""
        landline = self.make_custom_link()
        landline.sudo().phone = "+493012345678"
        unwanted = self.make_custom_link()
        unwanted.email = "no-emails@example.com"
        unwanted.phone = "+12025550188"
        self.env["mail.blacklist"]._add("no-emails@example.com")
        self.env["phone.blacklist"].add("+12025550188")
        draft = self.make_link()
        draft.invoice_id.button_draft()
        small = self.make_custom_link()
        self.env.cr.execute("UPDATE payment_link SET amount_fixed = 0.2 WHERE id = %s", [small.id])
        small.invalidate_recordset()
        flying = self.make_link()
        other = self.links().create(
            {"purpose": "invoice", "invoice_id": flying.invoice_id.id, "amount": 100}
        )
        attempt = self.open_checkout(other)
        self.sandbox.customer.pay_by_bank(attempt.checkout_ref)
        self.deliver_webhooks()
        links = landline | unwanted | draft | small | flying
        always = {
            "its invoice is a draft again, confirm it first": draft,
            "less than Stripe takes": small,
            "nothing left to pay at the moment": flying,
        }
        for channel, expected in (
            ("email", {"email": landline, "the customer wants no emails": unwanted}),
            (
                "sms",
                {
                    "the phone takes no text messages": landline,
                    "the customer wants no text messages": unwanted,
                },
            ),
            (
                "both",
                {"email": landline, "neither email nor phone takes messages of ours": unwanted},
            ),
        ):
            with self.subTest(channel):
                bulk = self.open("send", links, self.clerk, channel=channel)
                self.assertEqual(self.sorted_out(bulk), {**expected, **always})
        bulk.action_apply()
        self.run_schedule("cron_send_links")
        self.assertTrue(landline.sent_at)
        self.assertFalse(landline.activity_ids)
        self.assertFalse((links - landline).message_row_ids)

    def test_send_without_stripe(self):
        link = self.make_link()
        self.provider.state = "disabled"
        bulk = self.open("send", link, self.clerk)
        self.assertEqual(bulk.touched_count, 0)
        self.assertIn("Stripe is not connected", bulk.preview)
        with self.assertRaisesRegex(UserError, "nothing was done"):
            bulk.action_apply()

    # -- extending --

    def test_extend(self):
        soon = self.make_link()
        soon.expires_at = fields.Datetime.now() + timedelta(days=2)
        longer = self.make_custom_link(expires_at=fields.Datetime.now() + timedelta(days=90))
        never = self.make_custom_link(expires_at=False)
        expired, paid = self.expired_link(), self.paid_link()
        bulk = self.open("extend", soon | longer | never | expired | paid, self.clerk, until="14")
        self.assertEqual(
            self.sorted_out(bulk),
            {
                "extend": soon,
                "reopen": expired,
                "valid for longer already": never | longer,
                "paid": paid,
            },
        )
        self.assertIn("1 that had expired will open again until", bulk.preview)
        bulk.action_apply()
        in_two_weeks = fields.Datetime.now() + timedelta(days=14)
        for link in soon | expired:
            self.assertEqual(link.state, "active")
            self.assertAlmostEqual(link.expires_at, in_two_weeks, delta=timedelta(minutes=2))
        self.assertGreater(longer.expires_at, in_two_weeks)
        self.assertFalse(never.expires_at)

    def test_extend_for_ever(self):
        link = self.make_link()
        bulk = self.open("extend", link, self.clerk, until="never")
        self.assertIn("1 will never expire.", bulk.preview)
        bulk.action_apply()
        self.assertFalse(link.expires_at)

    def test_extend_into_the_past(self):
        link = self.make_link()
        before = link.expires_at
        past = fields.Datetime.now() - timedelta(days=1)
        bulk = self.open("extend", link, self.clerk, until="date", expires_at=past)
        self.assertEqual(bulk.touched_count, 0)
        self.assertIn("This date lies in the past", bulk.preview)
        with self.assertRaisesRegex(UserError, "lies in the past"):
            bulk.action_apply()
        bulk.expires_at = False
        with self.assertRaisesRegex(UserError, "Enter the date"):
            bulk.action_apply()
        self.assertEqual(link.expires_at, before)

    def test_extend_opens_one_link_of_an_invoice(self):
        older = self.expired_link()
        newer = older.invoice_id.generate_payment_links()
        self.assertNotEqual(older, newer)
        bulk = self.open("extend", older | newer, self.clerk, until="never")
        self.assertEqual(
            self.sorted_out(bulk),
            {"extend": newer, "its invoice has another open link": older},
        )
        self.expire_by_time(newer)
        self.links()._expire_batch()
        self.assertEqual(
            self.sorted_out(bulk),
            {"reopen": newer, "its invoice has another open link": older},
        )
        bulk.action_apply()
        self.assertEqual((older.state, newer.state), ("expired", "active"))

    # -- deleting --

    def test_delete(self):
        link, paid, expired = self.make_link(), self.paid_link(), self.expired_link()
        gone = self.make_link()
        gone.cancel()
        bulk = self.open("delete", link | paid | expired | gone)
        self.assertEqual(
            self.sorted_out(bulk),
            {"delete": expired | link, "paid": paid, "deleted already": gone},
        )
        bulk.action_apply()
        self.assertEqual(
            [item.state for item in link | paid | expired], ["cancelled", "paid", "cancelled"]
        )

    def test_delete_says_what_is_under_way(self):
        link = self.make_link()
        attempt = self.open_checkout(link)
        self.sandbox.customer.pay_by_bank(attempt.checkout_ref)
        self.deliver_webhooks()
        bulk = self.open("delete", link)
        self.assertIn("while a payment is under way", bulk.preview)

    # -- what changed meanwhile, and who may --

    def test_touches_only_what_still_fits(self):
        link, paid_now = self.make_link(), self.make_custom_link()
        bulk = self.open("delete", link | paid_now)
        self.assertEqual(bulk.touched_count, 2)
        self.pay(paid_now)
        self.deliver_webhooks()
        answer = bulk.action_apply()
        self.assertEqual((link.state, paid_now.state), ("cancelled", "paid"))
        self.assertIn("1 left as they were.", answer["params"]["message"])

    def test_rights(self):
        link = self.make_link()
        for operation, user in (
            ("send", self.viewer),
            ("extend", self.viewer),
            ("delete", self.viewer),
            ("delete", self.clerk),
        ):
            with self.subTest(operation, user=user.name), self.assertRaises(AccessError):
                self.open(operation, link, user)

    def test_actions_on_selected_cards(self):
        """The kanban's menu has what its users may do, and opens the same dialogs."""
        link = self.make_link()
        for user, expected in (
            (self.viewer, set()),
            (self.clerk, {"Send", "Extend"}),
            (self.manager, {"Send", "Extend", "Delete"}),
        ):
            links = self.links().with_user(user)
            toolbar = {"toolbar": True}
            views = links.get_views([(False, "kanban"), (False, "list")], toolbar)["views"]
            actions = views["kanban"]["toolbar"].get("action", [])
            self.assertEqual({action["name"] for action in actions}, expected)
            names = {action["name"] for action in views["list"]["toolbar"].get("action", [])}
            self.assertFalse(names & {"Send", "Extend", "Delete"}, "the list has buttons")
            for action in actions:
                server_action = self.env["ir.actions.server"].browse(action["id"])
                context = {"active_model": "payment.link", "active_ids": link.ids}
                opened = server_action.with_user(user).with_context(**context).run()
                bulk = self.env["payment.link.bulk"].with_user(user).browse(opened["res_id"])
                self.assertEqual((bulk.operation, bulk.link_ids), (action["name"].lower(), link))

    def test_rights_of_a_dialog_made_by_hand(self):
        link = self.make_link()
        values = {"operation": "delete", "link_ids": [Command.set(link.ids)]}
        with self.assertRaises(AccessError):
            self.env["payment.link.bulk"].with_user(self.viewer).create(values)
        with self.assertRaises(AccessError):
            self.env["payment.link.bulk"].with_user(self.clerk).create(values).action_apply()
        self.assertEqual(link.state, "active")
        mine = self.open("delete", link)
        with self.assertRaises(AccessError):
            mine.with_user(self.clerk).action_apply()

    def test_other_companies_links_are_out_of_reach(self):
        other = self.env["res.company"].create({"name": "Other Ltd"})
        theirs = (
            self.links()
            .with_company(other)
            .create({"purpose": "custom", "partner_id": self.customer.id, "amount": 30})
        )
        values = {"operation": "delete", "link_ids": [Command.set(theirs.ids)]}
        with self.assertRaises(AccessError):
            self.env["payment.link.bulk"].with_user(self.manager).create(values)

    # -- any number --

    def test_queries_do_not_grow(self):
        links = self.links().create(
            [
                {"purpose": "custom", "partner_id": self.customer.id, "amount": 5}
                for _i in range(1010)
            ]
        )
        for operation in ("send", "extend", "delete"):
            values = {"until": "never"} if operation == "extend" else {}
            with self.subTest(operation):
                self._count(operation, links[:5], values)
                few = self._count(operation, links[5:10], values)
                many = self._count(operation, links[10:], values)
                # The ORM reads and writes a thousand records in some batches.
                self.assertLessEqual(many, few + 25, f"{few} for 5, {many} for 1,000")

    def _count(self, operation, links, values):
        self.env.flush_all()
        self.env.invalidate_all()
        before = self.env.cr.sql_log_count
        bulk = self.open(operation, links, **values)
        self.assertEqual(bulk.touched_count, len(links))
        self.assertTrue(bulk.preview)
        bulk.action_apply()
        self.env.flush_all()
        return self.env.cr.sql_log_count - before
