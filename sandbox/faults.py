"""Faults on order: what the network and Stripe's servers do wrong.

    sandbox.faults.add("timeout", "POST", "/v1/checkout/sessions", times=1, after_effect=True)

Kinds: `timeout` (no answer ever comes), `reset` (the connection breaks), `refused` (no connection),
`error` (500), `rate_limit` (429), `lock` (409 lock_timeout), `forbidden` (403), `slow` (the answer
comes after `seconds`), `garbage` (200 with a body that is not JSON). `timeout`, `reset` and `error`
strike before the effect, or after it with `after_effect=True`; an error after the effect is what
the idempotency key then remembers.
"""

from dataclasses import dataclass
from fnmatch import fnmatchcase

from . import errors
from .http import Response

KINDS = (
    "timeout",
    "reset",
    "refused",
    "error",
    "rate_limit",
    "lock",
    "forbidden",
    "slow",
    "garbage",
)
TROUBLE = ("timeout", "reset", "refused")


@dataclass
class Fault:
    """One order. `times` is how often it still strikes, None for ever."""

    kind: str
    method: str = "*"
    path: str = "*"
    times: int | None = 1
    after_effect: bool = False
    seconds: float = 0.0
    should_retry: bool | None = None

    def early_error(self) -> errors.ApiError | None:
        """The error answered in place of the execution, if that is what this fault does."""
        if self.kind == "error" and not self.after_effect:
            return errors.server_error()
        makers = {"lock": errors.lock_timeout, "forbidden": errors.forbidden}
        if self.kind == "rate_limit":
            return errors.rate_limited(self.should_retry)
        return makers[self.kind]() if self.kind in makers else None

    @property
    def early_trouble(self) -> bool:
        """Whether the request is lost on its way to Stripe."""
        return self.kind == "refused" or (self.kind in TROUBLE and not self.after_effect)


class Faults:
    """The orders that still stand; the first that matches a request strikes."""

    def __init__(self):
        self.orders: list[Fault] = []

    def add(self, kind: str, method: str = "*", path: str = "*", **options) -> Fault:
        """Order a fault for requests whose method and path match the patterns (`*`, `?`).

        Options: times=1 (None: until cleared), after_effect=False, seconds=0.0, should_retry=None.
        """
        if kind not in KINDS:
            raise ValueError(f"unknown fault {kind!r}: one of {', '.join(KINDS)}")
        fault = Fault(kind, method.upper(), path, **options)
        self.orders.append(fault)
        return fault

    def outage(self) -> Fault:
        """Refuse every connection until `clear`."""
        return self.add("refused", times=None)

    def clear(self) -> None:
        """Withdraw every order."""
        self.orders.clear()

    def take(self, method: str, path: str) -> Fault | None:
        """The fault that strikes this request."""
        for fault in self.orders:
            if fnmatchcase(method, fault.method) and fnmatchcase(path, fault.path):
                if fault.times is not None:
                    fault.times -= 1
                    if fault.times <= 0:
                        self.orders.remove(fault)
                return fault
        return None


def struck(response: Response, fault: Fault | None) -> Response:
    """What the caller gets of an answer when a fault strikes after the effect."""
    if fault is None:
        return response
    if fault.kind in TROUBLE:
        response.trouble, response.seconds = fault.kind, fault.seconds
    elif fault.kind == "slow":
        response.seconds = fault.seconds
    elif fault.kind == "garbage":
        return Response(200, {"Content-Type": "text/html"}, b"<html><body>Bad gateway</body>")
    return response
