"""Faults on order, seen through the SDK with its own retries."""

import pytest
import stripe

from sandbox.testing import Bench

CREATE = ("POST", "/v1/checkout/sessions")


@pytest.fixture
def bench():
    bench = Bench(retries=2)
    yield bench
    bench.sandbox.assert_clean()


def sessions(bench):
    return len(bench.sandbox.store.all("checkout.session"))


@pytest.mark.parametrize("after_effect", [False, True])
@pytest.mark.parametrize("kind", ["timeout", "reset"])
def test_a_lost_answer_is_retried_and_made_once(bench, kind, after_effect):
    bench.sandbox.faults.add(kind, *CREATE, times=2, after_effect=after_effect)
    assert bench.open().status == "open"
    assert bench.http.calls == [CREATE] * 3
    assert sessions(bench) == 1


@pytest.mark.parametrize("kind", ["timeout", "reset", "refused"])
def test_the_sdk_gives_up_after_its_retries(bench, kind):
    bench.sandbox.faults.add(kind, *CREATE, times=3)
    with pytest.raises(stripe.APIConnectionError, match="Network error"):
        bench.open()
    assert len(bench.http.calls) == 3
    assert sessions(bench) == 0
    assert bench.open().status == "open"


def test_a_server_error_before_the_effect_is_retried(bench):
    bench.sandbox.faults.add("error", *CREATE)
    assert bench.open().status == "open"
    assert len(bench.http.calls) == 2


def test_a_server_error_after_the_effect_stays_with_its_key(bench):
    bench.sandbox.faults.add("error", *CREATE, after_effect=True)
    with pytest.raises(stripe.APIError):
        bench.open()
    assert len(bench.http.calls) == 3
    assert sessions(bench) == 1


def test_a_rate_limit_is_retried_only_when_told(bench):
    bench.sandbox.faults.add("rate_limit", *CREATE)
    with pytest.raises(stripe.RateLimitError):
        bench.open()
    assert len(bench.http.calls) == 1
    bench.sandbox.faults.add("rate_limit", *CREATE, should_retry=True)
    assert bench.open().status == "open"


def test_a_lock_timeout(bench):
    bench.sandbox.faults.add("lock", *CREATE, times=3)
    with pytest.raises(stripe.APIError) as failed:
        bench.open()
    assert failed.value.http_status == 409
    assert failed.value.error.code == "lock_timeout"


def test_a_key_without_the_permission(bench):
    bench.sandbox.faults.add("forbidden", "POST", "/v1/webhook_endpoints")
    with pytest.raises(stripe.PermissionError):
        bench.endpoint()


def test_garbage(bench):
    bench.sandbox.faults.add("garbage", "GET", "/v1/account")
    with pytest.raises(stripe.APIError, match="Invalid response body"):
        bench.api.accounts.retrieve_current()


def test_slow_within_the_timeout_and_beyond(bench):
    started = bench.clock.now()
    bench.sandbox.faults.add("slow", *CREATE, seconds=9)
    assert bench.open().status == "open"
    assert bench.clock.now() == started + 9
    bench.sandbox.faults.add("slow", *CREATE, seconds=11)
    assert bench.open().status == "open"  # the retry finds the answer under its key
    assert sessions(bench) == 2


def test_an_outage_until_it_is_cleared(bench):
    session = bench.open()
    bench.sandbox.faults.outage()
    for _time in range(3):
        with pytest.raises(stripe.APIConnectionError):
            bench.session(session)
    bench.sandbox.faults.clear()
    assert bench.session(session).status == "open"


def test_faults_choose_by_method_and_path(bench):
    session = bench.open()
    bench.sandbox.faults.add("error", "POST", "/v1/checkout/sessions/*/expire", times=None)
    assert bench.session(session).status == "open"
    with pytest.raises(stripe.APIError):
        bench.api.checkout.sessions.expire(session.id)


def test_unknown_faults_are_refused(bench):
    with pytest.raises(ValueError, match="unknown fault"):
        bench.sandbox.faults.add("plague")
