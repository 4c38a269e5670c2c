"""What one user has entered in a dialog is no other's, whatever the rights: tried with each."""

from odoo import Command
from odoo.exceptions import AccessError
from odoo.service.model import call_kw
from odoo.tools import mute_logger

from .rights import GROUPS
from .rights_case import QUIET, RightsCase
from .rights_models import MODELS, ROWS

# What another user tries with the dialog, as the web client does: (method, arguments).
TRIES = (
    ("read", {"fields": ["display_name"]}),
    ("web_read", {"specification": {"display_name": {}}}),
    ("export_data", {"fields_to_export": ["create_date"]}),
    ("write", {"vals": {}}),
    ("web_save", {"vals": {}, "specification": {}}),
    ("unlink", {}),
)


class TestDialogsOfAnotherPerson(RightsCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        groups = [cls.env.ref(GROUPS[name]).id for name in ("manager", "administrator")]
        groups.append(cls.env.ref("base.group_allow_export").id)
        cls.pair = [
            cls.env["res.users"].create(
                {"name": login, "login": login, "group_ids": [Command.set(groups)]}
            )
            for login in ("paylinks_owner", "paylinks_other")
        ]

    def dialogs(self):
        return [name for name in MODELS if self.env[name]._transient]

    def call(self, user, dialog, method, **arguments):
        with mute_logger(*QUIET):
            return call_kw(
                self.env[dialog._name].with_user(user), method, [dialog.ids], dict(arguments)
            )

    def test_read_written_and_removed_by_nobody_else(self):
        """Both may do everything with dialogs of their own."""
        owner, other = self.pair
        self.user = owner
        self.assertGreater(len(self.dialogs()), 5)
        for name in self.dialogs():
            dialog = ROWS[name](self)
            self.assertTrue(self.call(owner, dialog, "read", fields=["display_name"]), name)
            for method, arguments in TRIES:
                with self.subTest(name, method=method), self.assertRaises(AccessError):
                    self.call(other, dialog, method, **arguments)
            self.assertTrue(dialog.exists())

    def test_found_by_nobody_else(self):
        owner, other = self.pair
        self.user = owner
        for name in self.dialogs():
            with self.subTest(name):
                dialog = ROWS[name](self)
                for user, found in ((owner, dialog), (other, dialog.browse())):
                    domain = [("id", "=", dialog.id)]
                    records = self.env[name].with_user(user)
                    self.assertEqual(records.search(domain).ids, found.ids)
                    self.assertEqual(records.search_count(domain), len(found))
