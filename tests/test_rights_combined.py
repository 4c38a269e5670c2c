"""Our groups beside Odoo's own: what they lend of invoices, orders and transactions neither widens
nor narrows what a user may do in Invoicing and Sales."""

from odoo import Command
from odoo.exceptions import AccessError
from odoo.tests import new_test_user

from .common import PaylinksCase
from .rights import MODULE
from .test_rights_models import OPERATIONS

OURS = [f"{MODULE}.group_payments_{name}" for name in ("view", "create", "manage")]
# Combinations of Odoo's own groups, of these models.
STOCK = (
    "account.group_account_invoice",
    "account.group_account_readonly",
    "account.group_account_user",
    "account.group_account_basic",
    "sales_team.group_sale_salesman",
    "sales_team.group_sale_salesman_all_leads",
    "sales_team.group_sale_manager",
    "base.group_system",
    "account.group_account_invoice,sales_team.group_sale_salesman",
    "account.group_account_readonly,sales_team.group_sale_salesman",
    "account.group_account_invoice,sales_team.group_sale_salesman_all_leads",
)
LENT = ("account.move", "account.move.line", "payment.transaction", "sale.order")


class TestCombined(PaylinksCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.colleague = new_test_user(
            cls.env, "combined_colleague", "sales_team.group_sale_salesman"
        )
        cls.product = cls.env["product.product"].create({"name": "Boiler"})
        cls.plain_order = cls._make_order(require_payment=False)
        cls.deposit_order = cls._make_order(require_payment=True, prepayment_percent=0.5)

    @classmethod
    def _make_order(cls, **values):
        line = {"product_id": cls.product.id, "price_unit": 200, "tax_ids": [Command.clear()]}
        return cls.env["sale.order"].create(
            {
                "partner_id": cls.customer.id,
                "user_id": cls.colleague.id,
                "order_line": [Command.create(line)],
                **values,
            }
        )

    def setUp(self):
        super().setUp()
        self.link = self.make_link(invoice_user_id=self.colleague.id)
        self.bill = self.make_invoice(move_type="in_invoice")
        self.attempt = self.open_checkout(self.make_custom_link())
        self.stock_attempt = self.attempt.copy(
            {"reference": "stock", "payment_link_id": False, "checkout_ref": False}
        )
        self.records = {
            "an order without prepayment": self.plain_order,
            "an order with prepayment": self.deposit_order,
            "a colleague's invoice": self.link.invoice_id,
            "its lines": self.link.invoice_id.line_ids,
            "a bill": self.bill,
            "a link's attempt": self.attempt,
            "an attempt of Odoo's own": self.stock_attempt,
        }

    def user(self, *groups):
        user = new_test_user(self.env, f"combined_{len(groups)}_{self.id()}", groups[0])
        user.group_ids = [Command.link(self.env.ref(name).id) for name in groups[1:]]
        return user

    def rights(self, user):
        """What the user may do: {(which record, operation)}."""
        self.env.invalidate_all()
        return {
            (name, operation)
            for name, records in self.records.items()
            for operation in OPERATIONS
            if records.with_user(user).has_access(operation)
        }

    def test_ours_change_nothing_where_odoo_gives_access(self):
        for groups in STOCK:
            user = new_test_user(self.env, f"combined {groups}", groups)
            before = self.rights(user)
            lent = {m for m in LENT if not self.env[m].with_user(user).has_access("read")}
            for ours in OURS:
                user.group_ids = [Command.link(self.env.ref(ours).id)]
                with self.subTest(groups=groups, ours=ours):
                    differs = {
                        (name, operation)
                        for name, operation in self.rights(user) ^ before
                        if operation != "read" or self.records[name]._name not in lent
                    }
                    self.assertFalse(differs)

    def test_what_ours_alone_lend(self):
        """Reading, of what links are for; a salesperson's rule opens no more of it."""
        shown = {
            "group_payments_view": {"a link's attempt"},
            "group_payments_create": {
                "a link's attempt",
                "a colleague's invoice",
                "its lines",
                "an order with prepayment",
            },
        }
        for name, expected in shown.items():
            user = new_test_user(self.env, name, f"{MODULE}.{name}")
            with self.subTest(name):
                self.assertEqual(self.rights(user), {(what, "read") for what in expected})
        salesman = new_test_user(
            self.env, "combined_salesman", f"sales_team.group_sale_salesman,{OURS[0]}"
        )
        self.assertIn(("a link's attempt", "read"), self.rights(salesman))
        self.assertNotIn(("an attempt of Odoo's own", "read"), self.rights(salesman))

    def test_biller_registers_the_payment_of_an_order_without_prepayment(self):
        """Odoo notes it on the order, which the biller may read and write."""
        biller = new_test_user(
            self.env, "combined_biller", f"account.group_account_invoice,{OURS[1]}"
        )
        order = self.plain_order
        order.action_confirm()
        invoice = order._create_invoices(final=True)
        invoice.action_post()
        invoice = invoice.with_user(biller)
        action = invoice.action_register_payment()
        self.env["account.payment.register"].with_user(biller).with_context(
            action["context"]
        ).create({})._create_payments()
        self.assertIn(invoice.payment_state, ("paid", "in_payment"))
        order = order.with_user(biller)
        self.assertEqual(order.read(["name"])[0]["name"], order.name)
        order.message_post(body="Paid.")
        action = invoice.action_view_source_sale_orders()
        self.assertTrue(self.env["sale.order"].with_user(biller).browse(action["res_id"]).name)

    def test_own_documents_only_stays_so(self):
        salesman = new_test_user(
            self.env, "combined_salesman", f"sales_team.group_sale_salesman,{OURS[1]}"
        )
        orders = self.plain_order | self.deposit_order
        mine = self._make_order(require_payment=True, user_id=salesman.id)
        self.assertEqual(
            self.env["sale.order"].with_user(salesman).search([("id", "in", (orders | mine).ids)]),
            mine,
        )
        for order in orders.with_user(salesman):
            with self.assertRaises(AccessError):
                order.read(["name"])
            with self.assertRaises(AccessError):
                order.action_confirm()
        with self.assertRaises(AccessError):
            self.link.invoice_id.with_user(salesman).read(["name"])
        with self.assertRaises(AccessError):
            self.link.invoice_id.with_user(salesman).generate_payment_links()

    def test_the_hub_shows_links_of_documents_that_are_not_ones_own(self):
        salesman = new_test_user(
            self.env, "combined_salesman", f"sales_team.group_sale_salesman,{OURS[1]}"
        )
        links = self.env["payment.link"].with_user(salesman)
        for kind in ("list", "kanban", "form"):
            specification = {
                name: {"fields": {"display_name": {}}} if field["type"] == "many2one" else {}
                for name, field in links.get_views([(False, kind)])["models"]["payment.link"][
                    "fields"
                ].items()
                if field["type"] not in ("one2many", "many2many")
            }
            with self.subTest(kind):
                found = links.web_search_read([("id", "=", self.link.id)], specification)
                self.assertEqual(found["records"][0]["document_name"], self.link.document_name)
        link = self.link.with_user(salesman)
        self.assertFalse(link.document_openable)
        link.send_by_email()
        self.assertTrue(link.action_bulk_send())
