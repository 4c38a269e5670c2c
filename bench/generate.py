"""Links a second: ours in one batch beside stock Odoo's wizard, on the same invoices.

make bench
"""

import os
import time

N, STOCK = int(os.environ.get("N", "2000")), 200
env = env  # noqa: F821, PLW0127  given by `odoo shell`

provider = env["payment.provider"].search([("code", "=", "stripe")], limit=1)
provider.write(
    {"state": "test", "stripe_secret_key": "sk_test_x", "stripe_publishable_key": "pk_test_x"}
)
quiet = env(context={"tracking_disable": True, "mail_create_nolog": True})
partners = quiet["res.partner"].create([{"name": f"Customer {i}"} for i in range(N)])
lines = [(0, 0, {"name": "Visit", "price_unit": 10, "tax_ids": False})]
invoices = quiet["account.move"].create(
    [
        {
            "move_type": "out_invoice",
            "partner_id": partner.id,
            "invoice_date": "2026-01-01",
            "invoice_line_ids": lines,
        }
        for partner in partners
    ]
)
env.flush_all()
env.cr.execute("ANALYZE account_move, account_move_line, account_partial_reconcile")
for start in range(0, N, 100):
    invoices[start : start + 100].action_post()
invoices = invoices.with_env(env)
env.flush_all()
env.cr.execute("ANALYZE account_move, account_move_line, account_partial_reconcile")


def timed(work, count):
    """Milliseconds a link, from a cold cache, flushed to the database."""
    env.flush_all()
    env.invalidate_all()
    start = time.perf_counter()
    work()
    env.flush_all()
    return (time.perf_counter() - start) / count * 1000


def stock():
    for invoice in invoices[:STOCK]:
        wizard = env["payment.link.wizard"].with_context(
            active_model="account.move", active_id=invoice.id
        )
        wizard.create({}).link  # noqa: B018  computed


invoices[:10].generate_payment_links()
ours = timed(invoices[10:].generate_payment_links, N - 10)
again = timed(invoices[10:].generate_payment_links, N - 10)
theirs = timed(stock, STOCK)
print(f"{N - 10} links in one call:      {ours:7.3f} ms a link")
print(f"the same again (found):     {again:7.3f} ms a link")
print(f"stock wizard, one by one:   {theirs:7.3f} ms a link, {theirs / ours:.0f} times as long")
env.cr.rollback()
