"""Requests, answers and events are held to the contract of the installed SDK."""

import json

import pytest
import stripe

from sandbox import Sandbox, objects
from sandbox.contract import installed_contract
from sandbox.http import decode_form
from sandbox.testing import Bench, session_params

JSON = {"Authorization": "Bearer sk_test_x"}


@pytest.fixture
def bench():
    return Bench()


def test_the_contract_is_that_of_the_sdk():
    contract = installed_contract()
    assert contract.version == stripe.api_version
    assert contract.sdk_version == stripe.VERSION


@pytest.mark.parametrize(
    ("params", "kind", "code", "param"),
    [
        (
            {"payment_method_types": ["card"]},
            "unknown",
            "parameter_unknown",
            "payment_method_types",
        ),
        ({"ui_mode": "hosted"}, "enum", None, "ui_mode"),
        ({"success_url": None}, "missing", "parameter_missing", "success_url"),
        ({"line_items": None}, "missing", "parameter_missing", "line_items"),
        ({"expires_at": "soon"}, "type", "parameter_invalid_integer", "expires_at"),
        ({"client_reference_id": "x" * 201}, "length", None, "client_reference_id"),
        ({"client_reference_id": ""}, "empty", "parameter_invalid_empty", "client_reference_id"),
        ({"customer_email": "nobody"}, "rule", "email_invalid", "customer_email"),
        ({"metadata": {"k": "v" * 501}}, "length", None, "metadata[k]"),
        ({"metadata": {"k" * 41: "v"}}, "length", None, f"metadata[{'k' * 41}]"),
        ({"metadata": {str(i): "v" for i in range(51)}}, "rule", None, "metadata"),
        (
            {"payment_intent_data": {"description": "x" * 1001}},
            *("length", None, "payment_intent_data[description]"),
        ),
        (
            {"payment_intent_data": {"statement_descriptor_suffix": "<1>"}},
            *("rule", None, "payment_intent_data[statement_descriptor_suffix]"),
        ),
        (
            {
                "line_items": [
                    {"price_data": {"currency": "usd", "unit_amount": 100}, "quantity": 1}
                ]
            },
            *("rule", None, "line_items[0][price_data]"),
        ),
    ],
)
def test_a_request_that_breaks_the_contract(bench, params, kind, code, param):
    full = session_params(**params)
    with pytest.raises(stripe.InvalidRequestError) as refused:
        bench.api.checkout.sessions.create({k: v for k, v in full.items() if v is not None})
    assert refused.value.http_status == 400
    assert (refused.value.code, refused.value.param) == (code, param)
    assert [violation.problem.kind for violation in bench.sandbox.violations] == [kind]
    with pytest.raises(AssertionError, match="POST /v1/checkout/sessions"):
        bench.sandbox.assert_clean()


@pytest.mark.parametrize("seconds", [60, 30 * 60 - 1, 24 * 3600 + 1])
def test_a_session_lives_from_half_an_hour_to_a_day(bench, seconds):
    with pytest.raises(stripe.InvalidRequestError, match="expires_at"):
        bench.open(expires_at=int(bench.clock.now()) + seconds)


def test_an_unknown_operation_is_seen(bench):
    with pytest.raises(stripe.InvalidRequestError, match="Unrecognized request URL"):
        bench.api.balance.retrieve()
    assert "GET /v1/balance" in str(bench.sandbox.violations[0])


def test_another_api_version_is_seen():
    sandbox = Sandbox()
    headers = {**JSON, "Stripe-Version": "2019-05-16"}
    assert sandbox.handle("GET", "/v1/account", headers=headers).status == 400
    assert "2019-05-16" in str(sandbox.violations[0])


def test_malformed_forms_are_seen():
    sandbox = Sandbox()
    for body in (b"email=a@b.co&email=c@d.co", b"[x]=1", b"metadata=1&metadata[a]=2"):
        assert sandbox.handle("POST", "/v1/customers", body, JSON).status == 400
    assert len({violation.problem.where for violation in sandbox.violations}) >= 3


def test_forms_are_decoded_as_stripe_does():
    tree, problems = decode_form(b"a[0][b]=1&a[0][c]=2&e[]=x&e[]=y&f[][g]=1&f[][h]=2&f[][g]=3&i=")
    assert problems == []
    assert tree == {
        "a": {"0": {"b": "1", "c": "2"}},
        "e": {"0": "x", "1": "y"},
        "f": {"0": {"g": "1", "h": "2"}, "1": {"g": "3"}},
        "i": "",
    }


def _break(monkeypatch, name, change):
    genuine = getattr(objects, name)

    def broken(*args, **kwargs):
        value = genuine(*args, **kwargs)
        change(value)
        return value

    monkeypatch.setattr(objects, name, broken)


@pytest.mark.parametrize(
    ("change", "kind"),
    [
        (lambda customer: customer.update(colour="red"), "unknown"),
        (lambda customer: customer.pop("created"), "missing"),
        (lambda customer: customer.update(balance="much"), "type"),
        (lambda customer: customer.update(tax_exempt="perhaps"), "type"),
        (lambda customer: customer["invoice_settings"].update(footer=3), "type"),
    ],
)
def test_an_answer_that_breaks_the_contract_turns_red(monkeypatch, change, kind):
    bench = Bench(retries=0)
    _break(monkeypatch, "customer", change)
    with pytest.raises(stripe.APIError) as failed:
        bench.api.customers.create({"email": "ada@example.com"})
    assert failed.value.http_status == 500
    sides = {violation.side for violation in bench.sandbox.violations}
    assert sides == {"answer", "event"}
    assert {violation.problem.kind for violation in bench.sandbox.violations} == {kind}


def test_an_event_that_breaks_the_contract_turns_red(monkeypatch, bench):
    _break(monkeypatch, "charge", lambda charge: charge.update(status="perhaps"))
    bench.sandbox.customer.pay(bench.open())
    bench.sandbox.assert_clean()  # succeeded overwrote it
    _break(monkeypatch, "payment_intent", lambda intent: intent.update(amount="5000"))
    with pytest.raises(TypeError):
        bench.sandbox.customer.pay(bench.open())
    with pytest.raises(AssertionError, match=r"payment_intent.created"):
        bench.sandbox.assert_clean()


def test_made_up_event_types_turn_red(bench):
    bench.sandbox.emit("payment_intent.dreamt", bench.sandbox.account)
    with pytest.raises(AssertionError, match=r"payment_intent.dreamt"):
        bench.sandbox.assert_clean()


def test_wrong_expansions_are_refused(bench):
    session = bench.open()
    for path in ("colour", "amount_total", "amount_total.x", "payment_intent.x.y.z.a"):
        with pytest.raises(stripe.InvalidRequestError, match="expand"):
            bench.session(session, path)


def test_keys(bench):
    sandbox = Sandbox(keys={"sk_test_right"})
    for key, words in (
        ("sk_test_wrong", "Invalid API Key"),
        ("sk_live_real", "refuses live keys"),
        ("", "did not provide"),
    ):
        answer = sandbox.handle("GET", "/v1/account", headers={"Authorization": f"Bearer {key}"})
        assert answer.status == 401
        assert words in json.loads(answer.body)["error"]["message"]
    right = {"Authorization": "Bearer sk_test_right"}
    assert sandbox.handle("GET", "/v1/account", headers=right).status == 200
    other = {**right, "Stripe-Account": "acct_other"}
    assert sandbox.handle("GET", "/v1/account", headers=other).status == 403
    with pytest.raises(stripe.AuthenticationError):
        Bench(key="sk_live_1").api.accounts.retrieve_current()


def test_a_restricted_account_takes_no_payments():
    bench = Bench(account={"charges_enabled": False})
    assert not bench.api.accounts.retrieve_current().charges_enabled
    with pytest.raises(stripe.InvalidRequestError, match="cannot currently make charges"):
        bench.open()
    bench.sandbox.dashboard.change_account(charges_enabled=True)
    assert bench.open().status == "open"
    bench.sandbox.assert_clean()
