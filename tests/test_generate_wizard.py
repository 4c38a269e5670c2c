"""The dialog that makes links: what it offers, and what it makes."""

from datetime import datetime, timedelta

from lxml import etree
from odoo import Command, fields
from odoo.exceptions import UserError
from odoo.tools.safe_eval import safe_eval

from .generating import WizardCase


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

    def test_another_customer_chosen_afterwards(self):
        """The invoice chosen before is not theirs: the dialog lets go of it."""
        other = self.env["res.partner"].create({"name": "Bea Other"})
        invoice, theirs = self.make_invoice(100), self.make_invoice(30, partner=other)
        form = self.open_on(self.customer)
        self.assertEqual(form.invoice_ids[:], invoice)
        form.partner_id = other
        self.assertFalse(form.invoice_ids[:])
        form.invoice_ids.add(theirs)
        form.partner_id = self.env["res.partner"]
        self.assertEqual(form.invoice_ids[:], theirs, "nobody in particular")
        form.partner_id = other
        self.assertEqual(self.generate(form).link_id.invoice_id, theirs)

    def test_invoice_of_another_customer_over_rpc(self):
        other = self.env["res.partner"].create({"name": "Bea Other"})
        wizards = self.env["payment.link.generate"].with_user(self.clerk)
        for invoices in (self.make_invoice(100), self.make_invoice(1) | self.make_invoice(2)):
            wizard = wizards.create({"partner_id": other.id, "invoice_ids": invoices.ids})
            with self.assertRaisesRegex(UserError, "an invoice of Ada Payer, not of Bea Other"):
                wizard.action_generate()
            self.assertFalse(invoices.payment_link_ids)
        person = self.env["res.partner"].create(
            {"name": "Ada's Son", "parent_id": self.customer.id}
        )
        wizard = wizards.create({"partner_id": person.id, "invoice_ids": invoices[:1].ids})
        wizard.action_generate()
        self.assertTrue(wizard.link_id, "of the same household")

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
        self.assertIn("By email to: Ada Payer (ada@example.com)\n", form.preview)
        self.assertIn("correct the address on the customer", form.preview)
        self.assertNotIn("SMS", form.preview)
        existing.email = "office@example.com"
        form.send_sms = True
        self.assertIn("ada@example.com), Ada Payer (office@example.com)\n", form.preview)
        self.assertIn("By SMS to: Ada Payer (+12025550143)\n", form.preview)
        form.send_sms = False
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
        with self.assertRaisesRegex(UserError, "asks for no deposit"):
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
