"""The hub on 1,000 links and on 100,000: list, search and figures, as the web client asks for them.

make bench
"""

import time

from lxml import etree
from odoo.http import root
from odoo.tools.safe_eval import safe_eval
from werkzeug.test import Client

env = env  # noqa: F821, PLW0127  given by `odoo shell`

FEW, MANY, RUNS = 1_000, 100_000, 40
PAGE = 80  # rows of a page, as Odoo's lists have them
TROUBLED = 200  # one link in so many calls for a person
LINKS_A_CUSTOMER, DAYS = 5, 3 * 365
# By age in days and chance: most links are long paid or expired, two or three of a hundred open.
STATES = """CASE WHEN age < 45 AND chance < 0.55 THEN 'active' WHEN age < 45 AND chance < 0.57
    THEN 'processing' WHEN chance < 0.80 THEN 'paid' WHEN chance < 0.86 THEN 'settled'
    WHEN chance < 0.97 THEN 'expired' ELSE 'cancelled' END"""

# A clerk, and one record of each kind made by Odoo: the others are copies of its row.
provider = env["payment.provider"].search([("code", "=", "stripe")], limit=1)
provider.write(
    {"state": "test", "stripe_secret_key": "sk_test_x", "stripe_publishable_key": "pk_test_x"}
)
clerk = env["res.users"].create(
    {
        "name": "Clerk",
        "login": "bench",
        "password": "bench-bench",
        "group_ids": [
            (4, env.ref("serviceflow_paylinks.group_payments_create").id),
            (4, env.ref("account.group_account_invoice").id),
        ],
    }
)
customer = env["res.partner"].create({"name": "Bench", "country_id": env.ref("base.us").id})
line = (0, 0, {"name": "Visit", "price_unit": 120, "tax_ids": False})
invoice = env["account.move"].create(
    {
        "move_type": "out_invoice",
        "partner_id": customer.id,
        "invoice_date": "2026-01-01",
        "invoice_line_ids": [line],
    }
)
invoice.action_post()
link = invoice.generate_payment_links()
attempt = env["payment.transaction"].create(
    {
        "provider_id": provider.id,
        "payment_method_id": env.ref("payment.payment_method_card").id,
        "amount": 120,
        "currency_id": link.currency_id.id,
        "partner_id": customer.id,
        "reference": "bench",
        "payment_link_id": link.id,
        "operation": "online_redirect",
        "state": "cancel",
    }
)
activity = link.activity_schedule("mail.mail_activity_data_warning", user_id=clerk.id)
env.cr.commit()
PATTERNS = {
    "res_partner": customer.id,
    "account_move": invoice.id,
    "payment_link": link.id,
    "payment_transaction": attempt.id,
    "mail_activity": activity.id,
}
FIRST = dict.fromkeys(PATTERNS)  # The id of each kind's number 1.


def copy_rows(table, numbers, values):
    """Insert copies of the pattern's row, one for each number ``i``, the last one the newest.

    :param dict values: {column: SQL of its value}; may use i, age, chance and fate
    """
    pairs = ", ".join(f"'{column}', {value}" for column, value in values.items())
    env.cr.execute(
        f"""INSERT INTO {table} SELECT copy.* FROM {table} pattern, LATERAL (
                   SELECT *, {STATES} AS fate FROM (
                   SELECT i, (%s - i)::float / %s * {DAYS} AS age,
                          (i * 7919 %% 1000) / 1000.0 AS chance
                     FROM generate_series(%s, %s) i) made) made,
                   LATERAL jsonb_populate_record(pattern, jsonb_build_object({pairs})) copy
             WHERE pattern.id = %s""",
        [numbers[1], numbers[1], *numbers, PATTERNS[table]],
    )


def number(table):
    """Return the SQL of the id of the copy ``i``."""
    if FIRST[table] is None:
        env.cr.execute(f"SELECT max(id) FROM {table}")
        FIRST[table] = env.cr.fetchone()[0]
    return f"{FIRST[table]} + i"


def build(done, total):
    """Bring the number of links from ``done`` to ``total``, made evenly over three years."""
    made = (done + 1, total)
    customers = (done // LINKS_A_CUSTOMER + 1, total // LINKS_A_CUSTOMER)
    copy_rows(
        "res_partner",
        customers,
        {
            "id": number("res_partner"),
            "name": "'Nora Whitfield ' || i",
            "complete_name": "'Nora Whitfield ' || i",
            "email": "'nora' || i || '@example.com'",
            "email_normalized": "'nora' || i || '@example.com'",
            "phone_sanitized": "'+1202' || lpad((5550000 + i)::text, 7, '0')",
            "commercial_partner_id": number("res_partner"),
        },
    )
    who = f"{FIRST['res_partner']} + (i - 1) / {LINKS_A_CUSTOMER} + 1"
    day = "(now() AT TIME ZONE 'UTC' - age * interval '1 day')"
    paid = "fate IN ('paid', 'settled')"
    copy_rows(
        "account_move",
        made,
        {
            "id": number("account_move"),
            "name": "'INV/' || lpad(i::text, 7, '0')",
            "sequence_number": "i",
            "partner_id": who,
            "commercial_partner_id": who,
            "amount_residual": f"CASE WHEN {paid} THEN 0 ELSE 120 END",
            "payment_state": f"CASE WHEN {paid} THEN 'paid' ELSE 'not_paid' END",
        },
    )
    paid_at = f"{day} + chance * interval '9 days'"
    sent = f"CASE WHEN chance < 0.95 THEN {day} + interval '10 minutes' END"
    copy_rows(
        "payment_link",
        made,
        {
            "id": number("payment_link"),
            "name": "'PL/B/' || lpad(i::text, 7, '0')",
            "token": "'bench' || i",
            "invoice_id": number("account_move"),
            "partner_id": who,
            "user_id": f"CASE WHEN i %% 3 = 0 THEN {clerk.id} ELSE 2 END",
            "email": f"'nora' || (i - 1) / {LINKS_A_CUSTOMER} + 1 || '@example.com'",
            "phone": f"'+1202' || 5550000 + (i - 1) / {LINKS_A_CUSTOMER} + 1",
            "state": "fate",
            "create_date": day,
            "expires_at": f"{day} + interval '45 days'",
            "sent_at": sent,
            "first_sent_at": sent,
            "sent_channel": "CASE WHEN chance < 0.95 THEN 'email' END",
            "opened_at": f"CASE WHEN chance < 0.9 THEN {day} + interval '2 hours' END",
            "open_count": "CASE WHEN chance < 0.9 THEN 2 ELSE 0 END",
            "paid_at": f"CASE WHEN fate = 'paid' THEN {paid_at} END",
            "last_payment_at": f"CASE WHEN fate = 'paid' THEN {paid_at} END",
            "amount_paid": "CASE WHEN fate = 'paid' THEN 120 ELSE 0 END",
            "amount_refunded": "0",
            "attempt_count": "CASE WHEN fate IN ('paid', 'processing') THEN 1 ELSE 0 END",
        },
    )
    copy_rows(
        "payment_transaction",
        made,
        {
            "id": number("payment_transaction"),
            "reference": "'bench-' || i",
            "payment_link_id": f"{FIRST['payment_link']} + i",
            "partner_id": who,
            "state": "CASE fate WHEN 'paid' THEN 'done' WHEN 'processing' THEN 'pending'"
            " ELSE 'cancel' END",
            "is_post_processed": "fate = 'paid'",
            "checkout_paid_at": f"CASE WHEN fate = 'paid' THEN {paid_at} END",
        },
    )
    troubled = (done // TROUBLED + 1, total // TROUBLED)
    copy_rows(
        "mail_activity",
        troubled,
        {
            "id": number("mail_activity"),
            "res_id": f"{FIRST['payment_link']} + i * {TROUBLED}",
        },
    )
    env.cr.execute(
        """INSERT INTO account_invoice_transaction_rel (transaction_id, invoice_id)
           SELECT tx.id, link.invoice_id FROM payment_transaction tx
             JOIN payment_link link ON link.id = tx.payment_link_id
           ON CONFLICT DO NOTHING"""
    )
    settle()


def settle():
    """As the autovacuum leaves the tables some minutes later."""
    env.cr.commit()
    env.cr._cnx.autocommit = True
    env.cr.execute(f"VACUUM ANALYZE {', '.join(PATTERNS)}, account_invoice_transaction_rel")
    env.cr._cnx.autocommit = False


def specification():
    """Return what the web client asks for with each row of the list."""
    model = env(user=clerk)["payment.link"]
    view = model.get_views([(False, "list")])
    fields = view["models"]["payment.link"]["fields"]
    names = etree.fromstring(view["views"]["list"]["arch"]).xpath("//field/@name")
    return {
        name: {"fields": {"display_name": {}}} if fields[name]["type"] == "many2one" else {}
        for name in names
    }


def call(route, **params):
    """Answer one JSON request as the server does, and return the result."""
    body = {"jsonrpc": "2.0", "method": "call", "params": params}
    answer = CLIENT.post(route, json=body, environ_base={"REMOTE_ADDR": "127.0.0.1"}).json
    assert "result" in answer, answer
    return answer["result"]


def ask(method, *args, **kwargs):
    """Return milliseconds of a clerk's request, from the HTTP layer to the answer, the best of
    some; and how many rows came."""
    best = None
    for _run in range(RUNS):
        start = time.perf_counter()
        result = call(
            f"/web/dataset/call_kw/payment.link/{method}",
            model="payment.link",
            method=method,
            args=args,
            kwargs=kwargs,
        )
        took = (time.perf_counter() - start) * 1000
        best = min(best or took, took)
    return best, len(result.get("records", ()))


def filters():
    """Return the filters of the hub's search view: {what it says: its domain}."""
    arch = env(user=clerk)["payment.link"].get_view(None, "search")["arch"]
    return {
        f"filter: {node.get('string')}": safe_eval(node.get("domain"), {"uid": clerk.id})
        for node in etree.fromstring(arch).iter("filter")
        if node.get("domain") and node.get("name") != "not_deleted"
    }


def measure(last):
    """Return the milliseconds of each request, and its rows.

    :param int last: a link that exists, to be looked for
    """
    default = [("state", "!=", "cancelled")]
    who = (last - 1) // LINKS_A_CUSTOMER + 1
    searches = {
        "list": [],
        "search: customer": [("partner_id", "child_of", f"Whitfield {who}")],
        "search: phone": [("search_phone", "ilike", f"(202) {5550000 + who}")],
        "search: email": [("email", "ilike", f"nora{who}@")],
        "search: document": [("search_document", "ilike", f"INV/{last:07}")],
        "search: reference": [("name", "ilike", f"B/{last:07}")],
        "search: anything": [("search_all", "ilike", f"Whitfield {who}")],
        **filters(),
    }
    fields = specification()
    figures = {
        name: ask(
            "web_search_read",
            domain=default + domain,
            specification=fields,
            limit=PAGE,
            count_limit=10001,
        )
        for name, domain in searches.items()
    }
    figures["figures"] = ask("get_hub_overview")
    return figures


CLIENT = Client(root)
call("/web/session/authenticate", db=env.cr.dbname, login="bench", password="bench-bench")
build(0, FEW)
few = measure(FEW - 1)
build(FEW, MANY)
many = measure(MANY // 2)
print(f"{'milliseconds (rows)':32}{FEW:>14,}{MANY:>16,}     times")
for name, (before, rows) in few.items():
    after, more = many[name]
    print(f"{name:32}{before:8.1f} ({rows:2}){after:10.1f} ({more:2}){after / before:10.2f}")
