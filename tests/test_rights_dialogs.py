"""A dialog can be pointed at any record over RPC: it tells and does nothing about those that its
user may not see. Who tries it here manages the links of another company."""

import contextlib
import json

from odoo import Command
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.service.model import call_kw
from odoo.tools import mute_logger

from .rights import MODULE
from .rights_case import QUIET, RightsCase

# What a record of theirs would tell.
GUARDED = ("payment.link", "account.move", "payment.transaction", "payment.token", "sale.order")
MONEY_BACK = {"amount": 100, "choice": "outstanding"}
# Their rows come of another dialog: nobody can make one.
MADE_BY_ODOO = ("payment.link.generate.line", "payment.link.reminder.preview")
REFUSALS = (AccessError, UserError, ValidationError)


class TestDialogsOfOthers(RightsCase):
    def setUp(self):
        super().setUp()
        self.customer.write(
            {"name": "Zebedee Secretive", "email": "zeb@secret.example", "phone": "+12025550177"}
        )
        self.customer.company_id = self.company
        self.link = self.make_link(4711.0)
        self.open_checkout(self.link)
        self.invoice = self.link.invoice_id
        self.attempt.tip_amount = 13.37
        self.refund.tip_amount = -3.57
        self.card.payment_details = "9753"
        self.user = self.users["stranger"]
        self.targets = {
            "payment.link": self.link,
            "account.move": self.invoice,
            "payment.transaction": self.attempt,
            "payment.token": self.card,
            "sale.order": self.order,
        }
        self.secrets = [
            "Secretive",
            "zeb@secret",
            "2025550177",
            "555-0177",
            "4711",
            "4,711",
            self.link.token,
            self.attempt.payment_link_id.token,
            "13.37",
            "3.57",
            "9753",
        ]

    def dialogs(self):
        """The dialogs of the addon: those models that keep their rows for an hour."""
        return [
            model
            for model in self.env.values()
            if model._transient and model._original_module == MODULE
        ]

    def pointed(self, model):
        """Values that point a dialog at what is not its user's."""
        values = {}
        for name, field in model._fields.items():
            if field.comodel_name in GUARDED and field.type in ("many2one", "many2many"):
                target = self.targets[field.comodel_name].id
                many = field.type == "many2many"
                values[name] = [Command.set([target])] if many else target
        return values

    def make(self, model, values):
        """The dialog, as far as the user gets; an empty record where nobody makes one by hand."""
        records = model.with_user(self.user).with_context(
            allowed_company_ids=self.other_company.ids
        )
        if not records.has_access("create"):
            self.assertIn(model._name, MADE_BY_ODOO)
            return model.browse()
        single = {k: value for k, value in values.items() if not isinstance(value, list)}
        bare = {k: value for k, value in single.items() if k != "card_id"}
        for given in (values, single, bare):  # Odoo itself guards lists of records; we, the card.
            with contextlib.suppress(AccessError), self.env.cr.savepoint():
                dialog = records.create(given)
                dialog.flush_recordset()
                return dialog
        return model.browse()

    def ask(self, name, method, *args, **kwargs):
        """Call as the web client does; return all of the answer as text, or the refusal."""
        try:
            with mute_logger(*QUIET), self.other_transaction() as env:
                context = {"allowed_company_ids": self.other_company.ids, **kwargs.pop("ctx", {})}
                model = env[name].with_user(self.user).with_context(context)
                return json.dumps(call_kw(model, method, args, kwargs), default=str)
        except REFUSALS as error:
            return str(error)

    def assert_tells_nothing(self, answer):
        for secret in self.secrets:
            self.assertNotIn(secret, answer)

    def test_every_dialog_is_known(self):
        self.assertEqual(
            {model._name for model in self.dialogs()},
            {
                "payment.link.bulk",
                "payment.link.connect",
                "payment.link.generate",
                "payment.link.generate.line",
                "payment.link.refund",
                "payment.link.reminder.preview",
                "payment.link.settings",
                "payment.link.sms.preview",
            },
        )

    def test_what_it_shows(self):
        """Pointed at by `create`, by `write`, or in a form that is not saved yet."""
        context = {"paylinks_show_balance": True, "paylinks_show_brand": True}
        asked = 0
        for model in self.dialogs():
            values = self.pointed(model)
            if not values:
                continue
            more = {"is_collect": True, "step": "direct", "method": "direct"}
            more |= {**MONEY_BACK, "operation": "delete"}
            given = {**values, **{k: value for k, value in more.items() if k in model._fields}}
            names = [name for name in model._fields if name not in ("create_uid", "write_uid")]
            with self.subTest(model._name, way="onchange"):
                spec = {name: {} for name in names}
                answer = self.ask(model._name, "onchange", [], given, [], spec, ctx=context)
                self.assert_tells_nothing(answer)
            with self.subTest(model._name, way="create"):
                self.assert_tells_nothing(self.ask(model._name, "create", [given]))
            dialog = self.make(model, given)
            for name in names if dialog else ():
                asked += 1
                with self.subTest(model._name, field=name):
                    answer = self.ask(model._name, "read", dialog.ids, [name], ctx=context)
                    self.assert_tells_nothing(answer)
        self.assertGreater(asked, 30)

    def test_a_link_of_ones_own_opens_no_payment_of_others(self):
        own = self.env["payment.link"].create(
            {
                "purpose": "custom",
                "partner_id": self.env["res.partner"].create({"name": "Own"}).id,
                "company_id": self.other_company.id,
                "amount": 5,
            }
        )
        names = self.env["payment.link.refund"]._fields.keys() - {"key"}
        fields = {name: {} for name in names}
        of_payment = {**MONEY_BACK, "link_id": own.id, "transaction_id": self.attempt.id}
        for given in (of_payment, {**of_payment, "refund_id": self.refund.id}):
            with self.subTest(given):
                answer = self.ask("payment.link.refund", "onchange", [], given, [], fields)
                self.assert_tells_nothing(answer)
                self.assert_tells_nothing(self.ask("payment.link.refund", "create", [given]))
                dialog = self.make(self.env["payment.link.refund"], given)
                answer = self.ask("payment.link.refund", "read", dialog.ids, list(names))
                self.assert_tells_nothing(answer)

    def test_what_it_shows_all_at_once(self):
        """As above, with several fields in one call: what one has loaded opens no other."""
        asked = 0
        for model in self.dialogs():
            targets = self.pointed(model)
            dialog = targets and self.make(model, {**targets, **self.variants(model)[0]})
            fields = [name for name in model._fields if name not in ("create_uid", "write_uid")]
            for names in ([], fields, *([target, name] for target in targets for name in fields)):
                if dialog:
                    asked += 1
                    with self.subTest(model._name, fields=names):
                        self.assert_tells_nothing(self.ask(model._name, "read", dialog.ids, names))
        self.assertGreater(asked, 30)

    def test_what_it_does(self):
        """None of its buttons touches, or asks Stripe about, what is not theirs."""
        before = self.snapshot()
        self.client.calls.clear()
        pressed = 0
        for model in self.dialogs():
            values = self.pointed(model)
            if not values:
                continue
            methods = {
                method
                for definition in type(model).__mro__
                if definition.__module__.startswith(f"odoo.addons.{MODULE}.")
                for method in vars(definition)
                if method.startswith("action_")
            }
            for more in self.variants(model):
                for method in sorted(methods):
                    dialog = self.make(model, {**values, **more})
                    if not dialog:
                        continue
                    pressed += 1
                    with self.subTest(model._name, button=method, variant=more):
                        self.assert_tells_nothing(self.ask(model._name, method, dialog.ids))
                        self.assertEqual(self.snapshot(), before)
                        self.assertFalse(self.client.calls, "Stripe was asked")
        self.assertGreater(pressed, 30)

    def variants(self, model):
        """The dialogs as they stand after some steps, which could be entered too."""
        if model._name == "payment.link.generate":
            return [
                {"step": step, "is_collect": True, "method": "direct", "purpose": purpose}
                for step in ("ask", "direct", "link")
                for purpose in ("invoice", "custom")
            ]
        if model._name == "payment.link.bulk":
            return [{"operation": name} for name in ("send", "extend", "delete")]
        if model._name == "payment.link.refund":
            return [MONEY_BACK]
        return [{}]

    def snapshot(self):
        """What could have changed of theirs."""
        self.env.invalidate_all()
        links = self.env["payment.link"].search([("company_id", "=", self.company.id)])
        fields = ["state", "expires_at", "send_waiting", "email", "phone", "token"]
        attempts = links.transaction_ids
        return (
            links.read(fields),
            attempts.read(["state", "checkout_ref", "checkout_open", "checkout_close"]),
            self.env["payment.link.message"].search_count([]),
            self.env["account.payment"].search_count([]),
        )

    def test_a_link_of_its_own_dialog_must_be_theirs_too(self):
        """The one field that the dialog remembers what it made by."""
        dialog = (
            self.env["payment.link.generate"]
            .with_user(self.user)
            .with_company(self.other_company)
            .create({"purpose": "custom"})
        )
        dialog.write({"link_id": self.link.id, "step": "direct"})
        for method in ("action_take_card", "action_refresh", "action_charge"):
            with self.subTest(method), self.assertRaises(AccessError), mute_logger(*QUIET):
                getattr(dialog, method)()

    def test_links_for_documents_of_others(self):
        for values in (
            {"purpose": "invoice", "invoice_id": self.invoice.id},
            {"purpose": "deposit", "sale_order_id": self.order.id, "amount": 5},
            {"purpose": "custom", "partner_id": self.customer.id, "amount": 5},
        ):
            with self.subTest(values):
                answer = self.ask("payment.link", "create", [values])
                self.assert_tells_nothing(answer)
                self.assertNotRegex(answer, r"^\[?\d+\]?$", "no link was made")
