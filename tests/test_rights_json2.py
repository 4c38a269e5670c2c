"""Every model of the addon over `/json/2`: who may write, make and remove rows there."""

from odoo.tools import mute_logger

from .rights import GROUPS
from .rights_case import QUIET, RightsCase
from .rights_models import MODELS, OPERATIONS, ROWS

ARGUMENTS = {
    "write": lambda row: {"ids": row.ids, "vals": {}},
    "create": lambda _row: {"vals_list": [{}]},
    "unlink": lambda row: {"ids": row.ids},
}


class TestChangingOverJson2(RightsCase):
    def test_every_model_is_here(self):
        self.assertEqual(set(ROWS), set(MODELS))

    def test_each_user_with_each_model(self):
        for name in GROUPS:
            self.user = self.users[name]
            key = name != "public" and self._make_key(self.user)
            headers = {"Authorization": f"bearer {key}"} if key else {}
            for model in MODELS:
                for operation in ARGUMENTS:
                    with self.subTest(user=name, model=model, operation=operation):
                        self.try_it(name, model, operation, headers)

    def try_it(self, user, model, operation, headers):
        row = ROWS[model](self)
        self.assertTrue(row)
        users = MODELS[model][OPERATIONS.index(operation)].split()
        if user == "stranger" and operation != "create" and not row._transient:
            users = []  # It is another company's row.
        count = self.count(model)
        with mute_logger(*QUIET):
            answer = self.url_open(
                f"/json/2/{model}/{operation}", json=ARGUMENTS[operation](row), headers=headers
            )
        self.env.invalidate_all()
        if user in users:
            # An empty row is not always one that can be made: then it says why.
            self.assertIn(answer.status_code, (200, 422), answer.text[:300])
        else:
            self.assertIn(answer.status_code, (401, 403), answer.text[:300])
            self.assertEqual(self.count(model), count)

    def count(self, model):
        return self.env[model].with_context(active_test=False).search_count([])
