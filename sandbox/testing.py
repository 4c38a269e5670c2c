"""What tests over the in-process client need each time: a sandbox, its clock and a client."""

import stripe

from .clock import ManualClock
from .core import Sandbox
from .inprocess import InProcessClient

stripe.enable_telemetry = False  # it would write a file into the home folder

SUCCESS_URL = "https://erp.example.com/return?session={CHECKOUT_SESSION_ID}"


class Bench:
    """A sandbox with a clock that stands still, and the SDK's client on top of it.

    Options are those of `Sandbox`, but bank debits settle only on order.
    """

    def __init__(self, key="sk_test_bench", retries=2, **options):
        self.clock = ManualClock()
        self.sandbox = Sandbox(self.clock, **options)
        self.http = InProcessClient(self.sandbox)
        self.client = stripe.StripeClient(key, http_client=self.http, max_network_retries=retries)
        self.api = self.client.v1

    def open(self, amount=5000, currency="usd", options=None, **params):
        """A checkout session for one item."""
        return self.api.checkout.sessions.create(
            session_params(amount, currency, **params), options or {}
        )

    def session(self, session, *expand):
        """The session as it is now."""
        return self.api.checkout.sessions.retrieve(session.id, {"expand": list(expand)})

    def events(self) -> list[str]:
        """The types of all events so far, the oldest first."""
        return [event["type"] for event in reversed(self.sandbox.store.all("event"))]

    def endpoint(self, events=("*",), url="https://erp.example.com/hook"):
        """A webhook endpoint, with its secret."""
        return self.api.webhook_endpoints.create({"url": url, "enabled_events": list(events)})


def session_params(amount=5000, currency="usd", **params) -> dict:
    """Parameters of a hosted session for one item, as an integration sends them."""
    price = {
        "currency": currency,
        "unit_amount": amount,
        "product_data": {"name": "Invoice INV/2026/00001", "description": "Gutter cleaning"},
    }
    return {
        "mode": "payment",
        "ui_mode": "hosted_page",
        "line_items": [{"quantity": 1, "price_data": price}],
        "success_url": SUCCESS_URL,
        "cancel_url": "https://erp.example.com/pay/abc",
        "client_reference_id": "PL/2026/00001",
        "customer_email": "ada@example.com",
        "metadata": {"link": "7"},
        "payment_intent_data": {"description": "tx-1"},
        **params,
    }
