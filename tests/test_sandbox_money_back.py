"""Refunds, disputes, customers and their saved cards."""

import pytest
import stripe

from sandbox.testing import Bench, session_params


@pytest.fixture
def bench():
    bench = Bench()
    yield bench
    bench.sandbox.assert_clean()


@pytest.fixture
def intent(bench):
    return bench.sandbox.customer.pay(bench.open()).intent


def test_partial_refunds_and_the_rest(bench, intent):
    first = bench.api.refunds.create({"payment_intent": intent, "amount": 1500})
    assert (first.status, first.amount) == ("succeeded", 1500)
    partly = bench.api.charges.retrieve(first.charge)
    assert (partly.amount_refunded, partly.refunded) == (1500, False)
    rest = bench.sandbox.dashboard.refund(intent)
    assert rest["amount"] == 3500
    charge = bench.api.charges.list({"payment_intent": intent, "expand": ["data.refunds"]}).data[0]
    assert (charge.amount_refunded, charge.refunded) == (5000, True)
    assert [refund.amount for refund in charge.refunds.data] == [3500, 1500]
    assert [r.id for r in bench.api.refunds.list({"payment_intent": intent}).data] == [
        rest["id"],
        first.id,
    ]
    with pytest.raises(stripe.InvalidRequestError, match="already been refunded") as refused:
        bench.api.refunds.create({"payment_intent": intent})
    assert refused.value.code == "charge_already_refunded"


def test_refunds_that_are_refused(bench, intent):
    with pytest.raises(stripe.InvalidRequestError, match="greater than charge amount"):
        bench.api.refunds.create({"payment_intent": intent, "amount": 5001})
    bench.api.refunds.create({"payment_intent": intent, "amount": 4000})
    with pytest.raises(stripe.InvalidRequestError, match="greater than unrefunded amount"):
        bench.api.refunds.create({"payment_intent": intent, "amount": 1001})
    unpaid = bench.open(currency="eur")
    processing = bench.sandbox.customer.pay_by_bank(unpaid).intent
    with pytest.raises(stripe.InvalidRequestError, match="successful charge"):
        bench.api.refunds.create({"payment_intent": processing})


def test_a_failed_refund_comes_back(bench, intent):
    refund = bench.api.refunds.create({"payment_intent": intent})
    bench.sandbox.bank.fail_refund(refund.id)
    failed = bench.api.refunds.retrieve(refund.id)
    assert (failed.status, failed.failure_reason) == ("failed", "expired_or_canceled_card")
    assert bench.events()[-3:] == ["refund.updated", "charge.refund.updated", "refund.failed"]
    assert bench.api.refunds.create({"payment_intent": intent}).amount == 5000


def test_test_cards_whose_refunds_are_late_or_fail():
    bench = Bench(settle_after=10)
    late = bench.sandbox.customer.pay(bench.open(), "4000000000007726").intent
    lost = bench.sandbox.customer.pay(bench.open(), "4000000000005126").intent
    late, lost = (bench.api.refunds.create({"payment_intent": i}) for i in (late, lost))
    assert (late.status, lost.status) == ("pending", "succeeded")
    bench.clock.advance(11)
    assert bench.api.refunds.retrieve(late.id).status == "succeeded"
    assert bench.api.refunds.retrieve(lost.id).status == "failed"
    bench.sandbox.assert_clean()


def test_the_refund_of_a_bank_debit_is_pending_first(bench):
    debit = bench.sandbox.customer.pay_by_bank(bench.open()).intent
    bench.sandbox.bank.settle(debit)
    refund = bench.api.refunds.create({"payment_intent": debit})
    assert refund.status == "pending"
    bench.sandbox.bank.settle_refund(refund.id)
    assert bench.api.refunds.retrieve(refund.id).status == "succeeded"


def test_refund_metadata_is_merged_and_cancel_is_refused(bench, intent):
    refund = bench.api.refunds.create({"payment_intent": intent, "metadata": {"a": "1", "b": "2"}})
    changed = bench.api.refunds.update(refund.id, {"metadata": {"a": "", "c": "3"}})
    assert changed.metadata.to_dict() == {"b": "2", "c": "3"}
    with pytest.raises(stripe.InvalidRequestError, match="cannot be canceled"):
        bench.api.refunds.cancel(refund.id)


def test_a_dispute_is_lost_or_won(bench, intent):
    dispute = bench.sandbox.bank.open_dispute(intent)
    assert bench.api.charges.retrieve(dispute["charge"]).disputed
    with pytest.raises(stripe.InvalidRequestError, match="charged back"):
        bench.api.refunds.create({"payment_intent": intent})
    assert bench.api.disputes.close(dispute["id"]).status == "lost"
    won = bench.sandbox.bank.open_dispute(bench.sandbox.customer.pay(bench.open()).intent)
    bench.sandbox.bank.close_dispute(won["id"], won=True)
    found = bench.api.disputes.list({"payment_intent": won["payment_intent"]}).data[0]
    assert found.status == "won"
    assert sum(movement.net for movement in found.balance_transactions) == 0
    assert [name for name in bench.events() if "dispute" in name] == [
        "charge.dispute.created",
        "charge.dispute.funds_withdrawn",
        "charge.dispute.closed",
        "charge.dispute.created",
        "charge.dispute.funds_withdrawn",
        "charge.dispute.funds_reinstated",
        "charge.dispute.closed",
    ]


def test_an_inquiry_moves_no_money_until_it_does(bench, intent):
    inquiry = bench.sandbox.bank.open_dispute(intent, inquiry=True)
    assert inquiry["status"] == "warning_needs_response"
    assert "charge.dispute.funds_withdrawn" not in bench.events()
    assert bench.api.refunds.create({"payment_intent": intent, "amount": 100}).amount == 100
    bench.sandbox.bank.withdraw_funds(inquiry["id"])
    assert bench.events()[-1] == "charge.dispute.funds_withdrawn"


def test_evidence_decides_by_stripes_magic_words(bench, intent):
    dispute = bench.sandbox.bank.open_dispute(intent)
    evidence = {"uncategorized_text": "winning_evidence"}
    answered = bench.api.disputes.update(dispute["id"], {"evidence": evidence, "submit": True})
    assert answered.status == "won"
    assert answered.evidence_details.submission_count == 1


def test_the_card_that_is_disputed_by_itself(bench):
    intent = bench.sandbox.customer.pay(bench.open(), "4000000000000259").intent
    disputes = bench.api.disputes.list({"payment_intent": intent}).data
    assert [(d.reason, d.status) for d in disputes] == [("fraudulent", "needs_response")]


def test_customers(bench):
    customer = bench.api.customers.create({"name": "Ada", "email": "ada@example.com"})
    bench.api.customers.update(customer.id, {"name": "Ada L.", "metadata": {"odoo": "7"}})
    found = bench.api.customers.list({"email": "ada@example.com"}).data
    assert [(c.name, c.metadata["odoo"]) for c in found] == [("Ada L.", "7")]
    params = session_params(customer=customer.id)
    del params["customer_email"]
    session = bench.api.checkout.sessions.create(params)
    bench.sandbox.customer.pay(session)
    assert bench.session(session, "payment_intent").payment_intent.customer == customer.id
    assert bench.api.customers.delete(customer.id).deleted
    assert bench.api.customers.retrieve(customer.id).deleted
    assert bench.api.customers.list().data == []


@pytest.fixture
def saved(bench):
    """A card that a customer saved while paying: the customer's and the card's ids."""

    def save(card="4242424242424242"):
        data = {"setup_future_usage": "off_session"}
        session = bench.open(payment_intent_data=data)
        outcome = bench.sandbox.customer.pay(session, card)
        if outcome.status == "requires_action":
            bench.sandbox.customer.authenticate(session)
        customer = bench.session(session).customer
        cards = bench.api.payment_methods.list({"customer": customer, "type": "card"}).data
        return customer, cards[0].id

    return save


def charge_later(bench, customer, card):
    return bench.api.payment_intents.create(
        {
            "amount": 2000,
            "currency": "usd",
            "customer": customer,
            "payment_method": card,
            "off_session": True,
            "confirm": True,
        }
    )


def test_a_saved_card_is_charged_off_session(bench, saved):
    customer, card = saved()
    intent = charge_later(bench, customer, card)
    assert (intent.status, intent.amount_received) == ("succeeded", 2000)
    assert bench.api.customers.payment_methods.list(customer).data[0].card.last4 == "4242"
    bench.api.payment_methods.detach(card)
    assert bench.api.customers.payment_methods.list(customer).data == []


def test_a_card_that_wants_authentication_each_time(bench, saved):
    customer, card = saved("4000002760003184")
    with pytest.raises(stripe.CardError) as declined:
        charge_later(bench, customer, card)
    assert declined.value.http_status == 402
    assert declined.value.code == "authentication_required"
    assert declined.value.error.payment_intent.status == "requires_payment_method"


def test_a_card_that_was_authenticated_when_it_was_saved(bench, saved):
    assert charge_later(bench, *saved("4000002500003155")).status == "succeeded"


def test_an_intent_is_confirmed_later_or_cancelled(bench, saved):
    customer, card = saved()
    params = {"amount": 900, "currency": "usd", "customer": customer}
    intent = bench.api.payment_intents.create(params)
    assert intent.status == "requires_payment_method"
    done = bench.api.payment_intents.confirm(intent.id, {"payment_method": card})
    assert done.status == "succeeded"
    other = bench.api.payment_intents.create(params)
    given_up = {"cancellation_reason": "abandoned"}
    cancelled = bench.api.payment_intents.cancel(other.id, given_up)
    assert (cancelled.status, cancelled.cancellation_reason) == ("canceled", "abandoned")
    with pytest.raises(stripe.InvalidRequestError) as refused:
        bench.api.payment_intents.cancel(done.id)
    assert refused.value.code == "payment_intent_unexpected_state"
    assert len(bench.api.payment_intents.list({"customer": customer}).data) == 3


def test_a_card_is_saved_by_hand_once(bench):
    """Stripe's test methods stand for cards: each use of one is a new card."""
    customer = bench.api.customers.create({"name": "Ada Payer"})
    card = bench.api.payment_methods.attach("pm_card_visa", {"customer": customer.id})
    assert (card.customer, card.card.last4) == (customer.id, "4242")
    assert bench.events()[-1] == "payment_method.attached"
    assert charge_later(bench, customer.id, card.id).status == "succeeded"
    with pytest.raises(stripe.InvalidRequestError, match="already been attached"):
        bench.api.payment_methods.attach(card.id, {"customer": customer.id})
    with pytest.raises(stripe.InvalidRequestError, match="No such customer"):
        bench.api.payment_methods.attach("pm_card_visa", {"customer": "cus_unknown"})


def test_a_declined_card_is_not_saved_but_one_is_that_fails_later(bench):
    customer = bench.api.customers.create({"name": "Ada Payer"}).id
    with pytest.raises(stripe.CardError) as declined:
        bench.api.payment_methods.attach("pm_card_visa_chargeDeclined", {"customer": customer})
    assert (declined.value.http_status, declined.value.code) == (402, "card_declined")
    card = bench.api.payment_methods.attach("pm_card_chargeCustomerFail", {"customer": customer})
    with pytest.raises(stripe.CardError) as declined:
        charge_later(bench, customer, card.id)
    assert declined.value.error.payment_intent.status == "requires_payment_method"
    assert [m.id for m in bench.api.customers.payment_methods.list(customer).data] == [card.id]
