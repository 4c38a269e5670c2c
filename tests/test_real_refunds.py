"""Refunds with real servers: two presses at the same instant, one event in several connections, a
process that dies between Stripe's yes and the books."""

import requests

from dev.stack import SANDBOX_SECRET_KEY

from . import test_real_processes as servers
from .processes import SECONDS, at_once, eventually, meanwhile
from .test_real_processes import DEADLOCK, pay_unheard

running, office = servers.running, servers.office
invoice, link, token = servers.invoice, servers.link, servers.token
REFUNDS = "/v1/refunds"
WIZARD = "payment.link.refund"


def pay(office, invoice, token):
    """Pay the link, heard of by the schedule alone; return the attempt."""
    attempt, _session = pay_unheard(office, invoice, token)
    office.let_schedule_be_due(attempt)
    office.run_schedule()
    assert office.payments(invoice) == [100.0]
    return attempt


def fill_dialog(office, link, attempt, amount=30.0):
    return office.clerk.create(WIZARD, link_id=link, transaction_id=attempt, amount=amount)


def refunds_at_stripe(office, attempt):
    query = "SELECT provider_reference FROM payment_transaction WHERE id = %s"
    return requests.get(
        f"{office.stripe.url}{REFUNDS}",
        params={"payment_intent": office.value(query, attempt)},
        headers={"Authorization": f"Bearer {SANDBOX_SECRET_KEY}"},
        timeout=SECONDS,
    ).json()["data"]


def refund_events(office, refund):
    answer = requests.get(
        f"{office.stripe.url}/v1/events",
        params={"type": "refund.created"},
        headers={"Authorization": f"Bearer {SANDBOX_SECRET_KEY}"},
        timeout=SECONDS,
    )
    return [e for e in answer.json()["data"] if e["data"]["object"]["id"] == refund["id"]]


def refund_rows(office, attempt):
    """The refunds in Odoo: (state, whether Stripe's id is known)."""
    return office.stack.query(
        "SELECT state, provider_reference IS NOT NULL FROM payment_transaction"
        " WHERE source_transaction_id = %s ORDER BY id",
        [attempt],
    )


def let_refund_be_due(office, attempt):
    office.stack.query(
        "UPDATE payment_transaction SET checkout_check_at = '2020-01-01'"
        " WHERE source_transaction_id = %s AND checkout_check_at IS NOT NULL",
        [attempt],
    )
    office.run_schedule()


def assert_refunded_once(office, invoice, link, attempt):
    assert [refund["amount"] for refund in refunds_at_stripe(office, attempt)] == [3000]
    assert [tuple(row) for row in refund_rows(office, attempt)] == [("done", True)]
    assert sorted(office.payments(invoice)) == [30.0, 100.0]
    refunded = "SELECT amount_refunded::float FROM payment_link WHERE id = %s"
    assert office.value(refunded, link) == 30.0


def test_death_between_stripes_yes_and_the_books(office, invoice, link, token):
    attempt = pay(office, invoice, token)
    wizard = fill_dialog(office, link, attempt)
    office.stripe.order_fault("timeout", "POST", REFUNDS, after_effect=True)
    with meanwhile(office.clerk.call, WIZARD, "action_refund", [wizard]) as refunding:
        eventually(lambda: refunds_at_stripe(office, attempt), "no refund was made")
        office.crash()
    assert isinstance(refunding.exception(), requests.ConnectionError)
    assert [tuple(row) for row in refund_rows(office, attempt)] == [("draft", False)]
    assert office.payments(invoice) == [100.0]
    office.recover()
    let_refund_be_due(office, attempt)
    assert_refunded_once(office, invoice, link, attempt)


def test_death_before_stripe_heard_of_it(office, invoice, link, token):
    attempt = pay(office, invoice, token)
    wizard = fill_dialog(office, link, attempt)
    office.stripe.order_fault("timeout", "POST", REFUNDS)
    with meanwhile(office.clerk.call, WIZARD, "action_refund", [wizard]):
        office.stripe.await_fault()
        office.crash()
    assert not refunds_at_stripe(office, attempt)
    office.recover()
    let_refund_be_due(office, attempt)
    assert_refunded_once(office, invoice, link, attempt)


def test_the_same_dialog_pressed_twice_at_once(office, invoice, link, token):
    attempt = pay(office, invoice, token)
    wizard = fill_dialog(office, link, attempt)
    clerks = [office.new_clerk(), office.new_clerk()]
    office.stripe.order_fault("slow", "POST", REFUNDS, seconds=0.7)
    at_once(*[lambda clerk=clerk: press(clerk, wizard) for clerk in clerks])
    let_refund_be_due(office, attempt)
    assert_refunded_once(office, invoice, link, attempt)


def press(clerk, wizard):
    return clerk.call(WIZARD, "action_refund", [wizard])


def test_one_refund_in_five_connections(office, invoice, link, token):
    """Made in Stripe's dashboard; its event and the schedule all at the same instant."""
    attempt = pay(office, invoice, token)
    query = "SELECT provider_reference FROM payment_transaction WHERE id = %s"
    intent = office.value(query, attempt)
    refund = office.stripe.control("POST", f"intents/{intent}/refund", {"amount": 3000})
    [event] = refund_events(office, refund)
    deadlocks = office.count_logged(DEADLOCK)
    answers = at_once(*[lambda: office.post_event(event)] * 5)
    assert [answer.status_code for answer in answers] == [200] * 5
    assert office.count_logged(DEADLOCK) == deadlocks
    assert_refunded_once(office, invoice, link, attempt)
