"""Two expired links of one invoice are renewed at the same instant, on running servers."""

from concurrent.futures import ThreadPoolExecutor
from re import search

import pytest
import requests

from dev.stack import Stack, clone_for_test, drop_database

from .processes import SECONDS, Office, eventually

WAITING = (
    "SELECT pid FROM pg_stat_activity"
    " WHERE datname = current_database() AND cardinality(pg_blocking_pids(pid)) > 0"
)


@pytest.fixture(scope="module")
def office():
    """The servers; no schedule runs, so that what is asked for can be counted."""
    database = clone_for_test("renewal")
    try:
        with Stack(database, name="renewal", options=("--max-cron-threads=0",)) as stack:
            stack.configure_stripe()
            yield Office(stack)
    finally:
        drop_database(database)


def expired_part(office, invoice):
    """Make a link for a part whose time is over; return its token."""
    link = office.make_part_link(invoice, 40.0)
    office.stack.query(
        "UPDATE payment_link SET state = 'expired', expires_at = now() - interval '1 day'"
        " WHERE id = %s RETURNING id",
        [link],
    )
    return office.token(link)


def prepared_request(office, token):
    """A browser with the page of an expired link open, the finger on the button."""
    http = requests.Session()
    address = f"{office.stack.odoo_url}/pay/{token}"
    page = http.get(address, timeout=SECONDS)
    form = {"csrf_token": search(r'name="csrf_token" value="([^"]+)"', page.text)[1]}
    return lambda: http.post(f"{address}/renew", form, timeout=SECONDS)


def test_two_links_of_an_invoice_send_one_message(office):
    invoice = office.make_invoice(100.0)
    tokens = [expired_part(office, invoice) for _link in range(2)]
    presses = [prepared_request(office, token) for token in tokens]
    with ThreadPoolExecutor(2) as pool:
        with office.held_up("account_move", "id", invoice.id):
            asking = [pool.submit(press) for press in presses]
            eventually(lambda: len(office.column(WAITING)) == 2, "both wait for the invoice")
        answers = [answer.result(SECONDS) for answer in asking]
    for answer in answers:
        assert answer.status_code == 200
        assert "A new link is on its way" in answer.text
    query = (
        "SELECT m.id FROM payment_link_message m JOIN payment_link l ON m.link_id = l.id"
        " WHERE l.invoice_id = %s"
    )
    assert len(office.column(query, invoice.id)) == 1
