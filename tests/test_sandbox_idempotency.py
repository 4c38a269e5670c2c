"""Idempotency keys, as Stripe documents them."""

import threading

import pytest
import stripe

from sandbox import Sandbox, SystemClock
from sandbox.testing import Bench

KEY = {"idempotency_key": "attempt-1"}
HEADERS = {"Authorization": "Bearer sk_test_1", "Idempotency-Key": "k"}


@pytest.fixture
def bench():
    return Bench(retries=0)


def test_the_first_answer_is_replayed(bench):
    first = bench.open(options=KEY)
    again = bench.open(options=KEY)
    assert again.id == first.id
    assert again.last_response.headers["Idempotent-Replayed"] == "true"
    assert "Idempotent-Replayed" not in first.last_response.headers
    assert len(bench.api.checkout.sessions.list().data) == 1


def test_the_replay_is_what_was_answered_then(bench):
    first = bench.open(options=KEY)
    bench.sandbox.customer.pay(first)
    assert bench.open(options=KEY).status == "open"


def test_other_parameters_are_an_error(bench):
    bench.open(options=KEY)
    with pytest.raises(stripe.IdempotencyError, match="same parameters") as refused:
        bench.open(amount=6000, options=KEY)
    assert refused.value.http_status == 400


def test_the_order_of_parameters_does_not_matter():
    sandbox = Sandbox()
    first = sandbox.handle("POST", "/v1/customers", b"name=Ada&email=a@b.co", HEADERS)
    again = sandbox.handle("POST", "/v1/customers", b"email=a@b.co&name=Ada", HEADERS)
    assert first.json() == again.json()


def test_an_error_of_the_execution_is_replayed(bench):
    for _time in range(2):
        with pytest.raises(stripe.InvalidRequestError, match="at least") as refused:
            bench.open(amount=10, options=KEY)
    assert refused.value.headers["Idempotent-Replayed"] == "true"


def test_what_was_refused_before_the_execution_is_not_kept(bench):
    with pytest.raises(stripe.InvalidRequestError):
        bench.open(ui_mode="hosted", options=KEY)
    assert bench.open(options=KEY).status == "open"


def test_a_wrong_key_is_not_kept():
    sandbox = Sandbox(keys={"sk_test_right"})
    wrong = {"Authorization": "Bearer sk_test_wrong", "Idempotency-Key": "k"}
    assert sandbox.handle("POST", "/v1/customers", b"", wrong).status == 401
    right = {"Authorization": "Bearer sk_test_right", "Idempotency-Key": "k"}
    assert sandbox.handle("POST", "/v1/customers", b"", right).status == 200


def test_a_server_error_after_the_effect_is_replayed(bench):
    bench.sandbox.faults.add("error", "POST", "/v1/checkout/sessions", after_effect=True)
    for _time in range(2):
        with pytest.raises(stripe.APIError) as failed:
            bench.open(options=KEY)
        assert failed.value.http_status == 500
    assert len(bench.api.checkout.sessions.list().data) == 1


def test_a_server_error_before_the_effect_is_not_kept(bench):
    bench.sandbox.faults.add("error", "POST", "/v1/checkout/sessions")
    with pytest.raises(stripe.APIError):
        bench.open(options=KEY)
    assert bench.open(options=KEY).status == "open"


def test_keys_are_kept_for_a_day(bench):
    customer = bench.api.customers.create({}, KEY)
    bench.clock.advance(23 * 3600)
    assert bench.api.customers.create({}, KEY).id == customer.id
    bench.clock.advance(2 * 3600)
    assert bench.api.customers.create({}, KEY).id != customer.id


def test_a_key_may_have_255_characters(bench):
    assert bench.api.customers.create({}, {"idempotency_key": "k" * 255}).id
    with pytest.raises(stripe.IdempotencyError):
        bench.api.customers.create({}, {"idempotency_key": "k" * 256})


def test_concurrent_use_of_a_key_is_a_conflict():
    sandbox = Sandbox(SystemClock())
    sandbox.faults.add("slow", "POST", "/v1/customers", seconds=0.4)
    answers = []
    slow = threading.Thread(
        target=lambda: answers.append(sandbox.handle("POST", "/v1/customers", b"", HEADERS))
    )
    slow.start()
    conflict = sandbox.handle("POST", "/v1/customers", b"", HEADERS)
    for _attempt in range(100):  # the slow one may not have begun yet
        if conflict.status == 409:
            break
        threading.Event().wait(0.01)
        conflict = sandbox.handle("POST", "/v1/customers", b"", HEADERS)
    slow.join()
    statuses = {conflict.status, answers[0].status}
    assert statuses == {200, 409}
    body = (conflict if conflict.status == 409 else answers[0]).json()
    assert body["error"]["code"] == "idempotency_key_in_use"
    assert sandbox.handle("POST", "/v1/customers", b"", HEADERS).status == 200
    assert len(sandbox.store.all("customer")) == 1
