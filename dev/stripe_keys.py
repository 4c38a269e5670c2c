"""Stripe's keys from the environment: test mode only."""

import os

from dev.errors import DevError

SECRET_PREFIXES = ("sk_test_", "rk_test_")


def from_environment():
    """Stripe's test keys as arguments of `Stack.configure_stripe`, or None for the sandbox.

    :raise DevError: for a key of another kind; the key itself is not in the message
    """
    secret = os.environ.get("STRIPE_SECRET_KEY", "").strip()
    if not secret:
        return None
    if not secret.startswith(SECRET_PREFIXES):
        raise DevError(
            "STRIPE_SECRET_KEY is not a key of Stripe's test mode (sk_test_... or rk_test_...); "
            "the demo never runs with a live key."
        )
    publishable = os.environ.get("STRIPE_PUBLISHABLE_KEY", "").strip()
    if not publishable.startswith("pk_test_"):
        raise DevError(
            "Beside STRIPE_SECRET_KEY, set STRIPE_PUBLISHABLE_KEY (it begins with pk_test_)."
        )
    return {
        "secret_key": secret,
        "publishable_key": publishable,
        "webhook_secret": os.environ.get("STRIPE_WEBHOOK_SECRET", "").strip() or None,
    }
