"""Stripe's webhook signatures, and events made by hand for tests of security."""

import hashlib
import hmac
import json
import secrets


def signature_header(body: bytes, keys: list[str], timestamp: int) -> str:
    """The `Stripe-Signature` header: one v1 a key, several while a secret is being rotated."""
    signed = f"{timestamp}.".encode() + body
    marks = (hmac.new(key.encode(), signed, hashlib.sha256).hexdigest() for key in keys)
    return ",".join([f"t={timestamp}", *(f"v1={mark}" for mark in marks)])


def craft_event(
    event_type: str, obj: dict, secret: str, timestamp: int, **fields
) -> tuple[bytes, dict]:
    """Body and headers of a signed event with any content: stale, live, of another account…

    `fields` replace those of the event: livemode, account, id, api_version, created.
    """
    event = {
        "id": f"evt_{secrets.token_hex(12)}",
        "object": "event",
        "api_version": None,
        "created": timestamp,
        "data": {"object": obj},
        "livemode": False,
        "pending_webhooks": 1,
        "request": {"id": None, "idempotency_key": None},
        "type": event_type,
        **fields,
    }
    body = json.dumps(event, indent=2).encode()
    headers = {
        "Content-Type": "application/json; charset=utf-8",
        "Stripe-Signature": signature_header(body, [secret], timestamp),
    }
    return body, headers
