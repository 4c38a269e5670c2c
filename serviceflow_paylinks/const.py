"""Names and bounds that several layers share: routes, event names, sizes."""

# Routes (the public contract).
PAY_ROUTE = "/pay"
PORTAL_ROUTE = "/my/payment-links"
WEBHOOK_ROUTE = "/paylinks/stripe/webhook"

# What our webhook endpoint subscribes to (https://docs.stripe.com/api/events/types).
CHECKOUT_EVENTS = (
    "checkout.session.completed",
    "checkout.session.async_payment_succeeded",
    "checkout.session.async_payment_failed",
    "checkout.session.expired",
)
INTENT_EVENTS = (
    "payment_intent.processing",
    "payment_intent.succeeded",
    "payment_intent.payment_failed",
    "payment_intent.canceled",
)
REFUND_EVENTS = ("refund.created", "refund.updated", "refund.failed")
DISPUTE_EVENTS = (
    "charge.dispute.created",
    "charge.dispute.updated",
    "charge.dispute.closed",
    "charge.dispute.funds_withdrawn",
    "charge.dispute.funds_reinstated",
)
WEBHOOK_EVENTS = (*CHECKOUT_EVENTS, *INTENT_EVENTS, *REFUND_EVENTS, *DISPUTE_EVENTS)

# Another address for Stripe's API: test mode, a test key and loopback only.
API_BASE_PARAMETER = "serviceflow_paylinks.stripe_api_base"

# A webhook body is a few kilobytes; anything larger is refused before it is parsed.
WEBHOOK_MAX_BYTES = 512 * 1024

# A token carries this many random bytes: 144 bits, 24 characters of URL-safe text.
TOKEN_BYTES = 18
TOKEN_LENGTH = 24
