"""Payment intents, charges and payment methods."""

from .. import money
from ..errors import ApiError, invalid, missing, not_played
from ..payments import Outcome, unexpected_state
from ..store import copy
from .account import check_can_charge
from .listing import list_of

INTENTS, CHARGES, METHODS = "/v1/payment_intents", "/v1/charges", "/v1/payment_methods"
KEPT = (
    *("customer", "description", "metadata", "receipt_email", "setup_future_usage", "shipping"),
    *("statement_descriptor", "statement_descriptor_suffix", "transfer_group"),
)
NOT_PLAYED = ("confirmation_token", "payment_method_data", "transfer_data", "on_behalf_of")
TEST_METHODS = {
    "pm_card_visa": "4242424242424242",
    "pm_card_visa_chargeDeclined": "4000000000000002",
    "pm_card_visa_chargeDeclinedInsufficientFunds": "4000000000009995",
    "pm_card_chargeCustomerFail": "4000000000000341",
    "pm_card_authenticationRequired": "4000002760003184",
    "pm_card_createDispute": "4000000000000259",
}


def create_intent(box, params):
    check_can_charge(box)
    money.check_charge(params["amount"], params["currency"])
    for name in NOT_PLAYED:
        if name in params:
            raise not_played(name, name)
    if params.get("capture_method") == "manual":
        raise not_played("capture_method=manual", "capture_method")
    if params.get("off_session") and not params.get("confirm"):
        raise invalid("You can only set `off_session` when `confirm` is true.", "off_session")
    if "customer" in params:
        box.store.get("customer", params["customer"], "customer")
    method = _method(box, params)
    values = {name: params[name] for name in KEPT if name in params}
    if "automatic_payment_methods" in params:
        given = params["automatic_payment_methods"]
        values["automatic_payment_methods"] = {"allow_redirects": "always", **given}
    intent = box.payments.new_intent(params["amount"], params["currency"], **values)
    if not params.get("confirm"):
        if method:
            intent |= {"payment_method": method["id"], "status": "requires_confirmation"}
        return intent
    return _confirmed(box, intent, method, params)


def confirm_intent(box, params, intent):
    intent = box.store.get("payment_intent", intent, "intent")
    if "setup_future_usage" in params:
        intent["setup_future_usage"] = params["setup_future_usage"] or None
    return _confirmed(box, intent, _method(box, params, intent["payment_method"]), params)


def _method(box, params, default=None):
    ref = params.get("payment_method", default)
    if ref is None:
        return None
    if ref in TEST_METHODS:
        return box.payments.new_method("card", TEST_METHODS[ref])
    method = box.store.tables.get("payment_method", {}).get(ref)
    if method is None:
        raise missing("PaymentMethod", ref, "payment_method")
    if method["customer"] and params.get("customer", method["customer"]) != method["customer"]:
        raise invalid(
            "The provided PaymentMethod does not belong to the Customer you supplied.",
            "payment_method",
        )
    return method


def _confirmed(box, intent, method, params):
    if method is None:
        raise invalid(
            "You cannot confirm this PaymentIntent because it's missing a payment method. Update "
            "the PaymentIntent with a payment method and then confirm it again.",
            code="payment_intent_unexpected_state",
        )
    off_session = bool(params.get("off_session"))
    outcome = box.payments.confirm(intent, method, off_session)
    if outcome.status == "declined":
        raise declined(intent, outcome)
    return intent


def declined(intent: dict, outcome: Outcome) -> ApiError:
    """402 with the intent inside, as a confirmation over the API gets it."""
    error = intent["last_payment_error"]
    return ApiError(
        402,
        outcome.message,
        kind="card_error",
        code=outcome.code,
        decline_code=outcome.decline_code,
        charge=error.get("charge"),
        payment_intent=copy(intent),
        payment_method=copy(error["payment_method"]),
    )


def cancel_intent(box, params, intent):
    intent = box.store.get("payment_intent", intent, "intent")
    if box.sessions.of_intent(intent["id"]):
        raise invalid(
            "You cannot cancel this PaymentIntent because it was created by a Checkout Session. "
            "Expire the Checkout Session instead.",
            code="payment_intent_unexpected_state",
        )
    if intent["status"] == "processing":
        raise unexpected_state(intent, "cancel")
    return box.payments.cancel(intent, params.get("cancellation_reason"))


def retrieve_intent(box, params, intent):
    return box.store.get("payment_intent", intent, "intent")


def list_intents(box, params):
    return list_of(box, "payment_intent", params, INTENTS)


def retrieve_charge(box, params, charge):
    return box.store.get("charge", charge)


def list_charges(box, params):
    return list_of(box, "charge", params, CHARGES)


def list_methods(box, params):
    if "customer" not in params:
        raise invalid("Missing required param: customer.", "customer", "parameter_missing")
    return list_of(box, "payment_method", params, METHODS)


def retrieve_method(box, params, payment_method):
    return box.store.get("payment_method", payment_method)


def attach_method(box, params, payment_method):
    """Save a card with a customer; Stripe tries the card first."""
    method = _method(box, {"payment_method": payment_method})
    box.store.get("customer", params["customer"], "customer")
    if method["customer"]:
        raise invalid("The payment method you provided has already been attached to a customer.")
    behaviour = box.payments.behaviour(method)
    if behaviour.failure and not behaviour.can_be_saved:
        raise ApiError(
            402,
            behaviour.failure.message,
            kind="card_error",
            code=behaviour.failure.code,
            decline_code=behaviour.failure.decline_code,
        )
    method["customer"] = params["customer"]
    box.emit("payment_method.attached", method)
    return method


def detach_method(box, params, payment_method):
    method = box.store.get("payment_method", payment_method)
    if not method["customer"]:
        raise invalid("The payment method you provided is not attached to a customer.")
    method["customer"] = None
    box.emit("payment_method.detached", method)
    return method


def customer_methods(box, params, customer):
    box.store.get("customer", customer, "customer")
    url = f"/v1/customers/{customer}/payment_methods"
    return list_of(box, "payment_method", {**params, "customer": customer}, url)


def customer_method(box, params, customer, payment_method):
    method = box.store.get("payment_method", payment_method)
    if method["customer"] != customer:
        raise missing("PaymentMethod", payment_method, "payment_method")
    return method


HANDLERS = {
    f"GET {INTENTS}": list_intents,
    f"POST {INTENTS}": create_intent,
    f"GET {INTENTS}/{{intent}}": retrieve_intent,
    f"POST {INTENTS}/{{intent}}/confirm": confirm_intent,
    f"POST {INTENTS}/{{intent}}/cancel": cancel_intent,
    f"GET {CHARGES}": list_charges,
    f"GET {CHARGES}/{{charge}}": retrieve_charge,
    f"GET {METHODS}": list_methods,
    f"GET {METHODS}/{{payment_method}}": retrieve_method,
    f"POST {METHODS}/{{payment_method}}/attach": attach_method,
    f"POST {METHODS}/{{payment_method}}/detach": detach_method,
    "GET /v1/customers/{customer}/payment_methods": customer_methods,
    "GET /v1/customers/{customer}/payment_methods/{payment_method}": customer_method,
}
