"""The sandbox's controls over HTTP, under `/_sandbox/`: JSON in, JSON out.

They do what the drivers do in Python, for tests and demonstrations that run in another process.
"""

import json
import re
from dataclasses import asdict
from urllib.parse import parse_qs, urlsplit

from .errors import ApiError
from .faults import Fault
from .http import Response
from .sessions import Closed

ROUTES: list[tuple[str, re.Pattern, object]] = []


def _route(method, path):
    def keep(function):
        pattern = re.compile("/_sandbox/" + path.replace("{id}", r"(?P<ref>\w+)"))
        ROUTES.append((method, pattern, function))
        return function

    return keep


def handle(box, method: str, url: str, body: bytes = b"") -> Response:
    """Answer one control request."""
    parts = urlsplit(url)
    found = _find(method, parts.path.rstrip("/"))
    if found is None:
        return Response.from_json(404, {"error": f"no control {method} {parts.path}"})
    function, given = found
    try:
        data = json.loads(body) if body else {k: v[-1] for k, v in parse_qs(parts.query).items()}
        with box.lock:
            box.tick()
            value = function(box, data, **given)
            box.changed()
        return Response.from_json(200, value)
    except Closed as closed:
        return Response.from_json(409, {"error": str(closed), "status": closed.status})
    except ApiError as error:
        return Response.from_json(error.status, {"error": str(error)})
    except (KeyError, StopIteration, TypeError, ValueError) as error:
        return Response.from_json(400, {"error": f"{type(error).__name__}: {error}"})


def _find(method, path):
    for wanted, pattern, function in ROUTES:
        match = pattern.fullmatch(path)
        if match and wanted == method:
            return function, match.groupdict()
    return None


# -- the customer, the bank, the dashboard ---------------------------------


@_route("GET", "sessions")
def _sessions(box, data):
    """All sessions, the newest first; `?status=open` narrows."""
    wanted = data.get("status")
    return [s for s in box.store.all("checkout.session") if wanted in (None, s["status"])]


@_route("POST", "sessions/{id}/pay")
def _pay(box, data, ref):
    return asdict(box.customer.pay(ref, **data))


@_route("POST", "sessions/{id}/pay_by_bank")
def _pay_by_bank(box, data, ref):
    return asdict(box.customer.pay_by_bank(ref, **data))


@_route("POST", "sessions/{id}/authenticate")
def _authenticate(box, data, ref):
    return asdict(box.customer.authenticate(ref, **data))


@_route("POST", "sessions/{id}/expire")
def _expire(box, data, ref):
    return box.dashboard.expire(ref)


@_route("POST", "intents/{id}/settle")
def _settle(box, data, ref):
    return asdict(box.bank.settle(ref))


@_route("POST", "intents/{id}/fail")
def _fail(box, data, ref):
    return asdict(box.bank.fail(ref))


@_route("POST", "intents/{id}/refund")
def _refund(box, data, ref):
    return box.dashboard.refund(ref, **data)


@_route("POST", "intents/{id}/dispute")
def _dispute(box, data, ref):
    return box.bank.open_dispute(ref, **data)


@_route("POST", "refunds/{id}/settle")
def _settle_refund(box, data, ref):
    return box.bank.settle_refund(ref)


@_route("POST", "refunds/{id}/fail")
def _fail_refund(box, data, ref):
    return box.bank.fail_refund(ref, **data)


@_route("POST", "disputes/{id}/close")
def _close_dispute(box, data, ref):
    return box.bank.close_dispute(ref, **data)


@_route("POST", "disputes/{id}/withdraw")
def _withdraw(box, data, ref):
    return box.bank.withdraw_funds(ref)


@_route("POST", "account")
def _account(box, data):
    return box.dashboard.change_account(**data)


@_route("POST", "webhook_endpoints/{id}/roll")
def _roll(box, data, ref):
    return {"secret": box.dashboard.roll_secret(ref, **data)}


# -- webhooks ---------------------------------------------------------------


@_route("GET", "webhooks")
def _webhooks(box, data):
    """What waits, what was given up, and the last attempts."""
    names = ("id", "event", "type", "endpoint", "due_at", "attempt")
    brief = {
        name: [{key: getattr(delivery, key) for key in names} for delivery in deliveries]
        for name, deliveries in (("queue", box.webhooks.queue), ("failed", box.webhooks.failed))
    }
    return {**brief, "log": list(box.webhooks.log)}


@_route("POST", "webhooks/(?P<action>delay|repeat|lose|reorder|clear|resend)")
def _disturb(box, data, action):
    getattr(box.webhooks, action)(**data)
    return {}


@_route("POST", "webhooks/craft")
def _craft(box, data):
    """A signed event of the caller's own: event_type, obj, secret, timestamp and so on."""
    body, headers = box.webhooks.craft(**data)
    return {"body": body.decode(), "headers": headers}


# -- faults, contract, time, all of it --------------------------------------


@_route("GET", "faults")
def _faults(box, data):
    return [asdict(fault) for fault in box.faults.orders]


@_route("POST", "faults")
def _add_fault(box, data):
    fault: Fault = box.faults.add(**data)
    return asdict(fault)


@_route("DELETE", "faults")
def _clear_faults(box, data):
    box.faults.clear()
    return {}


@_route("GET", "violations")
def _violations(box, data):
    return [{**asdict(violation), "text": str(violation)} for violation in box.violations]


@_route("DELETE", "violations")
def _clear_violations(box, data):
    box.violations.clear()
    return {}


@_route("GET", "clock")
def _clock(box, data):
    return {"now": box.now}


@_route("POST", "clock")
def _advance(box, data):
    """`{"advance": seconds}`; what becomes due happens at once."""
    box.clock.advance(float(data["advance"]))
    box.tick()
    return {"now": box.now}


@_route("POST", "settings")
def _settings(box, data):
    """`{"settle_after": seconds or null}`."""
    box.settle_after = data["settle_after"]
    return {"settle_after": box.settle_after}


@_route("POST", "reset")
def _reset(box, data):
    box.reset()
    return {}
