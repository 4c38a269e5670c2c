"""Batches: the number of queries does not depend on the number of links."""

from odoo import Command, fields
from odoo.tests import new_test_user

from .common import PaylinksCase

BATCH = 100  # as INSERT_BATCH_SIZE of odoo/orm/models.py: the ORM inserts as many rows at once


class TestGenerateBatch(PaylinksCase):
    def _invoices(self, count):
        """Posted invoices, made in one go; each with a customer of its own."""
        quiet = self.env(context={"tracking_disable": True, "mail_create_nolog": True})
        partners = quiet["res.partner"].create([{"name": f"C{i}"} for i in range(count)])
        invoices = quiet["account.move"].create(
            [
                {
                    "move_type": "out_invoice",
                    "partner_id": partner.id,
                    "invoice_date": fields.Date.today(),
                    "invoice_line_ids": [
                        Command.create(
                            {"name": "Visit", "price_unit": 10, "tax_ids": [Command.clear()]}
                        )
                    ],
                }
                for partner in partners
            ]
        )
        # The planner knows nothing of rows made in this very transaction, and guesses badly.
        self.env.flush_all()
        self.env.cr.execute("ANALYZE account_move, account_move_line, account_partial_reconcile")
        for start in range(0, count, BATCH):
            invoices[start : start + BATCH].action_post()
        return invoices.with_env(self.env)

    def _count_queries(self, invoices):
        self.env.flush_all()
        self.env.invalidate_all()
        clerk = self.env["res.users"].browse(self.clerk_id)
        before = self.env.cr.sql_log_count
        links = invoices.with_user(clerk).generate_payment_links()
        self.env.flush_all()
        self.assertEqual(len(links), len(invoices))
        return self.env.cr.sql_log_count - before

    def test_queries_at_10_and_at_1000(self):
        self.clerk_id = new_test_user(
            self.env, "batch", "serviceflow_paylinks.group_payments_create"
        ).id
        invoices = self._invoices(1020)
        self._count_queries(invoices[:10])  # Warm the caches of rights, fields and templates.
        few = self._count_queries(invoices[10:20])
        many = self._count_queries(invoices[20:])
        batches = 1000 // BATCH
        # A thousand records are read and written in as many batches as the ORM makes of them.
        self.assertLessEqual(many, few + 6 * batches, f"{few} queries for 10, {many} for 1000")
        again = self._count_queries(invoices[20:])
        self.assertLess(again, many)

    def test_expiry_is_one_statement_a_batch(self):
        links = self.env["payment.link"].create(
            [
                {"purpose": "custom", "partner_id": self.customer.id, "amount": 5}
                for _i in range(200)
            ]
        )
        self.env.flush_all()
        self.env.cr.execute(
            "UPDATE payment_link SET expires_at = '2020-01-01' WHERE id IN %s", [tuple(links.ids)]
        )
        self.env.invalidate_all()
        before = self.env.cr.sql_log_count
        self.assertEqual(self.env["payment.link"]._expire_batch(), links)
        self.env.flush_all()
        self.assertLess(self.env.cr.sql_log_count - before, 20)
        self.assertEqual(set(links.mapped("state")), {"expired"})
