"""Every model of the addon: who may read, write, make and remove rows; over `/json/2` as well."""

import json

from odoo.exceptions import AccessError
from odoo.tools import mute_logger

from .rights import GROUPS, MODULE
from .rights_case import QUIET, RightsCase
from .rights_models import MODELS, OPERATIONS


class TestModels(RightsCase):
    def test_every_model_is_here(self):
        ours = {
            name
            for name, model in self.env.items()
            if model._original_module == MODULE and not model._abstract
        }
        self.assertEqual(ours, set(MODELS))

    def test_access_rights(self):
        for name, allowed in MODELS.items():
            for operation, users in zip(OPERATIONS, allowed, strict=True):
                for user in GROUPS:
                    with self.subTest(model=name, operation=operation, user=user):
                        records = self.env[name].with_user(self.users[user])
                        self.assertEqual(records.has_access(operation), user in users.split())

    def test_rows_of_another_company(self):
        """The access rights are the same there; the record rules keep it out."""
        stranger = self.users["stranger"]
        rows = {
            "payment.link": self.link,
            "payment.link.event": self.event,
            "payment.link.dispute": self.dispute,
            "payment.link.reminder.rule": self.rule,
            "payment.link.message": self.message,
        }
        for name, row in rows.items():
            with self.subTest(name):
                theirs = row.with_user(stranger)
                for operation in OPERATIONS:
                    self.assertFalse(theirs.has_access(operation), operation)
                self.assertNotIn(row, theirs.search([]))
                with self.assertRaises(AccessError), mute_logger(*QUIET):
                    theirs.read(["display_name"])

    def test_over_json2(self):
        """The generic methods, with keys of each user; and without one."""
        for user in GROUPS:
            key = user != "public" and self._make_key(self.users[user])
            for name, allowed in MODELS.items():
                with self.subTest(user=user, model=name), mute_logger(*QUIET):
                    answer = self.url_open(
                        f"/json/2/{name}/search_read",
                        json={"domain": [], "fields": ["id"], "limit": 1},
                        headers={"Authorization": f"bearer {key}"} if key else {},
                    )
                    may = user in allowed[0].split()
                    self.assertEqual(answer.status_code == 200, may, answer.text[:200])
                    if not may:
                        self.assertIn(answer.status_code, (401, 403))
                        self.assertNotIn(self.link.token, answer.text)
                        self.assertTrue(json.loads(answer.text)["name"])
