"""Every group, an ordinary user, another company's, a portal user and nobody against everything.

The table is `rights.py`. A new public method without a row there fails here.
"""

import contextlib
import json

import stripe
from lxml import etree
from odoo import Command
from odoo.exceptions import AccessError, UserError
from odoo.service.model import call_kw, get_public_method
from odoo.tests import new_test_user
from odoo.tools import mute_logger

from . import rights, rights_of_money
from .common import PaylinksCase
from .rights import GROUPS, MODULE, NOT_CALLABLE, STAFF

TABLE = [*rights.TABLE, *rights_of_money.TABLE]

DENIED = {
    "odoo.exceptions.AccessError",
    "odoo.http.SessionExpiredException",
    "werkzeug.exceptions.Unauthorized",
}
REFUSED = {"odoo.exceptions.UserError", "odoo.exceptions.ValidationError"}
QUIET = ("odoo.http", "odoo.models", "odoo.addons.base.models.ir_rule", "odoo.sql_db")
# Where staff meet payment links: models whose views hold our buttons and fields.
SCREENS = {
    "payment.link": ("list", "form", "search", "kanban", "pivot", "graph", "activity"),
    "account.move": ("list", "form", "kanban"),
    "res.partner": ("list", "form", "kanban"),
    "sale.order": ("list", "form", "kanban"),
}


class RightsCase(PaylinksCase):
    """The users, and one of each thing that they might lay hands on."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.other_company = cls.env["res.company"].create({"name": "Other Ltd"})
        cls.users = {name: cls._make_user(name) for name in GROUPS if name != "public"}
        cls.users["public"] = cls.env.ref("base.public_user")
        product = cls.env["product.product"].create({"name": "Boiler"})
        line = {"product_id": product.id, "price_unit": 200, "tax_ids": [Command.clear()]}
        cls.order = cls.env["sale.order"].create(
            {
                "partner_id": cls.customer.id,
                "require_payment": True,
                "prepayment_percent": 0.3,
                "order_line": [Command.create(line)],
            }
        )
        cls.spare_provider = cls.provider.copy()

    @classmethod
    def _make_user(cls, name):
        values = {}
        if name == "stranger":
            company = cls.other_company
            values = {"company_id": company.id, "company_ids": [Command.set(company.ids)]}
        groups = GROUPS[name]
        if name in STAFF:
            groups += ",base.group_allow_export"
        return new_test_user(cls.env, f"paylinks_{name}", groups, **values)

    def setUp(self):
        super().setUp()
        # What a test did is undone here, but not at the sandbox.
        self.provider.action_paylinks_create_webhook()
        self.link = self.make_link()
        self.invoice = self.link.invoice_id
        self.attempt = self.pay(self.make_link())
        self.deliver_webhooks()
        self.event = self.env["payment.link.event"].search([], limit=1)
        self.partial = self.env["account.partial.reconcile"].search([], limit=1)
        self.assertTrue(self.event and self.partial)
        self._give_back()
        self.card = self._save_card(self.customer)
        self.card_of_another = self._save_card(self.env["res.partner"].create({"name": "Bea"}))
        self.rule = self.env["payment.link.reminder.rule"].create({"company_id": self.company.id})
        self.notification = self.env["mail.notification"].create(
            {
                "mail_message_id": self.link.message_post(body="Hello").id,
                "res_partner_id": self.customer.id,
                "notification_type": "email",
            }
        )

    def _give_back(self):
        """A refund made at Stripe that nobody has booked, and a dispute."""
        refunded, disputed = self.pay(self.make_link()), self.pay(self.make_link())
        self.deliver_webhooks()
        self.sandbox.dashboard.refund(refunded.provider_reference)
        self.sandbox.bank.open_dispute(disputed.provider_reference)
        self.deliver_webhooks()
        self.refund = refunded.payment_link_id.refund_ids
        self.dispute = disputed.payment_link_id.dispute_ids
        self.assertTrue(self.refund and self.dispute)
        domain = self.env["account.account"]._check_company_domain(self.company)
        self.dispute.fee_account_id = self.env["account.account"].search(
            [("account_type", "=", "expense"), *domain], limit=1
        )

    def _save_card(self, partner):
        """A card that the partner has saved, at Stripe as well."""
        at_stripe = stripe.StripeClient(
            self.provider.stripe_secret_key, http_client=self.client, max_network_retries=0
        ).v1
        owner = at_stripe.customers.create({"name": partner.name})
        card = at_stripe.payment_methods.attach("pm_card_visa", {"customer": owner.id})
        self.client.calls.clear()
        return self.env["payment.token"].create(
            {
                "provider_id": self.provider.id,
                "payment_method_id": self.provider._paylinks_payment_method().id,
                "partner_id": partner.id,
                "payment_details": card.card.last4,
                "provider_ref": owner.id,
                "stripe_payment_method": card.id,
            }
        )

    # -- what a row's call is made of --

    def on(self, records, **kwargs):
        return records.ids, kwargs

    def call(self, **kwargs):
        return None, kwargs

    def own(self, model, values):
        """A wizard that belongs to the user at hand, who may or may not be able to make one."""
        return self.env[model].with_user(self.user).sudo().create(values)

    def _make_key(self, user):
        expiry = self.env.cr.now().replace(year=2099)
        keys = self.env["res.users.apikeys"].with_user(user).sudo()
        return keys._generate("rpc", "test", expiry)


class TestRightsTable(RightsCase):
    def test_every_public_method_has_a_row(self):
        rows = {(row.model, row.method) for row in TABLE} | NOT_CALLABLE
        missing = {
            (name, method)
            for name, model in self.env.items()
            for definition in type(model).__mro__
            if definition.__module__.startswith(f"odoo.addons.{MODULE}.")
            for method, value in vars(definition).items()
            if callable(value) and self._is_public(model, method)
        } - rows
        self.assertFalse(missing, "add them to TABLE in tests/rights.py")

    def _is_public(self, model, method):
        if model._abstract and model._name != "ir.http":
            return False
        try:
            get_public_method(model, method)
        except AccessError:
            return False
        return True

    def test_every_row_still_exists(self):
        for row in TABLE:
            with self.subTest(str(row)):
                self.assertTrue(get_public_method(self.env[row.model], row.method))

    def test_in_process(self):
        """As the web client's routes call a method, for those without a session too."""

        def ask(user, row, ids, kwargs):
            try:
                with self.other_transaction() as env:  # Some commit.
                    model = env[row.model].with_user(user).with_context(self._companies(user))
                    return "", call_kw(model, row.method, *self._positional(ids, kwargs))
            except AccessError:
                return "odoo.exceptions.AccessError", None
            except UserError:
                return "odoo.exceptions.UserError", None

        self._walk(GROUPS, ask)

    def test_over_the_web_clients_rpc(self):
        def ask(_user, row, ids, kwargs):
            args, kwargs = self._positional(ids, kwargs)
            params = {"model": row.model, "method": row.method, "args": args, "kwargs": kwargs}
            answer = self.url_open(
                f"/web/dataset/call_kw/{row.model}/{row.method}",
                json={"jsonrpc": "2.0", "method": "call", "params": params},
            ).json()
            return answer.get("error", {}).get("data", {}).get("name", ""), answer.get("result")

        self._walk(GROUPS, ask, log_in=True)

    def test_over_json2(self):
        def ask(_user, row, ids, kwargs):
            body = kwargs if ids is None else {"ids": ids, **kwargs}
            answer = self.url_open(
                f"/json/2/{row.model}/{row.method}",
                json=body,
                method="POST",
                headers={"Authorization": f"bearer {self.key}"} if self.key else {},
            )
            result = json.loads(answer.text)
            return ("", result) if answer.status_code == 200 else (result["name"], None)

        self._walk(GROUPS, ask, key=True)

    def _positional(self, ids, kwargs):
        """Return (args, kwargs) of `call_kw`, which wants a record's values by position."""
        kwargs = dict(kwargs)
        args = [] if ids is None else [ids]
        if "vals_list" in kwargs:
            args.append(kwargs.pop("vals_list"))
        return args, kwargs

    def _companies(self, user):
        return {"allowed_company_ids": user.sudo().company_ids.ids}

    def _walk(self, names, ask, log_in=False, key=False):
        """Make each row's call as each user, and undo it."""
        for name in names:
            self.user = self.users[name]
            if log_in:
                login = None if name == "public" else self.user.login
                self.authenticate(login, login)
            if key:
                self.key = name != "public" and self._make_key(self.user)
            for row in TABLE:
                with self.subTest(user=name, call=str(row)), self._undone():
                    ids, kwargs = row.call(self)
                    self.env.flush_all()
                    self.env.invalidate_all()
                    with mute_logger(*QUIET):
                        error, result = ask(self.user, row, ids, kwargs)
                    without_session = (log_in or key) and name == "public"
                    expected = "denied" if without_session else row.expect(name)
                    self.assertEqual(self._tell(row, error, result), expected, error)

    @contextlib.contextmanager
    def _undone(self):
        with self.env.cr.savepoint() as savepoint:
            yield
            self.env.flush_all()
            savepoint.rollback()
        self.env.invalidate_all()
        self.client.calls.clear()

    def _tell(self, row, error, result):
        if error in DENIED:
            return "denied"
        if error in REFUSED:
            return "refused"
        if error:
            return error
        if row.empty:
            result = result["records"] if isinstance(result, dict) else result
            return "yes" if result else "empty"
        return "yes"


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
