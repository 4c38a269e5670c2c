"""Posting 1,000 invoices with automatic links and sending on, beside off: a ratio, in one run.

make bench
"""

import os
import time

N, ROUNDS = int(os.environ.get("N", "1000")), 2
env = env  # noqa: F821, PLW0127  given by `odoo shell`

provider = env["payment.provider"].search([("code", "=", "stripe")], limit=1)
provider.write(
    {"state": "test", "stripe_secret_key": "sk_test_x", "stripe_publishable_key": "pk_test_x"}
)
company = env.company
quiet = env(context={"tracking_disable": True, "mail_create_nolog": True})
partners = quiet["res.partner"].create(
    [{"name": f"Customer {i}", "email": f"c{i}@example.com"} for i in range(100)]
)


def make_invoices(count):
    lines = [(0, 0, {"name": "Visit", "price_unit": 10, "tax_ids": False})]
    return quiet["account.move"].create(
        [
            {
                "move_type": "out_invoice",
                "partner_id": partners[i % 100].id,
                "invoice_line_ids": lines,
            }
            for i in range(count)
        ]
    )


def measure(automatic, together):
    """Milliseconds an invoice, from a cold cache, flushed to the database; all is taken back."""
    company.paylinks_auto_create = automatic
    company.paylinks_auto_send = "both" if automatic else False
    env.flush_all()
    savepoint = env.cr.savepoint(flush=False)
    invoices = make_invoices(N if together else N // 5).with_env(env)
    env.flush_all()
    env.cr.execute("ANALYZE account_move, account_move_line, account_partial_reconcile")
    env.invalidate_all()
    start = time.perf_counter()
    if together:
        invoices.action_post()
    else:
        for invoice in invoices:
            invoice.action_post()
    env.flush_all()
    taken = time.perf_counter() - start
    made = env["payment.link"].search_count([("invoice_id", "in", invoices.ids)])
    if made != (len(invoices) if automatic else 0):
        raise SystemExit(f"{made} links were made for {len(invoices)} invoices")
    savepoint.close(rollback=True)
    env.invalidate_all(flush=False)
    return taken * 1000 / len(invoices)


for together in (True, False):
    measure(True, together)  # warm up
    # Off, on, on, off: what slows the machine down slows both.
    times = {False: [], True: []}
    for automatic in (False, True, True, False) * ROUNDS:
        times[automatic].append(measure(automatic, together))
    off, on = min(times[False]), min(times[True])
    how = "in one call" if together else "one by one"
    print(
        f"posted {how}: {off:6.2f} ms an invoice with automatic links off, {on:6.2f} with them on,"
        f" {100 * (on / off - 1):+.1f} %"
    )
env.cr.rollback()
