"""Every model of the addon over `/json/2`: who may write, make and remove rows there."""

from odoo.tools import mute_logger

from .rights import GROUPS
from .test_rights_models import MODELS, OPERATIONS
from .test_rights_table import QUIET, RightsCase

LINK = "payment.link"
# A row of the own company that there is no reason to spare; a dialog's is the user's own.
ROWS = {
    LINK: lambda t: t.make_custom_link(5),
    f"{LINK}.event": lambda t: t.event,
    f"{LINK}.message": lambda t: t.message,
    f"{LINK}.dispute": lambda t: t.dispute,
    f"{LINK}.reminder.rule": lambda t: t.env[f"{LINK}.reminder.rule"].create({}),
    f"{LINK}.reminder.preview": lambda t: t.fill(f"{LINK}.reminder.preview", {}),
    f"{LINK}.generate": lambda t: t.fill(f"{LINK}.generate", {"invoice_ids": t.invoice.ids}),
    f"{LINK}.generate.line": lambda t: t.fill(
        f"{LINK}.generate.line",
        {"wizard_id": t.fill(f"{LINK}.generate", {}).id, "result": "existed"},
    ),
    f"{LINK}.bulk": lambda t: t.fill(f"{LINK}.bulk", {"operation": "send"}),
    f"{LINK}.refund": lambda t: t.fill(
        f"{LINK}.refund",
        {"link_id": t.attempt.payment_link_id.id, "transaction_id": t.attempt.id},
    ),
    f"{LINK}.sms.preview": lambda t: t.fill(f"{LINK}.sms.preview", {"link_id": t.link.id}),
    f"{LINK}.settings": lambda t: t.fill(f"{LINK}.settings", {"company_id": t.user.company_id.id}),
    f"{LINK}.connect": lambda t: t.fill(f"{LINK}.connect", {}),
}
ARGUMENTS = {
    "write": lambda row: {"ids": row.ids, "vals": {}},
    "create": lambda _row: {"vals_list": [{}]},
    "unlink": lambda row: {"ids": row.ids},
}


class TestChangingOverJson2(RightsCase):
    def setUp(self):
        super().setUp()
        self.message = self.env[f"{LINK}.message"]._ask([{"link": self.link, "channel": "email"}])

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

    def fill(self, model, values):
        """A dialog that belongs to the user at hand, who may or may not be able to make one."""
        dialog = self.env[model].create(values)
        self.env.flush_all()
        self.env.cr.execute(
            f"UPDATE {dialog._table} SET create_uid = %s WHERE id = %s", [self.user.id, dialog.id]
        )
        dialog.invalidate_recordset()
        return dialog

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
