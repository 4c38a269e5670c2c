"""What the models inherit from Odoo: the public methods that act, for every model and group; and
that whatever else can be called tells no secret."""

import inspect
import json

from odoo.exceptions import AccessError, UserError
from odoo.service.model import call_kw, get_public_method
from odoo.tools import SQL, mute_logger

from .rights import GROUPS, MODULE
from .rights_case import QUIET, RightsCase
from .rights_models import MODELS, OPERATIONS, ROWS

READ, WRITE, CREATE, UNLINK = OPERATIONS
# What a method needs, and what it is called with. Models that lack it are left out.
METHODS = (
    (READ, "read", {"fields": ["display_name"]}),
    (READ, "web_read", {"specification": {"display_name": {}}}),
    (READ, "export_data", {"fields_to_export": ["create_date"]}),
    (READ, "get_metadata", {}),
    # Who sees a link may write to its history, as on Odoo's own invoices.
    (READ, "message_post", {"body": "I was here"}),
    (READ, "activity_schedule", {"summary": "I was here"}),
    (WRITE, "message_subscribe", {"partner_ids": [1]}),
    (WRITE, "message_unsubscribe", {"partner_ids": [1]}),
    (WRITE, "write", {"vals": {}}),
    (WRITE, "web_save", {"vals": {}, "specification": {}}),
    (WRITE, "action_archive", {}),
    (WRITE, "toggle_active", {}),
    (CREATE, "copy", {}),
    (CREATE, "name_create", {"name": "I was here"}),
    (CREATE, "load", {"fields": ["display_name"], "data": [["I was here"]]}),
    (UNLINK, "unlink", {}),
)
NEED_ACTIVE = ("action_archive", "toggle_active")
# These have another way of saying no: an answer in which nothing was made.
ANSWERING = ("load", "name_create")
# Nobody may: a link is generated.
FOR_NOBODY = (("payment.link", "copy"), ("payment.link", "name_create"))
# What any argument may be called, and what is given for it.
GUESSES = {
    "domain": [],
    "fields": ["display_name", "create_uid"],
    "field_names": ["display_name"],
    "fields_to_export": ["display_name"],
    "fields_spec": {"display_name": {}},
    "specification": {"display_name": {}},
    "groupby": ["create_uid"],
    "aggregates": ["__count"],
    "values": {},
    "vals": {},
    "vals_list": [{}],
    "name": "P",
    "field_name": "display_name",
    "body": "I was here",
    "partner_ids": [1],
}
DENIED = {
    "odoo.exceptions.AccessError": AccessError,
    "werkzeug.exceptions.Unauthorized": AccessError,
    "odoo.exceptions.UserError": UserError,
}


class InheritedCase(RightsCase):
    def setUp(self):
        super().setUp()
        self.assertTrue(self.message)
        self.assertTrue(self.open_checkout(self.make_link()))

    def ask(self, row, method, **arguments):
        """Call as the user at hand does; return (error or None, answer as text)."""
        records = self.env[row._name].with_user(self.user)
        records = records.with_context(allowed_company_ids=self.user.sudo().company_ids.ids)
        args = [] if self.is_of_model(row, method) else [row.ids]
        self.env.flush_all()
        self.env.invalidate_all()
        try:
            # What a refused call has done until then goes with its transaction.
            with mute_logger(*QUIET, "odoo.addons.mail"), self.env.cr.savepoint():
                answer = call_kw(records, method, args, arguments)
                return None, json.dumps(answer, default=str)
        except Exception as error:
            return error, str(error)

    def ask_json2(self, row, method, **arguments):
        """As other programs do, with the key of the user at hand; without one nobody gets in."""
        body = arguments if self.is_of_model(row, method) else {"ids": row.ids, **arguments}
        self.env.flush_all()
        with mute_logger(*QUIET, "odoo.addons.mail"):
            answer = self.url_open(
                f"/json/2/{row._name}/{method}",
                json=body,
                method="POST",
                headers={"Authorization": f"bearer {self.key}"} if self.key else {},
            )
        self.env.invalidate_all()
        if answer.status_code == 200:
            return None, answer.text
        return DENIED.get(answer.json()["name"], Exception)(answer.text), answer.text

    def is_of_model(self, row, method):
        return getattr(get_public_method(row, method), "_api_model", False)

    def keys(self):
        """What no user but an administrator may read."""
        provider = self.provider
        attempts = self.env["payment.transaction"].search([("checkout_key", "!=", False)])
        return (
            provider.stripe_secret_key,
            provider.paylinks_webhook_secret,
            *attempts.mapped("checkout_key"),
            *filter(None, attempts.mapped("checkout_url")),
        )

    def tokens(self):
        return self.env["payment.link"].search([]).mapped("token")


class TestInherited(InheritedCase):
    def test_over_rpc(self):
        self.walk(self.ask)

    def test_over_json2(self):
        self.walk(self.ask_json2)

    def walk(self, ask):
        for name in GROUPS:
            self.user = self.users[name]
            self.key = name != "public" and self._make_key(self.user)
            for model in MODELS:
                for operation, method, arguments in METHODS:
                    if self.has(model, method):
                        with (
                            self.subTest(user=name, model=model, method=method),
                            self.undone(),
                        ):
                            self.try_it(ask, name, ROWS[model](self), operation, method, arguments)

    def has(self, model, method):
        records = self.env[model]
        return hasattr(records, method) and (
            method not in NEED_ACTIVE or "active" in records._fields
        )

    def try_it(self, ask, name, row, operation, method, arguments):
        before = self.snapshot(row)
        error, answer = ask(row, method, **arguments)
        if self.may(name, row, operation, method):
            # A row that was made for a test is not always complete: then it says why; and not all
            # that a dialog has may be read, so as to copy it.
            if not (row._transient and method == "copy"):
                self.assertNotIsInstance(error, AccessError)
            return
        if method not in ANSWERING:
            self.assertIsInstance(error, UserError)
        self.assertEqual(self.snapshot(row), before)
        for secret in (*self.keys(), *self.tokens()):
            self.assertNotIn(secret, answer)

    def may(self, name, row, operation, method):
        if (row._name, method) in FOR_NOBODY:
            return False
        if not row._transient and name in ("stranger", "portal") and method not in ANSWERING:
            return False  # It is another company's row.
        return name in MODELS[row._name][OPERATIONS.index(operation)].split()

    def snapshot(self, row):
        """What could have changed: the row in full, how many there are, what hangs on it."""
        self.env.flush_all()
        table = SQL.identifier(row._table)
        [found] = self.env.execute_query(
            SQL(
                "SELECT (SELECT t::text FROM %(table)s t WHERE id = %(id)s),"
                " (SELECT count(*) FROM %(table)s), (SELECT count(*) FROM mail_message),"
                " (SELECT count(*) FROM mail_activity), (SELECT count(*) FROM mail_followers)",
                table=table,
                id=row.id,
            )
        )
        return found


class TestWhateverElse(InheritedCase):
    """Every public method of every model, with whatever arguments fit."""

    def test_outsiders_are_told_nothing(self):
        self.sweep(("nobody", "stranger", "portal"), lambda: (*self.keys(), *self.tokens()))

    def test_staff_are_told_no_keys(self):
        self.sweep(("manager",), self.keys)

    def sweep(self, users, secrets):
        called = 0
        for name in users:
            self.user = self.users[name]
            for model in MODELS:
                row = ROWS[model](self)
                for method, arguments in self.find_methods(row):
                    called += 1
                    with self.subTest(user=name, model=model, method=method), self.undone():
                        _error, answer = self.ask(row, method, **arguments)
                        for secret in secrets():
                            self.assertNotIn(secret, answer)
        self.assertGreater(called, 100 * len(users))

    def find_methods(self, row):
        """What may be called over RPC, besides what the addon defines: (name, arguments)."""
        ours = {
            name
            for definition in type(row).__mro__
            if definition.__module__.startswith(f"odoo.addons.{MODULE}.")
            for name in vars(definition)
        }
        for name in dir(type(row)):
            if name.startswith("_") or name in ours or not callable(getattr(type(row), name)):
                continue
            try:
                method = get_public_method(row, name)
                required = self.find_required(method)
            except (AccessError, ValueError, TypeError):
                continue
            if required <= GUESSES.keys():
                yield name, {argument: GUESSES[argument] for argument in required}

    def find_required(self, method):
        parameters = list(inspect.signature(method).parameters.values())[1:]
        return {
            parameter.name
            for parameter in parameters
            if parameter.default is parameter.empty
            and parameter.kind not in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD)
        }
