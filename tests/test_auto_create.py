"""Links that make themselves: branches, refusals, old invoices, whose links they are."""

from datetime import timedelta
from unittest.mock import patch

from freezegun import freeze_time
from odoo import SUPERUSER_ID, fields
from odoo.tests import new_test_user
from odoo.tools import mute_logger

from .sending import SendingCase

AUTO_LOG = "odoo.addons.serviceflow_paylinks.models.account_move_send"


class TestAutoCreate(SendingCase):
    def setUp(self):
        super().setUp()
        self.company.write({"paylinks_auto_create": True, "paylinks_auto_send": "email"})

    def send_invoices(self, invoices):
        return self.env["account.move.send"]._generate_and_send_invoices(
            invoices, sending_methods=["email"]
        )

    # -- branches --

    def test_a_branchs_invoice_to_a_customer_of_the_company_above(self):
        branch = self.env["res.company"].create({"name": "Branch", "parent_id": self.company.id})
        self.env.user.company_ids |= branch
        self.customer.company_id = self.company
        link = (
            self.env["payment.link"]
            .sudo()
            .create(
                {
                    "purpose": "custom",
                    "partner_id": self.customer.id,
                    "amount": 9,
                    "company_id": branch.id,
                }
            )
        )
        self.assertEqual(link.company_id, branch)

    # -- one refusal, and the others --

    def refuse(self, partner):
        """A customer whom another company has to itself, behind Odoo's back."""
        other = self.env["res.company"].create({"name": "Elsewhere"})
        self.env.cr.execute(
            "UPDATE res_partner SET company_id = %s WHERE id = %s", [other.id, partner.id]
        )
        partner.invalidate_recordset(["company_id"])

    def test_one_refusal_keeps_no_other_from_its_link(self):
        bad = self.env["res.partner"].create({"name": "Bad", "email": "bad@example.com"})
        invoices = self.make_invoice(post=False) | self.make_invoice(post=False)
        refused = self.make_invoice(post=False, partner=bad)
        (invoices | refused).action_post()
        self.refuse(bad)
        self.env.cr.flush()
        self.assertEqual(len(invoices.payment_link_ids), 2)
        self.assertFalse(refused.payment_link_ids)
        self.assertIn("is a customer of Elsewhere only", refused.message_ids[0].body)

    def test_odoos_send_goes_on_for_all(self):
        self.company.paylinks_auto_create = False
        bad = self.env["res.partner"].create({"name": "Bad", "email": "bad@example.com"})
        good, refused = self.make_invoice(), self.make_invoice(partner=bad)
        self.refuse(bad)
        self.send_invoices(good | refused)
        self.assertEqual(len(self.emails()), 1)
        self.assertEqual(len(self.emails("bad@example.com")), 1)
        self.assertIn(good.payment_link_ids.url, self.emails()[0].get_body(("html",)).get_content())

    @mute_logger(AUTO_LOG)
    def test_no_fault_of_ours_breaks_odoos_send(self):
        invoice = self.make_invoice()
        moves, links = self.registry["account.move"], self.registry["payment.link"]

        def fail(*_arguments, **_values):
            raise ValueError("a faulty addon")

        with patch.object(moves, "_generate_payment_links", fail):
            self.send_invoices(invoice)
        with patch.object(links, "_note_sent_with_invoice", fail):
            self.send_invoices(invoice)
        self.assertEqual(len(self.emails()), 2)

    # -- old invoices --

    def test_invoices_of_long_ago_are_not_sent_by_themselves(self):
        """An import may take hours to reach the payments."""
        today = fields.Date.today()
        old = self.make_invoice(invoice_date=today - timedelta(days=31))
        late = self.make_invoice(invoice_date=today - timedelta(days=29))
        self.env.cr.flush()
        for minutes in (6, 12, 18):
            with freeze_time(fields.Datetime.now() + timedelta(minutes=minutes)):
                self.send()
        self.assertEqual(len(self.emails()), 1)
        self.assertTrue(late.payment_link_ids.sent_at)
        link = old.payment_link_ids
        self.assertEqual((link.state, self.states(link)), ("active", ["cancelled"]))
        self.assertIn("too long ago", self.rows(link).reason)
        self.assertIn("too long ago", link.message_ids[0].body)

    # -- whose --

    def test_links_made_by_the_schedule_are_the_salespersons(self):
        seller = new_test_user(self.env, "seller", "account.group_account_invoice")
        invoice = self.make_invoice(post=False, invoice_user_id=seller.id)
        other = self.make_invoice(post=False)
        (invoice | other).with_user(SUPERUSER_ID).action_post()
        self.env.cr.flush()
        self.assertEqual(invoice.payment_link_ids.user_id, seller)
        clerk = new_test_user(self.env, "biller", "account.group_account_invoice")
        by_hand = self.make_invoice(post=False, invoice_user_id=seller.id)
        by_hand.with_user(clerk).action_post()
        self.env.cr.flush()
        self.assertEqual(by_hand.payment_link_ids.user_id, clerk)
