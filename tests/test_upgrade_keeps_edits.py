"""What a business has edited survives an upgrade of the addon."""

from dev import odoo
from dev.stack import clone_for_test, drop_database

OURS = """
def ours(model):
    rows = env["ir.model.data"].search(
        [("module", "=", "serviceflow_paylinks"), ("model", "=", model)], order="name"
    )
    return env[model].with_context(active_test=False).browse(rows.mapped("res_id"))
"""
EDIT = """
ours("mail.template").write({"subject": "Ours", "body_html": "<p>Ours</p>"})
ours("sms.template").write({"body": "Ours {{ object.url }}"})
ours("ir.cron").write({"interval_number": 3, "interval_type": "days", "active": False})
env.company.write({"paylinks_auto_create": True, "paylinks_auto_send": "both",
                   "paylinks_quiet_from": 21.5, "paylinks_receipt": "odoo"})
env["payment.link.reminder.rule"].create({"days": 4, "moment": "after_due"})
env.cr.commit()
"""
LOOK = """
mails, texts, crons = ours("mail.template"), ours("sms.template"), ours("ir.cron")
print("KEPT", [
    len(mails), set(mails.mapped("subject")), {str(body) for body in mails.mapped("body_html")},
    len(texts), set(texts.mapped("body")),
    len(crons) >= 4, {(c.interval_number, c.interval_type, c.active) for c in crons},
    env.company.paylinks_auto_send, env.company.paylinks_quiet_from, env.company.paylinks_receipt,
    env["payment.link.reminder.rule"].search([]).mapped("days"),
])
"""
EDITED = [
    *(5, {"Ours"}, {"<p>Ours</p>"}),
    *(4, {"Ours {{ object.url }}"}),
    *(True, {(3, "days", False)}),
    *("both", 21.5, "odoo", [4]),
]


def test_upgrade_keeps_edits():
    database = clone_for_test("upgrade")
    try:
        odoo.shell(database, OURS + EDIT, failure="The edits failed")
        odoo.run(database, "-u", "serviceflow_paylinks")
        printed = odoo.shell(database, OURS + LOOK, failure="The look failed")
    finally:
        drop_database(database)
    assert f"KEPT {EDITED}" in printed
