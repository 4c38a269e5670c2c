"""The addon leaves as it came: nothing of it stays behind, and Odoo works without it."""

from dev import odoo, process
from dev.stack import clone_for_test, drop_database

FILL = """
provider = env["payment.provider"].search([("code", "=", "stripe")], limit=1)
provider.write({"state": "test", "stripe_secret_key": "sk_test_x", "stripe_publishable_key": "p"})
partner = env["res.partner"].create({"name": "Ada Payer"})
values = {"move_type": "out_invoice", "partner_id": partner.id, "invoice_date": "2026-01-01"}
line = {"name": "Visit", "price_unit": 100, "tax_ids": False}
invoice = env["account.move"].create({**values, "invoice_line_ids": [(0, 0, line)]})
invoice.action_post()
invoice.generate_payment_links()
env["payment.transaction"].create({
    "provider_id": provider.id,
    "payment_method_id": provider._paylinks_payment_method().id,
    "reference": "attempt", "amount": 100, "currency_id": env.company.currency_id.id,
    "partner_id": partner.id, "payment_link_id": invoice.payment_link_ids.id, "state": "done",
})
env.cr.commit()
"""

LOOK = """
module = env["ir.module.module"].search([("name", "=", "serviceflow_paylinks")])
assert module.state == "uninstalled"
for model in ("payment.link", "payment.link.event", "payment.link.generate"):
    assert model not in env, model
env.cr.execute(
    "SELECT table_name, column_name FROM information_schema.columns"
    " WHERE table_name LIKE '%payment_link%' AND table_name NOT LIKE 'payment_link_wizard%'"
    "    OR column_name LIKE '%paylinks%' OR column_name LIKE 'checkout_%'"
)
assert not env.cr.fetchall(), env.cr.fetchall()
env.cr.execute("SELECT name FROM ir_model_data WHERE module = 'serviceflow_paylinks'")
assert not env.cr.fetchall()
crons = env["ir.cron"].with_context(active_test=False)
assert not crons.search([("cron_name", "like", "Payment Links")])
invoice = env["account.move"].search([("move_type", "=", "out_invoice")], limit=1)
assert invoice.state == "posted" and env["payment.transaction"].search([]).state == "done"
invoice.copy().action_post()
"""


def test_uninstalls_cleanly():
    database = clone_for_test("uninstall")
    try:
        odoo.shell(database, FILL, log="uninstall")
        command = odoo.command(
            "module", "uninstall", "-c", odoo.CONFIG, "-d", database, "serviceflow_paylinks"
        )
        process.run(command, env=odoo.environment(), cwd=odoo.paths.ROOT, log="uninstall")
        odoo.shell(database, LOOK, log="uninstall")
    finally:
        drop_database(database)
