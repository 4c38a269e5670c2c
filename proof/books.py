"""What Stripe says, held against the books: nothing lost, nothing twice, nothing left hanging."""

from collections import Counter, defaultdict, namedtuple
from email.utils import parseaddr

from .shop import AMOUNT

Row = namedtuple("Row", "ref, state, amount, currency")
Finding = namedtuple("Finding", "kind, ref, text")  # kind: lost, twice or wrong

POSTED = ("in_process", "paid")
SENT = ("sent", "handed", "delivered", "opened")
MOVED = """
SELECT tx.provider_reference, p.state, p.amount::float, c.name
  FROM account_payment p
  JOIN res_currency c ON c.id = p.currency_id
  LEFT JOIN payment_transaction tx ON tx.id = p.payment_transaction_id
 WHERE p.payment_type = %s
"""
BALANCES = """
SELECT line.partner_id, sum(line.balance)::float
  FROM account_move_line line JOIN account_account a ON a.id = line.account_id
 WHERE a.account_type = 'asset_receivable' AND line.parent_state = 'posted'
 GROUP BY line.partner_id
"""


def compare(shop):
    """Hold everything that Stripe tells against the books.

    :return: findings, none when all is well
    """
    payments = [i for i in shop.list_all("payment_intents") if i["status"] == "succeeded"]
    refunds = [refund for refund in shop.list_all("refunds") if refund["status"] == "succeeded"]
    found = _match(shop, "inbound", [(i["id"], i["amount_received"]) for i in payments])
    found += _match(shop, "outbound", [(r["id"], r["amount"]) for r in refunds])
    found += _check_customers(shop)
    found += _check_links(shop, payments)
    found += _check_left_over(shop)
    found += _check_sessions(shop)
    found += _check_emails(shop)
    broken = shop.stripe.violations()
    return found + [Finding("wrong", "", f"broke Stripe's contract: {text}") for text in broken]


def _match(shop, direction, at_stripe):
    """Each movement at Stripe is one posted payment of that amount; and no payment is without."""
    booked, found = defaultdict(list), []
    for values in shop.stack.query(MOVED, [direction]):
        row = Row(*values)
        if row.state in POSTED:
            booked[row.ref].append(row)
    for ref, amount in at_stripe:
        rows = booked.pop(ref, [])
        if not rows:
            found.append(Finding("lost", ref, f"{direction} {amount} is not in the books"))
        elif len(rows) > 1:
            found.append(Finding("twice", ref, f"{direction}: {len(rows)} payments"))
        elif (round(rows[0].amount * 100), rows[0].currency) != (amount, "USD"):
            found.append(Finding("wrong", ref, f"{direction} {amount} booked as {rows[0]}"))
    for ref, rows in booked.items():
        found.append(Finding("twice", ref or "", f"{direction}: {rows} without Stripe's"))
    return found


def _check_customers(shop):
    """A customer owes what was invoiced, less credit notes and payments, plus what went back."""
    due = Counter()
    documents = shop.stack.query(
        "SELECT partner_id, move_type, amount_total::float, amount_residual::float"
        " FROM account_move WHERE state = 'posted' AND move_type IN ('out_invoice', 'out_refund')"
    )
    found = []
    for partner, kind, total, residual in documents:
        due[partner] += total if kind == "out_invoice" else -total
        if residual < 0 or residual > total:
            found.append(Finding("wrong", "", f"{kind} of customer {partner} owes {residual}"))
    for direction, sign in (("inbound", -1), ("outbound", 1)):
        for partner, amount in shop.stack.query(
            "SELECT partner_id, amount::float FROM account_payment"
            " WHERE payment_type = %s AND state IN %s",
            [direction, POSTED],
        ):
            due[partner] += sign * amount
    balances = dict(shop.stack.query(BALANCES))
    for partner, amount in due.items():
        if round(amount - balances.get(partner, 0), 2):
            text = f"customer {partner} owes {balances.get(partner)} instead of {amount}"
            found.append(Finding("wrong", "", text))
    return found


def _check_links(shop, payments):
    """A link is paid when Stripe has its money, else still active; and it says how much."""
    have = {intent["metadata"]["paylinks_key"]: intent["amount_received"] for intent in payments}
    rows = shop.stack.query(
        "SELECT l.name, l.state, l.amount_paid::float, array_agg(tx.checkout_key)"
        " FROM payment_link l LEFT JOIN payment_transaction tx ON tx.payment_link_id = l.id"
        " GROUP BY l.id"
    )
    found = []
    for name, state, amount, keys in rows:
        paid = sum(have.get(key, 0) for key in keys if key) / 100
        expected = "paid" if paid >= AMOUNT else "active"
        if (state, amount) != (expected, paid):
            text = f"link {name} is {state} with {amount}, not {expected} with {paid}"
            found.append(Finding("wrong", "", text))
    return found


HANGING = {
    "payment for ever on its way": (
        "SELECT reference FROM payment_transaction WHERE state IN ('pending', 'authorized')"
        " OR (state = 'done' AND NOT is_post_processed)"
    ),
    "refund without an outcome": (
        "SELECT reference FROM payment_transaction WHERE operation = 'refund' AND state = 'draft'"
    ),
    "event that was not dealt with": (
        "SELECT event_ref FROM payment_link_event WHERE state IN ('received', 'failed')"
    ),
    "message for ever on its way": (
        "SELECT id::text FROM payment_link_message WHERE state IN ('sending', 'queued')"
    ),
    "interrupted message that nobody is told of": (
        # A notice tells staff that money came, which the link says by itself.
        "SELECT m.id::text FROM payment_link_message m"
        " WHERE m.state = 'unknown' AND m.kind != 'notice' AND NOT EXISTS ("
        " SELECT FROM mail_activity a WHERE a.res_model = 'payment.link' AND a.res_id = m.link_id)"
    ),
}


def _check_left_over(shop):
    return [
        Finding("wrong", ref, what)
        for what, statement in HANGING.items()
        for ref in shop.column(statement)
    ]


def _check_sessions(shop):
    """No customer has two pages open."""
    sessions = shop.stripe.control("GET", "sessions?status=open")
    count = Counter(session["customer_email"] for session in sessions)
    return [
        Finding("wrong", email, f"{number} pages are open")
        for email, number in count.items()
        if number > 1
    ]


def _check_emails(shop):
    """No email went out more often than it was asked for; what was noted as sent, did."""
    taken = Counter(parseaddr(str(message["To"]))[1] for message in shop.mail.messages)
    sent, uncertain = Counter(), Counter()
    for address, state in shop.stack.query(
        "SELECT l.email, m.state FROM payment_link_message m"
        " JOIN payment_link l ON l.id = m.link_id WHERE m.channel = 'email'"
    ):
        sent[address] += state in SENT
        uncertain[address] += state == "unknown"
    return [
        Finding("wrong", address, f"{taken[address]} emails for {sent[address]} sent ones")
        for address in sent
        if not sent[address] <= taken[address] <= sent[address] + uncertain[address]
    ]


def count(shop):
    """Return how much there is: {what: number}."""
    statements = {
        "payments": "SELECT count(*) FROM account_payment WHERE payment_type = 'inbound'",
        "refunds": "SELECT count(*) FROM account_payment WHERE payment_type = 'outbound'",
        "attempts": "SELECT count(*) FROM payment_transaction WHERE operation != 'refund'",
        "events": "SELECT count(*) FROM payment_link_event",
        "emails": "SELECT count(*) FROM payment_link_message WHERE channel = 'email'",
    }
    return {what: shop.value(statement) for what, statement in statements.items()}
