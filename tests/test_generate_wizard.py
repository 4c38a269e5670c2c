"""The dialog that makes links: what it offers, what it makes, what it says about bad input."""

from datetime import datetime, timedelta

from lxml import etree
from odoo import Command, fields
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import Form, new_test_user
from odoo.tools import mute_logger
from odoo.tools.safe_eval import safe_eval

from .common import PaylinksCase


class WizardCase(PaylinksCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.clerk = new_test_user(
            cls.env,
            "paylinks_clerk",
            "account.group_account_invoice,serviceflow_paylinks.group_payments_create",
        )

    def open_wizard(self, action, user=None):
        """The dialog as an action opens it, in the web client's way."""
        wizards = self.env[action["res_model"]].with_user(user or self.clerk)
        return Form(wizards.with_context(**action["context"]))

    def open_on(self, records, user=None):
        """The dialog on invoices, or on a customer."""
        action = records.with_user(user or self.clerk).action_generate_payment_link()
        return self.open_wizard(action, user)

    def generate(self, form):
        wizard = form.save()
        wizard.action_generate()
        return wizard

    def make_term(self, *percents):
        """A payment term of so many instalments, a month apart."""
        return self.env["account.payment.term"].create(
            {
                "name": "Instalments",
                "line_ids": [
                    Command.create({"value": "percent", "value_amount": p, "nb_days": 30 * n})
                    for n, p in enumerate(percents, start=1)
                ],
            }
        )


class TestGenerate(WizardCase):
    def test_whole_balance(self):
        invoice = self.make_invoice(100)
        form = self.open_on(invoice)
        self.assertEqual((form.balance, form.amount), (100, 100))
        self.assertEqual((form.email, form.phone), ("ada@example.com", "+12025550143"))
        wizard = self.generate(form)
        link = wizard.link_id
        self.assertEqual((link.invoice_id, link.amount_policy), (invoice, "balance"))
        self.assertEqual((wizard.step, wizard.notice), ("link", ""))
        self.assertEqual(link.user_id, self.clerk)
        self.assertFalse(link.sent_at)

    def test_link_that_exists_is_found(self):
        link = self.make_link()
        wizard = self.generate(self.open_on(link.invoice_id))
        self.assertEqual(wizard.link_id, link)
        self.assertIn("existed already", wizard.notice)

    def test_link_that_exists_takes_what_is_decided_now(self):
        link = self.make_link()
        form = self.open_on(link.invoice_id)
        form.email = "Office@Example.com"
        form.expiry = "7"
        self.generate(form)
        self.assertEqual(link.email, "office@example.com")
        self.assertAlmostEqual(
            link.expires_at, fields.Datetime.now() + timedelta(days=7), delta=timedelta(minutes=1)
        )

    def test_another_amount(self):
        form = self.open_on(self.make_invoice(100))
        form.amount_choice = "other"
        form.amount = 40
        wizard = self.generate(form)
        self.assertEqual((wizard.link_id.amount_policy, wizard.link_id.amount), ("fixed", 40))

    def test_another_amount_that_is_all_of_it(self):
        form = self.open_on(self.make_invoice(100))
        form.amount_choice = "other"
        form.amount = 100
        self.assertEqual(self.generate(form).link_id.amount_policy, "balance")

    def test_pressed_twice_makes_one(self):
        invoice = self.make_invoice(100)
        form = self.open_on(invoice)
        form.amount_choice = "other"
        form.amount = 40
        wizard = self.generate(form)
        wizard.action_generate()
        self.assertEqual(len(invoice.payment_link_ids), 1)

    def test_next_instalment(self):
        invoice = self.make_invoice(100, term=self.make_term(30, 70))
        form = self.open_on(invoice)
        self.assertEqual(form.amount_options, ["balance", "instalment", "other"])
        form.amount_choice = "instalment"
        self.assertEqual(form.amount, 30)
        self.assertIn("due on", form.instalment_note)
        link = self.generate(form).link_id
        self.assertEqual((link.amount_policy, link.amount), ("fixed", 30))
        self.assertIn("Instalment due on", link.description)

    def test_instalment_is_offered_only_where_there_is_one(self):
        cases = (
            (self.make_invoice(100), "no terms"),
            (self.make_invoice(100, term=self.env.ref("account.account_payment_term_30days")), "1"),
        )
        for invoice, what in cases:
            with self.subTest(what):
                self.assertEqual(self.open_on(invoice).amount_options, ["balance", "other"])
        last = self.make_invoice(100, term=self.make_term(30, 70))
        self.pay_by_bank_transfer(last, 30)
        self.assertEqual(self.open_on(last).amount_options, ["balance", "other"], "the last one")

    def test_custom_amount(self):
        form = self.open_on(self.customer)
        self.assertEqual(form.purpose, "custom", "the customer owes nothing")
        form.amount = 45
        form.description = "Tap washer"
        link = self.generate(form).link_id
        self.assertEqual((link.purpose, link.amount), ("custom", 45))
        self.assertEqual(link.description, "Tap washer")
        self.assertEqual(link.partner_id, self.customer)

    def test_customer_with_open_invoices(self):
        invoice = self.make_invoice(100)
        form = self.open_on(self.customer)
        self.assertEqual((form.purpose, form.partner_id), ("invoice", self.customer))
        self.assertEqual(form.amount, 100, "the only one is chosen")
        self.assertEqual(self.generate(form).link_id.invoice_id, invoice)
        second = self.make_invoice(50)
        form = self.open_on(self.customer)
        self.assertFalse(form.amount)
        form.invoice_ids.add(second)
        self.assertEqual(self.generate(form).link_id.invoice_id, second)

    def test_from_the_hub(self):
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "serviceflow_paylinks.payment_link_generate_action"
        )
        self.assertEqual(action["target"], "new")
        form = self.open_wizard({**action, "context": {}})
        form.invoice_ids.add(self.make_invoice(100))
        self.assertEqual(form.amount, 100)

    def test_only_open_customer_invoices_are_offered_with_their_balance(self):
        opened = self.make_invoice(100)
        self.pay_by_bank_transfer(opened, 30)
        paid = self.make_invoice(50)
        self.pay_by_bank_transfer(paid)
        self.make_invoice(60, post=False)
        self.make_invoice(70, move_type="in_invoice", ref="x")
        self.make_invoice(80, move_type="out_refund")
        found = self._offered()
        self.assertEqual(found, {opened.id: f"{opened.name} · Ada Payer · $\xa070.00"})
        other = self.env["res.partner"].create({"name": "Somebody Else"})
        self.assertFalse(self._offered(other))

    def _offered(self, partner=None):
        """What the dropdown of the dialog's own view offers: {id: name}."""
        view = self.env["payment.link.generate"].with_user(self.clerk).get_view(view_type="form")
        field = etree.fromstring(view["arch"]).find(".//field[@name='invoice_ids']")
        values = {"commercial_partner_id": partner.id if partner else False}
        context = safe_eval(field.get("context"))
        moves = self.env["account.move"].with_user(self.clerk).with_context(**context)
        return dict(moves.name_search("", domain=safe_eval(field.get("domain"), values)))

    # -- expiry --

    def test_expiry(self):
        now, clerk = fields.Datetime.now(), self.clerk
        clerk.tz = "America/New_York"
        day = fields.Date.add(fields.Date.today(), days=3)
        end_of_day = self.env(user=clerk).tz.localize(
            datetime.combine(day, datetime.max.time().replace(microsecond=0))
        )
        self.company.paylinks_expiry_days = 12
        cases = (
            ({}, now + timedelta(days=12)),
            ({"expiry": "7"}, now + timedelta(days=7)),
            ({"expiry": "14"}, now + timedelta(days=14)),
            ({"expiry": "30"}, now + timedelta(days=30)),
            (
                {"expiry": "date", "expires_on": day},
                datetime.fromtimestamp(end_of_day.timestamp()),
            ),
            ({"expiry": "never"}, False),
        )
        for values, expected in cases:
            with self.subTest(values):
                form = self.open_on(self.make_invoice())
                for name, value in values.items():
                    form[name] = value
                self.assertTrue(form.expiry_note)
                link = self.generate(form).link_id
                if expected:
                    self.assertAlmostEqual(link.expires_at, expected, delta=timedelta(minutes=1))
                else:
                    self.assertFalse(link.expires_at)

    # -- sending --

    def test_send_by_both_to_corrected_addresses(self):
        form = self.open_on(self.make_invoice())
        form.send_email = form.send_sms = True
        form.email = "Bookkeeper@Example.com"
        form.phone = "(202) 555-0177"
        wizard = self.generate(form)
        link = wizard.link_id
        self.assertEqual((link.email, link.phone), ("bookkeeper@example.com", "+12025550177"))
        self.assertIn("by email to bookkeeper@example.com", wizard.notice)
        self.assertIn("by SMS to +12025550177", wizard.notice)
        self.assertEqual(sorted(link.message_row_ids.mapped("channel")), ["email", "sms"])
        self.assertEqual(self.customer.email, "ada@example.com", "the customer keeps its own")

    def test_send_by_one(self):
        for field, channel in (("send_email", "email"), ("send_sms", "sms")):
            with self.subTest(field):
                form = self.open_on(self.make_invoice())
                form[field] = True
                link = self.generate(form).link_id
                self.assertEqual(link.message_row_ids.mapped("channel"), [channel])

    # -- several --

    def test_several(self):
        silent = self.env["res.partner"].create({"name": "Silent Payer"})
        first, second = self.make_invoice(10), self.make_invoice(20, partner=silent)
        existing = self.make_link(30)
        draft = self.make_invoice(40, post=False)
        form = self.open_on(first | second | existing.invoice_id | draft)
        form.send_email = True
        self.assertIn("New links: 2", form.preview)
        self.assertIn("used again: 1", form.preview)
        self.assertIn("not sent by email: Silent Payer", form.preview)
        self.assertIn("is a draft: confirm it first", form.preview)
        wizard = self.generate(form)
        self.assertEqual(wizard.step, "lines")
        self.assertEqual(wizard.notice, "2 made · 1 existed already · 1 could not be made")
        lines = {line.invoice_id: line for line in wizard.line_ids}
        results = {invoice: line.result for invoice, line in lines.items()}
        self.assertEqual(
            results,
            {first: "made", second: "made", existing.invoice_id: "existed", draft: "refused"},
        )
        self.assertEqual(lines[first].note, "ada@example.com")
        self.assertEqual(lines[second].note, "no email address, not sent by email")
        self.assertIn("is a draft", lines[draft].note)
        self.assertFalse(lines[draft].link_id)
        self.assertEqual(lines[existing.invoice_id].link_id, existing)
        self.assertEqual(lines[first].amount, 10)
        self.run_schedule("cron_send_links")
        self.assertTrue(lines[first].link_id.sent_at)
        self.assertFalse(lines[second].link_id.sent_at)

    def test_several_need_queries_that_do_not_grow(self):
        counts = []
        for many in (5, 50):
            invoices = self.env["account.move"].union(*[self.make_invoice() for _i in range(many)])
            self.env.flush_all()
            self.env.invalidate_all()
            action = invoices.with_user(self.clerk).action_generate_payment_link()
            wizard = (
                self.env["payment.link.generate"]
                .with_user(self.clerk)
                .with_context(**action["context"])
                .create({})
            )
            before = self.env.cr.sql_log_count
            wizard.action_generate()
            self.env.flush_all()
            counts.append(self.env.cr.sql_log_count - before)
        self.assertLess(counts[1], counts[0] * 2, counts)

    # -- the order's deposit --

    def make_order(self, **values):
        product = self.env["product.product"].create({"name": "Boiler"})
        line = {"product_id": product.id, "price_unit": 200, "tax_ids": [Command.clear()]}
        values = {"require_payment": True, "prepayment_percent": 0.3, **values}
        return self.env["sale.order"].create(
            {"partner_id": self.customer.id, "order_line": [Command.create(line)], **values}
        )

    def test_deposit_on_an_order(self):
        order = self.make_order()
        self.assertTrue(order.paylinks_deposit_due)
        action = order.with_user(self.clerk).action_generate_deposit_link()
        wizard = self.env["payment.link.generate"].browse(action["res_id"])
        self.assertEqual((wizard.link_id.purpose, wizard.link_id.amount), ("deposit", 60))
        self.assertEqual(order.payment_link_count, 1)
        again = order.with_user(self.clerk).action_generate_deposit_link()
        second = self.env["payment.link.generate"].browse(again["res_id"])
        self.assertEqual(second.link_id, wizard.link_id)
        self.assertIn("existed already", second.notice)

    def test_order_without_prepayment(self):
        order = self.make_order(require_payment=False)
        self.assertFalse(order.paylinks_deposit_due)
        with self.assertRaisesRegex(UserError, "asks for no prepayment"):
            order.action_generate_deposit_link()
        self.assertFalse(self.make_order(state="cancel").paylinks_deposit_due)

    # -- counts, each of them opening the hub --

    def test_smart_buttons(self):
        parent = self.env["res.partner"].create({"name": "Payer & Sons", "is_company": True})
        self.customer.parent_id = parent
        other = self.env["res.partner"].create({"name": "Somebody Else"})
        link, custom = self.make_link(), self.make_custom_link()
        self.make_custom_link(partner_id=other.id)
        for partner in (parent, self.customer):
            self.assertEqual(partner.payment_link_count, 2)
            self.assert_opens(partner, link | custom)
        self.assert_opens(link.invoice_id, link)
        self.assertEqual(link.invoice_id.payment_link_count, 1)

    def test_an_orders_links_are_its_invoices_too(self):
        order = self.make_order()
        deposit = order.generate_deposit_links()
        order.action_confirm()
        order.order_line.qty_delivered = 1
        order.order_line.product_id.invoice_policy = "order"
        invoice = order._create_invoices()
        invoice.action_post()
        link = invoice.generate_payment_links()
        self.assertEqual(order.payment_link_count, 2)
        self.assert_opens(order, deposit | link)

    def assert_opens(self, record, links):
        action = record.with_user(self.clerk).action_view_payment_links()
        self.assertEqual(self.env["payment.link"].search(action["domain"]), links)


class TestBadInput(WizardCase):
    """Each gets a sentence that says what to do, and nothing is made."""

    def assert_refused(self, words, make):
        before = self.env["payment.link"].search_count([])
        with (
            self.assertRaisesRegex((UserError, ValidationError), words),
            self.env.cr.savepoint(),
        ):
            make()
        self.assertEqual(self.env["payment.link"].search_count([]), before)

    def make(self, **values):
        """The dialog with these answers, over RPC; then its button."""
        wizards = self.env["payment.link.generate"].with_user(self.clerk)
        return lambda: wizards.create(values).action_generate()

    def test_amounts(self):
        invoice = self.make_invoice(100)
        part = {"invoice_ids": [Command.set(invoice.ids)], "amount_choice": "other"}
        custom = {"purpose": "custom", "partner_id": self.customer.id}
        above = {"words": r"owes .*100\.00\. Enter that or less"}
        cases = (
            (part, 0, "greater than zero"),
            (part, -5, "greater than zero"),
            (part, 100.01, above["words"]),
            (part, "ten", "“ten” is not an amount. Enter a number"),
            (part, "nan", "is not an amount. Enter a number"),
            (part, 0.2, "the least that Stripe charges"),
            (custom, 0, "greater than zero"),
            (custom, -5, "greater than zero"),
            (custom, "ten", "“ten” is not an amount. Enter a number"),
            (custom, 0.2, "the least that Stripe charges"),
        )
        for values, amount, words in cases:
            with self.subTest(purpose=values.get("purpose"), amount=amount):
                self.assert_refused(words, self.make(**values, amount=amount))
        links = self.env["payment.link"].with_user(self.clerk)
        self.assert_refused("is not an amount", lambda: links.create({**custom, "amount": "ten"}))

    def test_expiries(self):
        values = {"invoice_ids": [Command.set(self.make_invoice().ids)], "expiry": "date"}
        yesterday = fields.Date.subtract(fields.Date.today(), days=2)
        self.assert_refused("lies in the past. Choose", self.make(**values, expires_on=yesterday))
        self.assert_refused("Choose the last day", self.make(**values))

    def test_contacts(self):
        silent = self.env["res.partner"].create({"name": "Silent Payer"})
        values = {"invoice_ids": [Command.set(self.make_invoice(partner=silent).ids)]}
        cases = (
            ({"send_email": True}, "Silent Payer has no email address. Enter one"),
            ({"send_sms": True}, "Silent Payer has no phone number. Enter one"),
            ({"email": "nobody"}, "nobody is not an email address. Correct it"),
            ({"phone": "12"}, "12 is not a phone number"),
        )
        for answers, words in cases:
            with self.subTest(answers):
                self.assert_refused(words, self.make(**values, **answers))

    def test_documents(self):
        paid, cancelled, waiting = self.make_invoice(), self.make_invoice(), self.make_link()
        self.pay_by_bank_transfer(paid)
        cancelled.button_draft()
        cancelled.button_cancel()
        self.open_checkout(waiting)
        self.sandbox.customer.pay_by_bank(self.open_sessions()[0])
        self.deliver_webhooks()
        cases = (
            (self.make_invoice(post=False), "is a draft: confirm it first"),
            (cancelled, "is cancelled: there is nothing to pay"),
            (paid, "is paid: there is nothing left to pay"),
            (self.make_invoice(move_type="in_invoice", ref="x"), "is a vendor bill"),
            (self.make_invoice(move_type="out_refund"), "is a credit note"),
            (self.make_invoice(0.2), "the least that Stripe charges"),
        )
        for invoice, words in cases:
            with self.subTest(words):
                make = self.make(invoice_ids=[Command.set(invoice.ids)])
                self.assert_refused(words, make)
                there = invoice.with_user(self.clerk)
                self.assert_refused(words, there.action_generate_payment_link)
        make = self.make(invoice_ids=[Command.set(waiting.invoice_id.ids)])
        self.assert_refused("is on its way", make)
        drafts = self.make_invoice(post=False) | self.make_invoice(post=False)
        self.assert_refused("is a draft", self.make(invoice_ids=[Command.set(drafts.ids)]))
        self.assert_refused("Choose at least one invoice", self.make())

    def test_customers(self):
        self.assert_refused(
            "Choose the customer", self.make(purpose="custom", amount=5, partner_id=False)
        )
        self.customer.active = False
        custom = {"purpose": "custom", "partner_id": self.customer.id, "amount": 5}
        words = "Ada Payer is archived. Unarchive the customer first"
        self.assert_refused(words, self.make(**custom))
        links = self.env["payment.link"].with_user(self.clerk)
        self.assert_refused(words, lambda: links.create(custom))

    def test_archived_customer_still_owes_an_invoice(self):
        invoice = self.make_invoice(100)
        self.customer.active = False
        self.assertTrue(invoice.with_user(self.clerk).generate_payment_links())

    def test_not_connected(self):
        invoice = self.make_invoice()
        self.provider.state = "disabled"
        words = "Stripe is not connected for Brook Plumbing.*Connect it in Settings"
        self.assert_refused(words, self.make(invoice_ids=[Command.set(invoice.ids)]))
        self.assert_refused(
            words, self.make(purpose="custom", partner_id=self.customer.id, amount=5)
        )

    def test_without_the_right(self):
        viewer = new_test_user(self.env, "viewer", "serviceflow_paylinks.group_payments_view")
        invoice, order = self.make_invoice(), self.env["sale.order"]
        calls = (
            invoice.with_user(viewer).action_generate_payment_link,
            self.customer.with_user(viewer).action_generate_payment_link,
            order.with_user(viewer).generate_deposit_links,
            lambda: self.env["payment.link.generate"].with_user(viewer).create({}),
        )
        for call in calls:
            with self.assertRaises(AccessError), mute_logger("odoo.models"):
                call()
