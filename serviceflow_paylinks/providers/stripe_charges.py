"""What Stripe is asked, and what it tells, about the charge of a saved card. No SDK in here.

Facts: https://docs.stripe.com/api/payment_intents and
https://docs.stripe.com/payments/save-and-reuse (off-session payments).
"""

from datetime import UTC, datetime

from .base import EXPIRED, FAILED, OPEN, PAID, PROCESSING, Checkout

# The ids of payment intents begin so; those of Checkout Sessions do not.
PREFIX = "pi_"
# The other states wait for somebody who is not there: open, until they are closed.
OUTCOMES = {"succeeded": PAID, "processing": PROCESSING, "canceled": EXPIRED}


def charge_params(request, key):
    """Return the parameters of a payment intent (https://docs.stripe.com/api/payment_intents/create)."""
    params = {
        "amount": request.amount,
        "currency": request.currency.lower(),
        "customer": request.customer_ref,
        "payment_method": request.card_ref,
        # No other method could lead the customer, who is away, to a page of its own.
        "allowed_payment_method_types": ["card"],
        "confirm": True,
        "off_session": True,
        "description": f"{request.reference} {request.description}".strip()[:1000],
        "metadata": {"paylinks_key": key, "reference": request.reference},
        "expand": ["latest_charge"],
    }
    if request.email:
        params["receipt_email"] = request.email
    return params


def read_intent(intent):
    """Return the Checkout that a payment intent's dictionary describes."""
    charge = intent.get("latest_charge")
    charge = charge if isinstance(charge, dict) else {}
    details = charge.get("payment_method_details") or {}
    error = intent.get("last_payment_error") or {}
    return Checkout(
        ref=intent["id"],
        outcome=_read_outcome(intent, error),
        amount=intent["amount"],
        currency=intent["currency"].upper(),
        live=bool(intent["livemode"]),
        key=(intent.get("metadata") or {}).get("paylinks_key") or "",
        payment_ref=intent["id"],
        paid_at=utc(charge.get("created") or intent.get("created")),
        method=(details.get("card") or {}).get("brand") or details.get("type") or "",
        problem=error.get("message") or "",
        problem_code=_read_problem_code(intent, error),
    )


def _read_outcome(intent, error):
    if intent["status"] == "requires_payment_method" and error:
        return FAILED
    return OUTCOMES.get(intent["status"], OPEN)


def _read_problem_code(intent, error):
    """``requires_action``: as an error of this code, but of a bank that asks in its own way."""
    if intent["status"] == "requires_action":
        return "authentication_required"
    # `card_declined` says little: the decline's own code says why.
    return error.get("decline_code") or error.get("code") or ""


def utc(seconds):
    """Return Odoo's kind of time (UTC, naive) of seconds since the epoch."""
    return datetime.fromtimestamp(seconds, UTC).replace(tzinfo=None) if seconds else None
