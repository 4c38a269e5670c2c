"""What the rules choose from."""

from hypothesis import strategies as st

# How far a history has come when its steps begin.
BEGINNINGS = (
    "made",
    "clicked",
    "clicked each",
    "paid",
    "booked",
    "locked",
    "settled",
    "bounced",
    "tipped",
    "refunded",
    "refunded at Stripe",
    "disputed",
)
SHARES = st.sampled_from([0.25, 0.5, 1.0])
CARDS = st.sampled_from(
    [
        "4242424242424242",
        "4000002760003184",  # 3-D Secure
        "4000000000000259",  # disputed at once
        "4000000000007726",  # its refunds are pending first
        "4000000000005126",  # its refunds fail later
    ]
)
DECLINED = st.sampled_from(["4000000000000002", "4000008400001629"])
ACCOUNTS = st.sampled_from(["000123456789", "000111111116"])
BOOKINGS = st.sampled_from([None, "credit_note", "outstanding", "credit"])
TIMES = st.sampled_from(
    [{"minutes": 3}, {"minutes": 11}, {"minutes": 40}, {"hours": 2}, {"days": 1}, {"days": 29}]
)
EXPIRIES = st.sampled_from([None, 1, 24 * 40])
FORGERIES = st.sampled_from(["secret", "none", "old", "live", "account", "body"])
FAULTS = st.sampled_from(
    [
        {"kind": "refused"},
        {"kind": "timeout", "after_effect": True},
        {"kind": "reset", "after_effect": True},
        {"kind": "error"},
        {"kind": "error", "after_effect": True},
        {"kind": "rate_limit"},
        {"kind": "lock"},
        {"kind": "slow", "seconds": 5},  # comes; after 20 nobody listens any more
        {"kind": "slow", "seconds": 20},
        {"kind": "garbage"},
    ]
)
# The SDK itself tries a call up to three times; None: until Stripe is mended.
HOW_OFTEN = st.sampled_from([1, 3, 4, None])
CALLS = st.sampled_from(
    [
        ("*", "*"),
        ("GET", "*"),
        ("POST", "*"),
        ("POST", "/v1/checkout/sessions"),
        ("POST", "*/expire"),
        ("POST", "/v1/refunds"),
    ]
)
MISREPORTS = st.sampled_from(["amount", "currency", "livemode"])
EVENTS = st.sampled_from(["*", "checkout.session.*", "payment_intent.*", "*refund*", "*dispute*"])
NUMBERS = st.integers(min_value=0, max_value=50)


def chosen(items, number):
    """Return one of the items: the newest are the likeliest."""
    return items[-1 - number % min(len(items), 4)]
