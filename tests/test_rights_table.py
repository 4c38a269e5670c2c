"""Every group, an ordinary user, another company's, a portal user and nobody against everything.

The table is `rights.py`. A new public method without a row there fails here.
"""

import json

from odoo.exceptions import AccessError, UserError
from odoo.service.model import call_kw, get_public_method
from odoo.tools import mute_logger

from .rights import GROUPS, MODULE, NOT_CALLABLE
from .rights_case import QUIET, TABLE, RightsCase

DENIED = {
    "odoo.exceptions.AccessError",
    "odoo.http.SessionExpiredException",
    "werkzeug.exceptions.Unauthorized",
}
REFUSED = {"odoo.exceptions.UserError", "odoo.exceptions.ValidationError"}


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
                with self.subTest(user=name, call=str(row)), self.undone():
                    ids, kwargs = row.call(self)
                    self.env.flush_all()
                    self.env.invalidate_all()
                    with mute_logger(*QUIET):
                        error, result = ask(self.user, row, ids, kwargs)
                    without_session = (log_in or key) and name == "public"
                    expected = "denied" if without_session else row.expect(name)
                    self.assertEqual(self._tell(row, error, result), expected, error)

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
