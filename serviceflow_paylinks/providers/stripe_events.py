"""Stripe's events, read into the boundary's notifications. No SDK in here.

Facts: https://docs.stripe.com/api/events/object.
"""

from .base import Notification

KINDS = {
    "checkout.session": "checkout",
    "payment_intent": "payment",
    "refund": "refund",
    "dispute": "dispute",
}


def read_event(event):
    """Return the Notification of a verified event's dictionary."""
    obj = event["data"]["object"]
    kind = KINDS.get(obj["object"], "other")
    payment = obj["id"] if kind == "payment" else obj.get("payment_intent")
    metadata = obj.get("metadata") or {}
    key, origin = metadata.get("paylinks_key"), metadata.get("paylinks_origin")
    values = (event["id"], event["type"], obj["id"])
    if not all(isinstance(value, str) for value in values):
        raise TypeError("an event's ids are text")
    return Notification(
        event_ref=event["id"],
        event_type=event["type"],
        kind=kind,
        object_ref=obj["id"],
        live=bool(event["livemode"]),
        payment_ref=payment if isinstance(payment, str) else "",
        key=key if isinstance(key, str) else "",
        origin=origin if isinstance(origin, str) else "",
        account=event.get("account") or "",
    )
