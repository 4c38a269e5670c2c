"""Checkout sessions and what customers do with them."""

import threading
import time

import pytest
import stripe

from sandbox import Closed
from sandbox.testing import Bench

HOUR = 3600


@pytest.fixture
def bench():
    bench = Bench()
    yield bench
    bench.sandbox.assert_clean()


def test_a_new_session_is_open_and_has_no_intent_yet(bench):
    session = bench.open()
    assert session.status == "open"
    assert session.payment_status == "unpaid"
    assert session.payment_intent is None
    assert session.amount_total == 5000
    assert session.url.endswith(session.id)
    assert session.expires_at == session.created + 24 * HOUR
    assert session.customer_details.email == "ada@example.com"


def test_line_items_are_listed_and_expanded(bench):
    session = bench.open()
    listed = bench.api.checkout.sessions.line_items.list(session.id)
    assert [item.description for item in listed.data] == ["Invoice INV/2026/00001"]
    expanded = bench.session(session, "line_items")
    assert expanded.line_items.data[0].price.unit_amount == 5000


def test_paying_by_card_completes_the_session(bench):
    session = bench.open()
    outcome = bench.sandbox.customer.pay(session)
    assert outcome.status == "succeeded"
    assert outcome.redirect == f"https://erp.example.com/return?session={session.id}"
    paid = bench.session(session, "payment_intent.latest_charge.balance_transaction")
    assert (paid.status, paid.payment_status, paid.url) == ("complete", "paid", None)
    assert paid.payment_intent.description == "tx-1"
    charge = paid.payment_intent.latest_charge
    assert charge.paid
    assert charge.payment_method_details.card.last4 == "4242"
    assert charge.balance_transaction.net == 5000 - charge.balance_transaction.fee
    assert bench.events() == [
        "payment_intent.created",
        "charge.succeeded",
        "payment_intent.succeeded",
        "checkout.session.completed",
    ]


@pytest.mark.parametrize(
    ("card", "code", "decline_code", "words"),
    [
        ("4000000000000002", "card_declined", "generic_decline", "declined"),
        ("4000000000009995", "card_declined", "insufficient_funds", "insufficient funds"),
        ("4000000000000069", "expired_card", None, "expired"),
        ("4000000000000127", "incorrect_cvc", None, "security code is incorrect"),
        ("4000000000000119", "processing_error", None, "error occurred"),
        ("5105105105105100", "card_declined", "test_mode_live_card", "test mode"),
        ("4242424242424241", "incorrect_number", None, "number is invalid"),
    ],
)
def test_a_declined_card_leaves_the_session_payable(bench, card, code, decline_code, words):
    session = bench.open()
    outcome = bench.sandbox.customer.pay(session, card)
    assert (outcome.status, outcome.code, outcome.decline_code) == ("declined", code, decline_code)
    assert words in outcome.message
    still_open = bench.session(session, "payment_intent")
    assert still_open.status == "open"
    assert still_open.payment_intent.last_payment_error.message == outcome.message
    assert bench.sandbox.customer.pay(session).status == "succeeded"
    assert bench.session(session).payment_intent == still_open.payment_intent.id
    charges = bench.api.charges.list({"payment_intent": still_open.payment_intent.id}).data
    assert [charge.status for charge in charges] == ["succeeded", "failed"]


def test_3d_secure_is_passed_or_failed(bench):
    session = bench.open()
    outcome = bench.sandbox.customer.pay(session, "4000002760003184")
    assert outcome.status == "requires_action"
    assert bench.session(session, "payment_intent").payment_intent.next_action.redirect_to_url.url
    failed = bench.sandbox.customer.authenticate(session, passed=False)
    assert failed.status == "declined"
    assert "authenticate" in failed.message
    bench.sandbox.customer.pay(session, "4000002500003155")
    assert bench.sandbox.customer.authenticate(session).status == "succeeded"
    assert bench.session(session).payment_status == "paid"


def test_giving_a_challenge_up_and_paying_otherwise(bench):
    session = bench.open()
    bench.sandbox.customer.pay(session, "4000002760003184")
    assert bench.sandbox.customer.pay(session).status == "succeeded"


def test_a_complete_session_takes_no_second_payment(bench):
    session = bench.open()
    bench.sandbox.customer.pay(session)
    with pytest.raises(Closed) as closed:
        bench.sandbox.customer.pay(session)
    assert closed.value.status == "complete"
    with pytest.raises(stripe.InvalidRequestError, match='status in \\["open"\\]'):
        bench.api.checkout.sessions.expire(session.id)


def test_expiring_by_hand_cancels_the_waiting_intent(bench):
    session = bench.open()
    bench.sandbox.customer.pay(session, "4000000000000002")
    expired = bench.api.checkout.sessions.expire(session.id)
    assert (expired.status, expired.url) == ("expired", None)
    intent = bench.api.payment_intents.retrieve(expired.payment_intent)
    assert intent.status == "canceled"
    with pytest.raises(Closed):
        bench.sandbox.customer.pay(session)
    with pytest.raises(stripe.InvalidRequestError):
        bench.api.checkout.sessions.expire(session.id)


def test_the_clock_expires_sessions(bench):
    now = int(bench.clock.now())
    short = bench.open(expires_at=now + HOUR)
    long = bench.open()
    bench.clock.advance(HOUR - 1)
    assert bench.session(short).status == "open"
    bench.clock.advance(30 * HOUR)
    assert bench.session(short).status == "expired"
    assert bench.session(long).status == "expired"
    assert bench.events() == ["checkout.session.expired"] * 2
    newest, oldest = bench.api.events.list().data
    assert oldest.created == short.expires_at
    assert newest.created == long.expires_at


@pytest.mark.parametrize(("currency", "kind"), [("usd", "us_bank_account"), ("eur", "sepa_debit")])
def test_a_bank_debit_settles_later(bench, currency, kind):
    session = bench.open(currency=currency)
    outcome = bench.sandbox.customer.pay_by_bank(session)
    assert outcome.status == "processing"
    pending = bench.session(session, "payment_intent")
    assert (pending.status, pending.payment_status) == ("complete", "unpaid")
    assert pending.payment_intent.status == "processing"
    bench.sandbox.bank.settle(outcome.intent)
    settled = bench.session(session, "payment_intent.latest_charge")
    assert settled.payment_status == "paid"
    assert settled.payment_intent.latest_charge.payment_method_details.type == kind
    assert bench.events()[-1] == "checkout.session.async_payment_succeeded"


@pytest.mark.parametrize(
    ("currency", "account"), [("usd", "000111111116"), ("eur", "AT861904300235473202")]
)
def test_a_bank_debit_fails_by_the_clock(account, currency):
    bench = Bench(settle_after=60)
    session = bench.open(currency=currency)
    outcome = bench.sandbox.customer.pay_by_bank(session, account)
    bench.clock.advance(61)
    failed = bench.session(session, "payment_intent")
    assert (failed.status, failed.payment_status) == ("complete", "unpaid")
    assert failed.payment_intent.status == "requires_payment_method"
    assert failed.payment_intent.id == outcome.intent
    assert bench.events()[-2:] == [
        "payment_intent.payment_failed",
        "checkout.session.async_payment_failed",
    ]
    bench.sandbox.assert_clean()


def test_no_bank_debit_outside_dollars_and_euros(bench):
    session = bench.open(currency="gbp")
    assert session.payment_method_types == ["card"]
    with pytest.raises(ValueError, match="no bank debit"):
        bench.sandbox.customer.pay_by_bank(session)


@pytest.mark.parametrize(
    ("amount", "currency", "code"),
    [
        (49, "usd", "amount_too_small"),
        (29, "gbp", "amount_too_small"),
        (49, "jpy", "amount_too_small"),
        (100_000_000, "usd", "amount_too_large"),
        (10_001, "kwd", None),
        (10_050, "isk", None),
    ],
)
def test_amounts_that_cannot_be_charged(bench, amount, currency, code):
    with pytest.raises(stripe.InvalidRequestError) as refused:
        bench.open(amount, currency)
    assert refused.value.code == code
    assert refused.value.http_status == 400


@pytest.mark.parametrize(("amount", "currency"), [(50, "usd"), (50, "jpy"), (10_000, "isk")])
def test_amounts_that_can_be_charged(bench, amount, currency):
    assert bench.open(amount, currency).amount_total == amount


def test_what_is_not_played_is_refused(bench):
    for params in (
        {"discounts": [{"coupon": "x"}]},
        {"automatic_tax": {"enabled": True}},
        {"payment_intent_data": {"capture_method": "manual"}},
        {"mode": "setup"},
    ):
        with pytest.raises(stripe.InvalidRequestError, match="does not play"):
            bench.open(**params)


def test_sessions_are_listed_with_filters_and_pages(bench):
    sessions = [bench.open() for _index in range(5)]
    bench.sandbox.customer.pay(sessions[0])
    listed = bench.api.checkout.sessions.list({"limit": 2})
    assert [s.id for s in listed.data] == [sessions[4].id, sessions[3].id]
    assert listed.has_more
    after = {"limit": 2, "starting_after": sessions[3].id}
    assert [s.id for s in bench.api.checkout.sessions.list(after).data] == [
        sessions[2].id,
        sessions[1].id,
    ]
    before = {"limit": 1, "ending_before": sessions[2].id}
    page = bench.api.checkout.sessions.list(before)
    assert [s.id for s in page.data] == [sessions[3].id]
    assert page.has_more
    everything = bench.api.checkout.sessions.list({"limit": 2}).auto_paging_iter()
    assert len(list(everything)) == 5
    assert [s.id for s in bench.api.checkout.sessions.list({"status": "complete"}).data] == [
        sessions[0].id
    ]
    by_email = {"customer_details": {"email": "ada@example.com"}, "limit": 100}
    assert len(bench.api.checkout.sessions.list(by_email).data) == 5
    expanded = {"status": "complete", "expand": ["data.payment_intent"]}
    assert bench.api.checkout.sessions.list(expanded).data[0].payment_intent.status == "succeeded"


def test_a_missing_object_is_a_404(bench):
    with pytest.raises(stripe.InvalidRequestError, match=r"No such checkout.session") as missing:
        bench.api.checkout.sessions.retrieve("cs_test_nothing")
    assert (missing.value.http_status, missing.value.code) == (404, "resource_missing")


def test_the_intent_of_a_session_cannot_be_cancelled_alone(bench):
    session = bench.open()
    bench.sandbox.customer.pay(session, "4000000000000002")
    with pytest.raises(stripe.InvalidRequestError, match="Expire the Checkout Session"):
        bench.api.payment_intents.cancel(bench.session(session).payment_intent)


def test_many_customers_at_once_pay_a_session_once(bench):
    session = bench.open()
    outcomes = []

    def attempt():
        try:
            outcomes.append(bench.sandbox.customer.pay(session).status)
        except Closed as closed:
            outcomes.append(closed.status)

    threads = [threading.Thread(target=attempt) for _index in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["complete"] * 7 + ["succeeded"]
    assert len(bench.api.charges.list().data) == 1


def test_a_seed_makes_ids_repeatable():
    first, second = (Bench(seed=7).open().id for _time in range(2))
    assert first == second
    assert Bench(seed=8).open().id != first


def test_playing_is_quick(bench):
    """Thousands of histories are played on it: a create and a payment take a few milliseconds."""
    bench.sandbox.customer.pay(bench.open())
    started = time.perf_counter()
    for _index in range(50):
        bench.sandbox.customer.pay(bench.open())
    assert (time.perf_counter() - started) / 50 < 0.05
