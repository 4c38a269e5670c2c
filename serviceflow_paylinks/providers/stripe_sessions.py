"""What Stripe is asked, and what it tells, about a Checkout Session. No SDK in here.

Facts: https://docs.stripe.com/api/checkout/sessions.
"""

from .base import EXPIRED, FAILED, OPEN, PAID, PROCESSING, Checkout
from .declines import decline_kind
from .stripe_charges import utc

# Languages of Stripe's page (Checkout Session `locale`); anything else: the browser's own.
LOCALES = frozenset(
    "bg cs da de el en en-GB es es-419 et fi fil fr fr-CA hr hu id it ja ko lt lv ms mt nb nl pl pt"
    " pt-BR ro ru sk sl sv th tr vi zh zh-HK zh-TW".split()
)


def session_params(request, key):
    """Return the parameters of a Checkout Session (https://docs.stripe.com/api/checkout/sessions/create)."""
    metadata = {"paylinks_key": key, "reference": request.reference}
    if request.origin:
        metadata["paylinks_origin"] = request.origin
    params = {
        "mode": "payment",
        "ui_mode": "hosted_page",
        "submit_type": "pay",
        "line_items": _line_items(request),
        "client_reference_id": request.reference[:200],
        "locale": stripe_locale(request.locale),
        "expires_at": request.expires_at,
        "success_url": request.success_url,
        "cancel_url": request.cancel_url,
        "metadata": metadata,
        # It would otherwise follow a switch in Stripe's dashboard and change the currency.
        "adaptive_pricing": {"enabled": False},
        "payment_intent_data": {
            "description": request.reference,
            "metadata": metadata,
        },
    }
    if request.email:
        params["customer_email"] = request.email
    if request.email and request.receipt:
        params["payment_intent_data"]["receipt_email"] = request.email
    return params


def _line_items(request):
    """Return the lines of Stripe's page: what is paid, and the tip, if there is one."""
    product = {"name": request.name[:250]}
    if request.description:
        product["description"] = request.description[:500]
    lines = [(request.amount - request.tip, product)]
    if request.tip:
        lines.append((request.tip, {"name": request.tip_name[:250]}))
    return [
        {
            "quantity": 1,
            "price_data": {
                "currency": request.currency.lower(),
                "unit_amount": amount,
                "product_data": product,
            },
        }
        for amount, product in lines
    ]


def stripe_locale(lang):
    """Return Stripe's code for an Odoo language (``fr_FR`` → ``fr``), or ``auto``."""
    code = (lang or "").split("@")[0].split(".")[0].replace("_", "-")
    return next((c for c in (code, code.split("-")[0]) if c in LOCALES), "auto")


def read_session(session):
    """Return the Checkout that a session's dictionary describes."""
    intent = session.get("payment_intent")
    intent = intent if isinstance(intent, dict) else {"id": intent or ""}
    charge = intent.get("latest_charge")
    charge = charge if isinstance(charge, dict) else {}
    details = charge.get("payment_method_details") or {}
    metadata = session.get("metadata") or {}
    method = details.get("type") or ""
    return Checkout(
        ref=session["id"],
        outcome=_read_outcome(session, intent),
        amount=session.get("amount_total") or 0,
        currency=(session.get("currency") or "").upper(),
        live=bool(session.get("livemode")),
        key=metadata.get("paylinks_key") or "",
        origin=metadata.get("paylinks_origin") or "",
        url=session.get("url") or "",
        expires_at=utc(session.get("expires_at")),
        payment_ref=intent["id"],
        paid_at=utc(charge.get("created") or intent.get("created")),
        method=(details.get("card") or {}).get("brand") or method,
        problem=(intent.get("last_payment_error") or {}).get("message") or "",
        problem_kind=decline_kind(intent.get("last_payment_error")),
    )


def _read_outcome(session, intent):
    """``complete`` and ``unpaid``: an asynchronous method that is pending, or failed since.

    Money that came is money, whatever became of the page meanwhile.
    """
    if intent.get("status") == "succeeded":
        return PAID
    if session["status"] == "open":
        return OPEN
    if session["status"] == "expired":
        return EXPIRED
    if session["payment_status"] != "unpaid":
        return PAID
    if intent.get("status") in ("requires_payment_method", "canceled"):
        return FAILED
    return PROCESSING
