"""What a business has edited survives an upgrade of the addon."""

from dev import odoo
from dev.stack import clone_for_test, drop_database

EDIT = """
env.ref("serviceflow_paylinks.mail_template_invoice").subject = "Ours"
env.ref("serviceflow_paylinks.sms_template_reminder").body = "Ours {{ object.url }}"
env.ref("serviceflow_paylinks.cron_send_reminders").write(
    {"interval_number": 3, "interval_type": "days", "active": False}
)
env.company.write({"paylinks_auto_create": True, "paylinks_auto_send": "both",
                   "paylinks_quiet_from": 21.5, "paylinks_receipt": "stripe"})
env["payment.link.reminder.rule"].create({"days": 4, "moment": "after_due"})
env.cr.commit()
"""
LOOK = """
cron = env.ref("serviceflow_paylinks.cron_send_reminders")
print("KEPT", [
    env.ref("serviceflow_paylinks.mail_template_invoice").subject,
    env.ref("serviceflow_paylinks.sms_template_reminder").body,
    cron.interval_number, cron.interval_type, cron.active,
    env.company.paylinks_auto_send, env.company.paylinks_quiet_from, env.company.paylinks_receipt,
    env["payment.link.reminder.rule"].search([]).mapped("days"),
])
"""
EDITED = ["Ours", "Ours {{ object.url }}", 3, "days", False, "both", 21.5, "stripe", [4]]


def test_upgrade_keeps_edits():
    database = clone_for_test("upgrade")
    try:
        odoo.shell(database, EDIT, failure="The edits failed")
        odoo.run(database, "-u", "serviceflow_paylinks")
        printed = odoo.shell(database, LOOK, failure="The look failed")
    finally:
        drop_database(database)
    assert f"KEPT {EDITED}" in printed
