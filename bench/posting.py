"""Posting 1,000 invoices with automatic links and sending on, beside off: a ratio, in one run.

make bench
"""

import os
from pathlib import Path

N, ROUNDS = int(os.environ.get("N", "1000")), int(os.environ.get("ROUNDS", "1"))
TICKS = os.sysconf("SC_CLK_TCK")
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


def cpu():
    """Seconds that this process and its connection's PostgreSQL have worked: what others do on the
    machine meanwhile does not count."""
    env.cr.execute("SELECT pg_backend_pid()")
    fields = Path(f"/proc/{env.cr.fetchone()[0]}/stat").read_text().rpartition(")")[2].split()
    return sum(os.times()[:2]) + (int(fields[11]) + int(fields[12])) / TICKS


def measure(automatic, how):
    """Milliseconds an invoice, from a cold cache until it is in the database."""
    company.paylinks_auto_create = automatic
    company.paylinks_auto_send = "both" if automatic else False
    together = how == "in one call"
    invoices = make_invoices(N if together else N // 5).with_env(env)
    env.cr.commit()
    env.cr.execute("ANALYZE account_move, account_move_line, account_partial_reconcile")
    env.invalidate_all()
    start = cpu()
    for some in [invoices] if together else invoices:
        some.action_post()
        if how == "each in a transaction of its own":
            env.cr.commit()
            env.invalidate_all()
    env.cr.commit()
    taken = cpu() - start
    made = env["payment.link"].search_count([("invoice_id", "in", invoices.ids)])
    if made != (len(invoices) if automatic else 0):
        raise SystemExit(f"{made} links were made for {len(invoices)} invoices")
    return taken * 1000 / len(invoices)


for how in ("in one call", "one by one", "each in a transaction of its own"):
    measure(True, how)  # warm up
    # Off, on, on, off: what slows the machine down slows both, and so does what is there already.
    times = {False: [], True: []}
    for automatic in (False, True, True, False) * ROUNDS:
        times[automatic].append(measure(automatic, how))
    off, on = min(times[False]), min(times[True])
    print(
        f"posted {how}: {off:6.2f} ms an invoice with automatic links off, {on:6.2f} with them on,"
        f" {100 * (on / off - 1):+.1f} %",
        flush=True,
    )
