"""Saved cards with real servers: two clerks, a double click, a crash. One charge each time."""

import pytest
import requests

from dev.stack import SANDBOX_SECRET_KEY

from .processes import SYNC, at_once, eventually, meanwhile
from .test_real_processes import invoice, office, running  # noqa: F401

INTENTS = "/v1/payment_intents"
SLOW = 1.5  # seconds that Stripe takes, so that the second press comes meanwhile
WIZARD = "payment.link.generate"


@pytest.fixture
def card(office, invoice):  # noqa: F811
    """A card that the invoice's customer has saved: (the token's id, Stripe's customer)."""

    def post(path, **data):
        headers = {"Authorization": f"Bearer {SANDBOX_SECRET_KEY}"}
        return requests.post(office.stripe.url + path, data, headers=headers, timeout=10).json()

    owner = post("/v1/customers", name="Ada Payer")["id"]
    saved = post("/v1/payment_methods/pm_card_visa/attach", customer=owner)["id"]
    provider = "SELECT id FROM payment_provider WHERE code = 'stripe' AND state = 'test'"
    method = "SELECT id FROM payment_method WHERE code = 'card'"
    token = office.clerk.create(
        "payment.token",
        provider_id=office.value(provider),
        payment_method_id=office.value(method),
        partner_id=invoice.partner,
        payment_details="4242",
        provider_ref=owner,
        stripe_payment_method=saved,
    )
    return token, owner


def open_dialog(office, invoice, **values):  # noqa: F811
    """The dialog of direct payment on the invoice, as its form saves it."""
    values = {"invoice_ids": [[6, 0, [invoice.id]]], "is_collect": True, **values}
    return office.clerk.create(WIZARD, method="direct", **values)


def press(clerk, wizard):
    """What presses Charge, on a connection of its own."""
    return lambda: clerk.try_call(WIZARD, "action_charge", [wizard])


def charges(office, owner):  # noqa: F811
    """The amounts that Stripe has taken from the customer's card."""
    answer = requests.get(
        office.stripe.url + INTENTS,
        params={"customer": owner},
        headers={"Authorization": f"Bearer {SANDBOX_SECRET_KEY}"},
        timeout=10,
    )
    return [i["amount_received"] for i in answer.json()["data"] if i["status"] == "succeeded"]


def assert_charged_once(office, invoice, owner):  # noqa: F811
    eventually(lambda: office.payments(invoice), "nothing was booked")
    assert charges(office, owner) == [10000]
    assert office.payments(invoice) == [100.0]
    assert office.payment_state(invoice) == "paid"


@pytest.mark.parametrize("seconds", [0, SLOW])
def test_double_click(office, invoice, card, seconds):  # noqa: F811
    """The same dialog, twice at the same instant."""
    _token, owner = card
    wizard = open_dialog(office, invoice)
    if seconds:
        office.stripe.order_fault("slow", "POST", INTENTS, seconds=seconds)
    answers = at_once(press(office.clerk, wizard), press(office.new_clerk(), wizard))
    assert [answer.status_code for answer in answers] == [200, 200]
    assert_charged_once(office, invoice, owner)


@pytest.mark.parametrize("seconds", [0, SLOW])
@pytest.mark.parametrize("part", [{}, {"amount_choice": "other", "amount": 100.0}])
def test_two_clerks_at_once(office, invoice, card, seconds, part):  # noqa: F811
    _token, owner = card
    wizards = [open_dialog(office, invoice, **part) for _clerk in range(2)]
    if seconds:
        office.stripe.order_fault("slow", "POST", INTENTS, seconds=seconds)
    at_once(press(office.clerk, wizards[0]), press(office.new_clerk(), wizards[1]))
    assert_charged_once(office, invoice, owner)


def test_two_clerks_with_the_same_part(office, invoice, card):  # noqa: F811
    """40 of 100, twice at once: the second is told, not charged."""
    _token, owner = card
    part = {"amount_choice": "other", "amount": 40.0}
    wizards = [open_dialog(office, invoice, **part) for _clerk in range(2)]
    office.stripe.order_fault("slow", "POST", INTENTS, seconds=SLOW)
    answers = at_once(press(office.clerk, wizards[0]), press(office.new_clerk(), wizards[1]))
    assert sorted(answer.status_code for answer in answers) == [200, 422]
    assert charges(office, owner) == [4000]
    assert office.payments(invoice) == [40.0]


def test_customer_clicks_while_the_card_is_charged(office, invoice, card):  # noqa: F811
    _token, owner = card
    link = office.make_link(invoice)
    wizard, browser = open_dialog(office, invoice), office.new_browser()
    browser.open(office.token(link))
    office.stripe.order_fault("slow", "POST", INTENTS, seconds=SLOW)
    with meanwhile(press(office.clerk, wizard)) as charging:
        office.stripe.await_fault()
        answer = browser.press()
    assert charging.result().status_code == 200
    assert answer.status_code in (303, 503)
    assert not office.stripe.sessions(invoice, "open"), "no page beside the charge"
    assert_charged_once(office, invoice, owner)


def test_death_after_stripe_charged(office, invoice, card):  # noqa: F811
    """Between Stripe's yes and our commit: the schedule finds the charge, and books it once."""
    _token, owner = card
    wizard = open_dialog(office, invoice)
    office.stripe.hush()
    office.stripe.order_fault("timeout", "POST", INTENTS, after_effect=True)
    with meanwhile(press(office.clerk, wizard)) as charging:
        eventually(lambda: charges(office, owner), "nothing was charged")
        office.crash()
    assert isinstance(charging.exception(), requests.ConnectionError)
    [attempt] = office.attempts(invoice)
    assert not office.checkout_ref(attempt), "Odoo knew of the charge before it died"
    office.recover()
    office.stripe.hush()
    office.let_schedule_be_due(attempt)
    office.run_schedule(SYNC)
    assert_charged_once(office, invoice, owner)
    assert office.attempts(invoice) == [attempt]


def test_charge_runs_again_after_a_serialization_failure(office, invoice, card):  # noqa: F811
    """PostgreSQL refuses what Stripe has answered: Odoo runs the request again, and it is the
    same charge."""
    _token, owner = card
    wizard = open_dialog(office, invoice)
    office.stripe.hush()
    office.stripe.order_fault("slow", "POST", INTENTS, seconds=SLOW)
    with meanwhile(press(office.clerk, wizard)) as charging:
        office.stripe.await_fault()
        [attempt] = office.attempts(invoice)
        with office.held_up("payment_transaction", "id", attempt, change=True) as somebody_waits:
            eventually(somebody_waits, "the charge takes no lock on its attempt")
    assert charging.result().status_code == 200
    assert_charged_once(office, invoice, owner)
