"""Refunds."""

from ..errors import invalid, not_played
from .listing import list_of, merge_metadata

URL = "/v1/refunds"


def create(box, params):
    for name in ("customer", "origin", "reverse_transfer", "refund_application_fee"):
        if params.get(name):
            raise not_played(name, name)
    charge = _charge(box, params)
    values = {name: params[name] for name in ("reason", "metadata") if params.get(name)}
    return box.payments.refund(charge, params.get("amount"), **values)


def _charge(box, params):
    if "charge" in params:
        return box.store.get("charge", params["charge"], "charge")
    intent = box.store.get("payment_intent", params["payment_intent"], "payment_intent")
    if intent["status"] != "succeeded":
        raise invalid(
            f"This PaymentIntent ({intent['id']}) does not have a successful charge to refund.",
            "payment_intent",
        )
    return box.store.get("charge", intent["latest_charge"])


def retrieve(box, params, refund):
    return box.store.get("refund", refund)


def find(box, params):
    return list_of(box, "refund", params, URL)


def update(box, params, refund):
    refund = box.store.get("refund", refund)
    before = {"metadata": refund["metadata"]}
    merge_metadata(refund, params.get("metadata"))
    box.emit("refund.updated", refund, before)
    return refund


def cancel(box, params, refund):
    refund = box.store.get("refund", refund)
    if refund["status"] != "requires_action":
        raise invalid(
            "Refund cannot be canceled: only refunds for payment methods that require customer "
            f"action can be, and this one has a status of {refund['status']}."
        )
    return box.payments.change_refund(refund, "canceled")


HANDLERS = {
    f"GET {URL}": find,
    f"POST {URL}": create,
    f"GET {URL}/{{refund}}": retrieve,
    f"POST {URL}/{{refund}}": update,
    f"POST {URL}/{{refund}}/cancel": cancel,
}
