"""The very first payments of a company, at the same instant: each is booked."""

from contextlib import ExitStack

import pytest

from dev.stack import Stack, clone_for_test, drop_database

from .processes import Office, eventually, meanwhile

WAITING = "SELECT pid FROM pg_stat_activity WHERE cardinality(pg_blocking_pids(pid)) > 0"


@pytest.fixture
def office():
    """Odoo where nobody has paid yet."""
    database = clone_for_test("first")
    stack = Stack(database, name="first", options=("--max-cron-threads=0",))
    try:
        with stack:
            stack.configure_stripe()
            yield Office(stack)
    finally:
        drop_database(database)


def test_the_first_two_payments_at_once(office):
    """Odoo ties the provider to its journal with the first payment; two ties stop all payments."""
    office.stripe.hush()
    invoices, events = [], []
    for _customer in range(2):
        invoice = office.make_invoice()
        invoices.append(invoice)
        office.new_browser().click(office.token(office.make_link(invoice)))
        session = office.checkout_ref(office.attempts(invoice)[-1])
        office.stripe.pay(session)
        events += office.stripe.events(session)
    with ExitStack() as messengers:
        first = messengers.enter_context(meanwhile(office.post_event, events[0]))
        with office.held_up("account_move_line", "move_id", invoices[0].id) as somebody_waits:
            eventually(somebody_waits, "the first payment does not wait for its invoice's rows")
            second = messengers.enter_context(meanwhile(office.post_event, events[1]))
            eventually(
                lambda: second.done() or len(office.column(WAITING)) > 1,
                "the second payment neither waits nor is booked",
            )
    assert [first.result().status_code, second.result().status_code] == [200, 200]
    assert [office.payments(invoice) for invoice in invoices] == [[100.0], [100.0]]
    third = office.make_invoice()
    office.new_browser().click(office.token(office.make_link(third)))
    session = office.checkout_ref(office.attempts(third)[-1])
    office.stripe.pay(session)
    office.post_event(*office.stripe.events(session))
    assert office.payments(third) == [100.0]
