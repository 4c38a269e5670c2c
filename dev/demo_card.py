"""The card that a customer of the demo has saved: at Stripe's stand-in, and in Odoo."""

import json
import urllib.parse
import urllib.request
from pathlib import Path

SCRIPT = Path(__file__).with_name("demo_card.script")


def save(stack, secret_key):
    """Save Nora Whitfield's Visa card, so that staff can charge it; again after a new start.

    :param Stack stack: its stand-in answers already
    :param str secret_key: any test key
    """
    owner = _ask(stack, secret_key, "/v1/customers", name="Nora Whitfield")
    path = "/v1/payment_methods/pm_card_visa/attach"
    card = _ask(stack, secret_key, path, customer=owner["id"])
    stack.shell(
        SCRIPT.read_text(),
        PAYLINKS_CARD_OWNER=owner["id"],
        PAYLINKS_CARD=card["id"],
        PAYLINKS_CARD_DIGITS=card["card"]["last4"],
    )


def _ask(stack, secret_key, path, **data):
    request = urllib.request.Request(
        stack.sandbox_url + path,
        urllib.parse.urlencode(data).encode(),
        {"Authorization": f"Bearer {secret_key}"},
    )
    with urllib.request.urlopen(request, timeout=10) as answer:
        return json.loads(answer.read())
