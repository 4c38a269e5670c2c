"""Events and their deliveries."""

import json

import pytest
import stripe

from sandbox.testing import Bench


@pytest.fixture
def bench():
    bench = Bench(backoff=(1, 2, 4))
    yield bench
    bench.sandbox.assert_clean()


class Receiver:
    """An endpoint that checks signatures and answers as told."""

    def __init__(self, secret, *statuses):
        self.secret, self.statuses, self.events = secret, list(statuses), []

    def __call__(self, url, body, headers):
        event = stripe.Webhook.construct_event(
            body, headers["Stripe-Signature"], self.secret, tolerance=None
        )
        self.events.append(event)
        return self.statuses.pop(0) if self.statuses else 200

    @property
    def types(self):
        return [event.type for event in self.events]


def test_signed_events_of_the_types_an_endpoint_wants(bench):
    endpoint = bench.endpoint(["checkout.session.completed", "charge.succeeded"])
    session = bench.open()
    bench.sandbox.customer.pay(session)
    receiver = Receiver(endpoint.secret)
    assert bench.sandbox.webhooks.deliver(receiver) == 2
    assert receiver.types == ["charge.succeeded", "checkout.session.completed"]
    event = receiver.events[1]
    assert event.data.object.id == session.id
    assert event.data.object.payment_status == "paid"
    assert event.api_version == stripe.api_version
    assert (event.livemode, event.pending_webhooks) == (False, 1)
    assert bench.api.events.retrieve(event.id).pending_webhooks == 0


def test_an_event_is_a_snapshot(bench):
    session = bench.open(currency="eur")
    outcome = bench.sandbox.customer.pay_by_bank(session)
    bench.sandbox.bank.settle(outcome.intent)
    completed = bench.api.events.list({"type": "checkout.session.completed"}).data[0]
    assert completed.data.object.payment_status == "unpaid"


def test_an_event_tells_which_request_made_it(bench):
    session = bench.open()
    bench.api.checkout.sessions.expire(session.id, {}, {"idempotency_key": "close-1"})
    event = bench.api.events.list().data[0]
    assert event.request.idempotency_key == "close-1"
    assert event.request.id.startswith("req_")


def test_a_wrong_secret_is_noticed(bench):
    bench.endpoint()
    bench.sandbox.customer.pay(bench.open())
    with pytest.raises(stripe.SignatureVerificationError):
        bench.sandbox.webhooks.deliver(Receiver("whsec_other"))


def test_a_failed_delivery_is_tried_again_with_back_off(bench):
    endpoint = bench.endpoint(["checkout.session.expired"])
    bench.api.checkout.sessions.expire(bench.open().id)
    receiver = Receiver(endpoint.secret, 500, None, 303)
    for wait in (0, 1, 2, 4):
        bench.clock.advance(wait)
        assert bench.sandbox.webhooks.deliver(receiver) == 1
        assert bench.sandbox.webhooks.deliver(receiver) == 0
    assert len({event.id for event in receiver.events}) == 1
    assert bench.sandbox.webhooks.queue == []


def test_a_delivery_is_given_up_after_the_last_attempt(bench):
    endpoint = bench.endpoint(["checkout.session.expired"])
    bench.api.checkout.sessions.expire(bench.open().id)
    receiver = Receiver(endpoint.secret, *[500] * 9)
    for _time in range(9):
        bench.sandbox.webhooks.deliver(receiver)
        bench.clock.advance(10)
    assert len(receiver.events) == 4
    assert len(bench.sandbox.webhooks.failed) == 1
    undelivered = bench.api.events.list({"delivery_success": False}).data
    assert [event.type for event in undelivered] == ["checkout.session.expired"]
    bench.sandbox.webhooks.resend(undelivered[0].id)
    assert bench.sandbox.webhooks.deliver(Receiver(endpoint.secret)) == 1


def test_a_rotated_secret_signs_along_for_a_while(bench):
    endpoint = bench.endpoint(["checkout.session.expired"])
    new = bench.sandbox.dashboard.roll_secret(endpoint.id, overlap=3600)
    assert new != endpoint.secret
    for secret in (endpoint.secret, new):
        bench.api.checkout.sessions.expire(bench.open().id)
        assert bench.sandbox.webhooks.deliver(Receiver(secret)) == 1
    bench.clock.advance(3601)
    bench.api.checkout.sessions.expire(bench.open().id)
    with pytest.raises(stripe.SignatureVerificationError):
        bench.sandbox.webhooks.deliver(Receiver(endpoint.secret))
    assert bench.sandbox.webhooks.deliver(Receiver(new)) == 1


def test_delay_repeat_lose_and_reorder(bench):
    endpoint = bench.endpoint(["*"])
    hooks = bench.sandbox.webhooks
    hooks.delay(60, types="payment_intent.*")
    hooks.repeat(3, types="checkout.session.completed", times=1)
    hooks.lose(types="charge.*")
    hooks.reorder("reverse")
    bench.sandbox.customer.pay(bench.open())
    receiver = Receiver(endpoint.secret)
    hooks.deliver(receiver)
    assert receiver.types == ["checkout.session.completed"] * 3
    bench.clock.advance(60)
    hooks.deliver(receiver)
    assert receiver.types[3:] == ["payment_intent.succeeded", "payment_intent.created"]
    hooks.clear()
    bench.sandbox.customer.pay(bench.open())
    hooks.deliver(receiver)
    assert receiver.types[5:] == bench.events()[4:]


def test_events_are_listed_by_type_and_time(bench):
    bench.sandbox.customer.pay(bench.open())
    middle = int(bench.clock.now()) + 50
    bench.clock.advance(100)
    bench.sandbox.customer.pay(bench.open(), "4000000000000002")
    api = bench.api.events
    assert [e.type for e in api.list({"created": {"gt": middle}}).data] == [
        "payment_intent.payment_failed",
        "charge.failed",
        "payment_intent.created",
    ]
    assert len(api.list({"type": "payment_intent.*"}).data) == 4
    wanted = ["charge.succeeded", "charge.failed"]
    assert [e.type for e in api.list({"types": wanted}).data] == wanted[::-1]
    bench.clock.advance(32 * 86_400)
    assert api.list().data == []


def test_a_closed_endpoint_gets_nothing(bench):
    endpoint = bench.endpoint()
    bench.api.webhook_endpoints.update(endpoint.id, {"disabled": True})
    bench.sandbox.customer.pay(bench.open())
    assert bench.sandbox.webhooks.due() == []
    bench.api.webhook_endpoints.update(endpoint.id, {"disabled": False})
    bench.sandbox.customer.pay(bench.open())
    assert bench.sandbox.webhooks.due()
    assert bench.api.webhook_endpoints.delete(endpoint.id).deleted
    assert bench.sandbox.webhooks.due() == []


def test_the_secret_is_shown_once(bench):
    endpoint = bench.endpoint(["charge.succeeded"])
    assert endpoint.secret.startswith("whsec_")
    assert "secret" not in bench.api.webhook_endpoints.retrieve(endpoint.id).to_dict()
    assert "secret" not in bench.api.webhook_endpoints.list().data[0].to_dict()
    changed = bench.api.webhook_endpoints.update(endpoint.id, {"url": "https://new.example.com"})
    assert changed.url == "https://new.example.com"


def test_the_endpoints_api_version_is_that_of_its_events(bench):
    bench.api.webhook_endpoints.create(
        {"url": "https://a.example.com", "enabled_events": ["*"], "api_version": "2020-08-27"}
    )
    bench.sandbox.customer.pay(bench.open())
    assert json.loads(bench.sandbox.webhooks.due()[0].body)["api_version"] == "2020-08-27"


def test_crafted_events_for_tests_of_security(bench):
    session = bench.open().to_dict()
    body, headers = bench.sandbox.webhooks.craft(
        "checkout.session.completed", session, "whsec_x", livemode=True, account="acct_other"
    )
    event = stripe.Webhook.construct_event(body, headers["Stripe-Signature"], "whsec_x")
    assert (event.livemode, event.account) == (True, "acct_other")
    body, headers = bench.sandbox.webhooks.craft("charge.failed", {}, "whsec_x", timestamp=1)
    with pytest.raises(stripe.SignatureVerificationError, match="tolerance"):
        stripe.Webhook.construct_event(body, headers["Stripe-Signature"], "whsec_x")
