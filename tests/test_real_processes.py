"""Invariants 1, 3 and 5 with real servers: Odoo, PostgreSQL and Stripe's stand-in as processes.

Many connections at the same instant, a process that dies in the middle, and transactions that
PostgreSQL refuses. Nothing is patched: what waits, waits for a slow Stripe or for a row lock.
"""

import pytest
import requests

from dev.stack import Stack, clone_for_test, drop_database

from .processes import Office, at_once, eventually, meanwhile

SESSIONS = "/v1/checkout/sessions"
ONE_SESSION = f"{SESSIONS}/*"
OVERLAP = 0.7  # seconds that Stripe takes, so that the calls of two requests overlap
RAN_AGAIN = "tries left, try again in"  # odoo/service/model.py says so in the log
DEADLOCK = "deadlock detected"
SLOW = 2.5  # seconds that Stripe takes at worst: longer than the SDK's own retries


@pytest.fixture(scope="module")
def running():
    """The servers, with Stripe connected. No schedule runs but those that a test runs."""
    database = clone_for_test("processes")
    stack = Stack(
        database,
        name="processes",
        options=("--max-cron-threads=0",),
        sandbox_options=("--backoff", ",".join("1" * 20)),
    )
    try:
        with stack:
            stack.configure_stripe()
            yield Office(stack)
    finally:
        drop_database(database)


@pytest.fixture
def office(running):
    """The servers, undisturbed; after the test, nothing has broken Stripe's contract."""
    running.stripe.control("POST", "webhooks/clear", {})
    if not running.stack.odoo.running:
        running.stack.start_odoo()
    yield running
    running.stripe.control("DELETE", "faults")
    assert not running.stripe.violations()


@pytest.fixture
def invoice(office):
    """An invoice of 100.00."""
    return office.make_invoice(100.0)


@pytest.fixture
def link(office, invoice):
    """The invoice's balance link."""
    return office.make_link(invoice)


@pytest.fixture
def token(office, link):
    """What the link's address ends with."""
    return office.token(link)


def prepared_clicks(office, *tokens):
    """One connection for each token, the page open, the finger on the button."""
    browsers = []
    for token in tokens:
        browsers.append(office.new_browser())
        browsers[-1].open(token)
    return [browser.press for browser in browsers]


def open_checkout(office, invoice, token):
    """Click, and return (the attempt's id, the session's id)."""
    answer = office.new_browser().click(token)
    assert answer.status_code == 303, answer.text
    attempt = office.attempts(invoice)[-1]
    return attempt, office.checkout_ref(attempt)


def pay_unheard(office, invoice, token):
    """Click and pay on Stripe's page, which tells nobody; return (attempt, session)."""
    office.stripe.hush()
    attempt, session = open_checkout(office, invoice, token)
    office.stripe.pay(session)
    return attempt, session


def assert_one_session(office, invoice, answers):
    """All clicks led to the one session of the one attempt."""
    assert [answer.status_code for answer in answers] == [303] * len(answers)
    [session] = office.stripe.sessions(invoice)
    assert session["status"] == "open"
    assert {answer.headers["Location"] for answer in answers} == {session["url"]}
    [attempt] = office.attempts(invoice)
    assert office.checkout_ref(attempt) == session["id"]


def assert_paid_once(office, invoice):
    """The money is in the books exactly once, and the invoice is paid by it."""
    assert office.payments(invoice) == [100.0]
    assert office.payment_state(invoice) == "paid"


def await_payment(office, invoice):
    """Wait for Stripe's events to be processed."""
    eventually(lambda: office.payments(invoice), "no event booked the payment")


# -- clicks at the same instant --


@pytest.mark.parametrize("seconds", [0, 0, OVERLAP])
def test_clicks_at_once_share_one_session(office, invoice, token, seconds):
    """Three connections, one link."""
    if seconds:
        office.stripe.order_fault("slow", "POST", seconds=seconds)
    answers = at_once(*prepared_clicks(office, token, token, token))
    assert_one_session(office, invoice, answers)


def test_click_while_another_waits_for_a_slow_stripe(office, invoice, token):
    """The second click neither opens a second session nor is sent away."""
    first, second = prepared_clicks(office, token, token)
    office.stripe.order_fault("slow", "POST", seconds=SLOW)
    with meanwhile(first) as clicking:
        office.stripe.await_fault()
        answer = second()
    assert_one_session(office, invoice, [clicking.result(), answer])


@pytest.mark.parametrize("seconds", [0, 0, OVERLAP])
def test_two_links_of_one_invoice_at_once(office, invoice, token, seconds):
    """Balance and part: the older page is closed before the newer opens, whoever wins."""
    part = office.token(office.make_part_link(invoice, 40.0))
    clicks = prepared_clicks(office, token, part)
    if seconds:
        office.stripe.order_fault("slow", "POST", seconds=seconds)
    with office.stripe.watch(invoice) as most:
        answers = at_once(*clicks)
    assert [answer.status_code for answer in answers] == [303, 303]
    assert most == [1], "two pages were open at the same time"
    [session] = office.stripe.sessions(invoice, "open")
    assert session["url"] in {answer.headers["Location"] for answer in answers}


def test_clicks_on_different_invoices_do_not_meet(office):
    """Customers of different invoices never wait for each other."""
    invoices = [office.make_invoice() for _number in range(4)]
    tokens = [office.token(office.make_link(invoice)) for invoice in invoices]
    reruns = office.count_logged(RAN_AGAIN)
    answers = at_once(*prepared_clicks(office, *tokens))
    for invoice, answer in zip(invoices, answers, strict=True):
        assert_one_session(office, invoice, [answer])
    assert office.count_logged(RAN_AGAIN) == reruns, "a click had to wait for a stranger's"


# -- messengers at the same instant --


def test_one_event_five_times_in_parallel(office, invoice, token):
    attempt, session = pay_unheard(office, invoice, token)
    [event] = office.stripe.events(session)
    answers = at_once(*[lambda: office.post_event(event)] * 5)
    assert [answer.status_code for answer in answers] == [200] * 5
    assert office.ledger(attempt) == {"done": 1}
    assert_paid_once(office, invoice)


@pytest.mark.parametrize("seconds", [0, OVERLAP])
def test_webhook_return_and_schedule_at_once(office, invoice, token, seconds):
    attempt, session = pay_unheard(office, invoice, token)
    [event] = office.stripe.events(session)
    office.let_schedule_be_due(attempt)
    if seconds:
        office.stripe.order_fault("slow", "GET", ONE_SESSION, times=3, seconds=seconds)
    deadlocks = office.count_logged(DEADLOCK)
    event_answer, page, _nothing = at_once(
        lambda: office.post_event(event),
        lambda: office.new_browser().come_back(token, session),
        office.run_schedule,
    )
    assert (event_answer.status_code, page.status_code) == (200, 303)
    assert office.count_logged(DEADLOCK) == deadlocks, "the messengers take locks crosswise"
    assert office.ledger(attempt) == {"done": 1}
    assert_paid_once(office, invoice)
    office.run_schedule()
    assert_paid_once(office, invoice)


def test_schedule_holds_no_lock_while_it_asks_stripe(office, invoice, token):
    """Clicks and webhooks do not wait for a slow Stripe that somebody else has asked."""
    attempt, _session = pay_unheard(office, invoice, token)
    office.let_schedule_be_due(attempt)
    office.stripe.order_fault("slow", "GET", ONE_SESSION, seconds=SLOW)
    with meanwhile(office.run_schedule):
        office.stripe.await_fault()
        office.change_elsewhere("payment_transaction", attempt)
    office.run_schedule()
    assert_paid_once(office, invoice)


# -- the process dies --


def test_death_after_stripe_opened_the_session(office, invoice, token):
    """The customer clicks again, gets the session of before, pays, and it is booked once."""
    [press] = prepared_clicks(office, token)
    office.stripe.order_fault("timeout", "POST", after_effect=True)
    with meanwhile(press) as clicking:
        [session] = eventually(lambda: office.stripe.sessions(invoice), "no session was opened")
        office.crash()
    assert isinstance(clicking.exception(), requests.ConnectionError)
    [attempt] = office.attempts(invoice)
    assert not office.checkout_ref(attempt), "Odoo knew of the session before it died"
    office.recover()
    assert_one_session(office, invoice, [office.new_browser().click(token)])
    office.stripe.pay(session["id"])
    await_payment(office, invoice)
    assert_paid_once(office, invoice)


def test_death_before_the_call_and_nobody_clicks_again(office, invoice, token):
    """The schedule finds out what became of the attempt, and frees the link in the end."""
    [press] = prepared_clicks(office, token)
    office.stripe.order_fault("timeout", "POST")
    with meanwhile(press):
        office.stripe.await_fault()
        office.crash()
    assert not office.stripe.sessions(invoice)
    [attempt] = office.attempts(invoice)
    office.recover()
    office.stripe.hush()
    office.let_schedule_be_due(attempt)
    office.run_schedule()
    for session in office.stripe.sessions(invoice, "open"):
        office.stripe.control("POST", f"sessions/{session['id']}/expire")
    office.let_schedule_be_due(attempt)
    office.run_schedule()
    _attempt, session = open_checkout(office, invoice, token)
    assert [opened["id"] for opened in office.stripe.sessions(invoice, "open")] == [session]
    assert len(office.attempts(invoice)) == 2, "the first attempt has ended"


def test_death_in_the_webhook_and_stripe_sends_it_again(office, invoice, token):
    _attempt, session = open_checkout(office, invoice, token)
    office.stripe.order_fault("timeout", "GET", ONE_SESSION)
    office.stripe.pay(session)
    office.stripe.await_fault()
    office.crash()
    assert not office.payments(invoice)
    office.recover()
    await_payment(office, invoice)
    eventually(lambda: not office.stripe.control("GET", "webhooks")["queue"], "not all delivered")
    assert_paid_once(office, invoice)


def test_death_in_the_webhook_and_the_ledger_remembers(office, invoice, token):
    """Nobody sends the event again: the schedule finds the row that was committed first."""
    attempt, session = pay_unheard(office, invoice, token)
    [event] = office.stripe.events(session)
    office.stripe.order_fault("timeout", "GET", ONE_SESSION)
    with meanwhile(office.post_event, event) as posting:
        office.stripe.await_fault()
        office.crash()
    assert isinstance(posting.exception(), requests.ConnectionError)
    states = office.column("SELECT state FROM payment_link_event WHERE event_ref = %s", event["id"])
    assert states == ["received"]
    office.recover()
    office.stack.query("UPDATE payment_link_event SET write_date = '2020-01-01'")
    office.run_schedule()
    assert office.ledger(attempt) == {"done": 1}
    assert_paid_once(office, invoice)


# -- PostgreSQL refuses a transaction --


@pytest.mark.parametrize("table", ["payment_link", "payment_transaction"])
def test_click_runs_again_after_a_serialization_failure(office, invoice, link, token, table):
    """PostgreSQL refuses what Stripe has answered: the request runs again, with the same call."""
    [press] = prepared_clicks(office, token)
    reruns = office.count_logged(RAN_AGAIN)
    office.stripe.order_fault("slow", "POST", seconds=OVERLAP)
    with meanwhile(press) as clicking:
        office.stripe.await_fault()
        [attempt] = office.attempts(invoice)
        rows = {"payment_link": link, "payment_transaction": attempt}
        with office.held_up(table, "id", rows[table], change=True) as somebody_waits:
            eventually(somebody_waits, "the click takes no lock on the row")
    assert_one_session(office, invoice, [clicking.result()])
    assert office.count_logged(RAN_AGAIN) > reruns, "PostgreSQL refused nothing"


def test_webhook_runs_again_after_a_serialization_failure(office, invoice, link, token):
    """As for the click; the event is read, verified and processed a second time."""
    attempt, session = pay_unheard(office, invoice, token)
    [event] = office.stripe.events(session)
    reruns = office.count_logged(RAN_AGAIN)
    office.stripe.order_fault("slow", "GET", ONE_SESSION, seconds=OVERLAP)
    with meanwhile(office.post_event, event) as posting:
        office.stripe.await_fault()
        with office.held_up("payment_link", "id", link, change=True) as somebody_waits:
            eventually(somebody_waits, "the webhook takes no lock on the link")
    assert posting.result().status_code == 200
    assert office.ledger(attempt) == {"done": 1}
    assert_paid_once(office, invoice)
    assert office.count_logged(RAN_AGAIN) > reruns, "PostgreSQL refused nothing"


@pytest.mark.parametrize("amount", [30.0, 100.0])
def test_page_opened_while_a_bank_transfer_is_booked(office, invoice, token, amount):
    """The transfer's transaction cannot see the attempt, the click cannot see the transfer; still
    nobody is left with a page that asks for more than is owed."""
    model = "account.payment.register"
    register = {"active_model": "account.move", "active_ids": [invoice.id]}
    wizard = office.clerk.call(model, "create", vals_list=[{"amount": amount}], context=register)
    [press] = prepared_clicks(office, token)
    with (
        meanwhile(office.clerk.call, model, "action_create_payments", wizard) as booking,
        office.held_up("account_move_line", "move_id", invoice.id) as somebody_waits,
    ):
        eventually(somebody_waits, "the transfer does not wait for the invoice's rows")
        assert press().status_code == 303
    booking.result()
    assert office.payments(invoice) == [amount]
    office.run_schedule()
    asked = [session["amount_total"] / 100 for session in office.stripe.sessions(invoice, "open")]
    assert sum(asked) <= 100.0 - amount, "a page asks for what is paid already"


# -- many links at once --


def test_bulk_generation_from_two_connections(office):
    """The same invoices, the same links; one open balance link an invoice."""
    invoices = [office.make_invoice().id for _number in range(4)]
    clerks = [office.new_clerk(), office.new_clerk()]
    first, second = at_once(
        *[
            lambda clerk=clerk: clerk.call("account.move", "generate_payment_links", invoices)
            for clerk in clerks
        ]
    )
    assert first == second
    made = "SELECT invoice_id FROM payment_link WHERE invoice_id IN %s ORDER BY invoice_id"
    assert office.column(made, tuple(invoices)) == invoices


# -- worker processes --


@pytest.fixture
def workers(office):
    """The same, served by two processes instead of threads."""
    stack = office.stack
    stack.workers = 2
    stack.restart_odoo()
    yield office
    stack.workers = 0
    stack.stop_odoo()


def test_worker_processes(workers, invoice, token):
    """As with threads: clicks at once, then the same event five times."""
    answers = at_once(*prepared_clicks(workers, token, token, token))
    assert_one_session(workers, invoice, answers)
    [attempt] = workers.attempts(invoice)
    workers.stripe.hush()
    session = workers.checkout_ref(attempt)
    workers.stripe.pay(session)
    [event] = workers.stripe.events(session)
    answers = at_once(*[lambda: workers.post_event(event)] * 5)
    assert [answer.status_code for answer in answers] == [200] * 5
    assert workers.ledger(attempt) == {"done": 1}
    assert_paid_once(workers, invoice)
