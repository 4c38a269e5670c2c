"""What each group sees: menus, buttons and fields, as `rights.py` says what may be done."""

from lxml import etree
from odoo import Command
from odoo.exceptions import AccessError
from odoo.tests import new_test_user

from .rights import MODULE
from .rights_case import TABLE, RightsCase

# Where staff meet payment links: models whose views hold our buttons and fields.
SCREENS = {
    "payment.link": ("list", "form", "search", "kanban", "pivot", "graph", "activity"),
    "account.move": ("list", "form", "kanban"),
    "res.partner": ("list", "form", "kanban"),
    "sale.order": ("list", "form", "kanban"),
}


class TestRightsOnScreen(RightsCase):
    """What is on the screen can be used; what cannot be used is not on the screen."""

    MENUS = {
        "nobody": set(),
        "administrator": set(),
        "viewer": {"payments_menu_root", "payment_link_menu", "payment_link_dispute_menu"},
        "creator": {
            "payments_menu_root",
            "payment_link_menu",
            "payment_link_dispute_menu",
            "payment_link_generate_menu",
        },
        "manager": {
            "payment_link_dispute_menu",
            "payment_link_message_menu",
            "payment_link_reminder_rule_menu",
            "payments_menu_root",
            "payment_link_menu",
            "payment_link_generate_menu",
            "payments_menu_configuration",
            "payments_settings_menu",
            "payment_link_event_menu",
        },
    }

    def _arch(self, name, model, kind):
        """The view as the user's browser gets it; None where the user may not read the model."""
        records = self.env[model].with_user(self.users[name])
        if not records.has_access("read"):
            return None
        return etree.fromstring(records.get_view(None, kind)["arch"])

    def _screens(self, *names):
        """All views of all users: (user, model, view's tree)."""
        for name in names:
            for model, kinds in SCREENS.items():
                for kind in kinds:
                    arch = self._arch(name, model, kind)
                    if arch is not None:
                        yield name, model, arch

    def test_menus(self):
        for name, expected in self.MENUS.items():
            user = self.users[name]
            menus = self.env["ir.ui.menu"].with_user(user).load_menus(False).values()
            ours = {m["xmlid"].partition(".")[2] for m in menus if MODULE in m.get("xmlid", "")}
            with self.subTest(name):
                self.assertEqual(ours, expected)

    def test_menus_of_invoicing(self):
        ours = {"payment_link_menu_customers", "payment_link_menu_reporting"}
        biller = new_test_user(self.env, "biller", "account.group_account_invoice")
        for groups, expected in ((f"{MODULE}.group_payments_view", ours), ("", set())):
            biller.group_ids = [Command.unlink(self.env.ref(f"{MODULE}.group_payments_view").id)]
            if groups:
                biller.group_ids = [Command.link(self.env.ref(groups).id)]
            menus = self.env["ir.ui.menu"].with_user(biller).load_menus(False).values()
            xmlids = {menu.get("xmlid", "").partition(".")[2] for menu in menus}
            self.assertEqual(xmlids & ours, expected)

    def test_each_button_does_what_its_user_may(self):
        rows = {}
        for row in TABLE:
            rows.setdefault((row.model, row.method), row)
        seen = 0
        for name, model, arch in self._screens("viewer", "creator", "manager", "administrator"):
            for button in arch.iter("button"):
                with self.subTest(user=name, model=model, button=button.get("name")):
                    row = rows.get((model, button.get("name")))
                    if row:
                        seen += 1
                        self.assertNotEqual(row.expect(name), "denied")
                    elif button.get("type") == "action" and button.get("name", "").isdigit():
                        self._check_action(name, int(button.get("name")))
        self.assertGreater(seen, 5, "buttons of ours")

    def _check_action(self, name, action_id):
        action = self.env["ir.actions.actions"].browse(action_id)
        if action.get_external_id()[action.id].startswith(f"{MODULE}."):
            action = self.env[action.type].browse(action.id)
            model = self.env[action.res_model].with_user(self.users[name])
            right = "create" if action.target == "new" else "read"
            self.assertTrue(model.has_access(right), action.name)

    def test_who_may_not_view_sees_nothing_of_it(self):
        biller = new_test_user(
            self.env, "biller", "account.group_account_manager,sales_team.group_sale_manager"
        )
        # Accounting managers manage links: take that away again, as an administrator may.
        group = self.env.ref("account.group_account_manager")
        group.implied_ids = [Command.unlink(self.env.ref(f"{MODULE}.group_payments_manage").id)]
        self.assertFalse(biller.has_group(f"{MODULE}.group_payments_view"))
        self.users["biller"] = biller
        links = {
            (model, field.name)
            for model in SCREENS
            for field in self.env[model]._fields.values()
            if field.comodel_name == "payment.link"
        }
        self.assertTrue(links)
        methods = {(row.model, row.method) for row in TABLE} - {
            (row.model, row.method) for row in TABLE if row.method.startswith("button_")
        }
        for name, model, arch in self._screens("nobody", "biller"):
            self.assertNotEqual(model, "payment.link", name)
            for field in arch.iter("field"):
                with self.subTest(user=name, model=model, field=field.get("name")):
                    self.assertNotIn((model, field.get("name")), links)
                    self.assertNotRegex(field.get("name"), "^(payment_link|paylinks)")
            for button in arch.iter("button"):
                with self.subTest(user=name, model=model, button=button.get("name")):
                    self.assertNotIn((model, button.get("name")), methods)
                    if button.get("type") == "action" and button.get("name", "").isdigit():
                        action = self.env["ir.actions.actions"].browse(int(button.get("name")))
                        self.assertNotIn(MODULE, action.get_external_id()[action.id])
        for model in SCREENS.keys() - {"payment.link"}:
            actions = self.env["ir.actions.actions"].with_user(biller).get_bindings(model)
            names = [action.get("xml_id") or "" for kind in actions.values() for action in kind]
            self.assertFalse([name for name in names if MODULE in name], model)

    def test_the_address_reaches_nobody_without_view_by_another_way(self):
        """Neither by the invoice's chatter, nor by what was sent, nor by a search's answer."""
        biller = new_test_user(self.env, "biller", "account.group_account_invoice")
        token = self.link.token
        self.link.send_by_email()
        self.link.send_by_sms()
        self.assertFalse(
            self.env["mail.message"].with_user(biller).search([("body", "like", token)])
        )
        self.assertFalse(self.invoice.message_ids.filtered(lambda m: token in (m.body or "")))
        for model, domain in (
            ("payment.link", [("token", "like", token[:3])]),
            ("account.move", [("payment_link_ids.token", "like", token[:3])]),
            ("payment.transaction", [("payment_link_id.token", "like", token[:3])]),
            ("mail.mail", [("body_html", "like", token)]),
            ("sms.sms", [("body", "like", token)]),
        ):
            with self.subTest(model), self.assertRaises(AccessError):
                self.env[model].with_user(biller).search(domain)
        with self.assertRaises(AccessError):
            self.invoice.with_user(biller).read(["payment_link_ids"])

    def test_viewers_open_a_link_and_copy_none(self):
        for name in ("viewer", "creator"):
            arch = self._arch(name, "payment.link", "form")
            widgets = {field.get("widget") or "" for field in arch.xpath("//field[@name='url']")}
            self.assertEqual(any("Clipboard" in widget for widget in widgets), name == "creator")
            self.assertTrue(widgets, "who may view opens the link")
        for kind in ("list", "form"):
            html = etree.tostring(self._arch("viewer", "payment.link", kind)).decode()
            self.assertNotIn("CopyClipboard", html)
            self.assertNotIn("payment_link_copy", html)
