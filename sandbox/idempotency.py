"""Idempotency keys, as Stripe documents them.

The first answer to a key is kept for 24 hours, errors included, and given again for the same
parameters. Nothing is kept of a request that was refused before its execution began (bad key, bad
parameters) or that found the key in use.
"""

import json

from .errors import ApiError
from .http import Request, Response

KEPT_FOR = 86_400
LONGEST = 255


class IdempotencyKeys:
    """What has been answered to which key."""

    def __init__(self):
        self._kept: dict[str, dict] = {}

    def begin(self, request: Request, now: float) -> Response | None:
        """The kept answer, or None: then the request may be executed, and its key is in use."""
        key = request.idempotency_key
        if not key:
            return None
        if len(key) > LONGEST:
            message = f"The idempotency key is too long: at most {LONGEST} characters."
            raise ApiError(400, message, kind="idempotency_error")
        record = self._kept.get(key)
        if record is None or now - record["at"] >= KEPT_FOR:
            self._kept[key] = {
                "at": now,
                "request": request.id,
                "parameters": _fingerprint(request),
                "answer": None,
            }
            return None
        if record["parameters"] != _fingerprint(request):
            raise ApiError(
                400,
                "Keys for idempotent requests can only be used with the same parameters they were "
                f"first used with. Try using a key other than '{key}' if you meant to execute a "
                "different request.",
                kind="idempotency_error",
            )
        if record["answer"] is None:
            raise ApiError(
                409,
                "There is currently another in-progress request using this Stripe Idempotency Key "
                "(that probably means you submitted twice, and the other request is still going "
                f"through): {key}. Try again later.",
                kind="idempotency_error",
                code="idempotency_key_in_use",
            )
        return self._replay(record)

    def finish(self, request: Request, response: Response) -> None:
        """Keep the answer of an execution."""
        record = self._kept.get(request.idempotency_key or "")
        if record:
            record["answer"] = [response.status, response.body.decode()]

    def release(self, request: Request) -> None:
        """Forget the key: the execution never began."""
        self._kept.pop(request.idempotency_key or "", None)

    def _replay(self, record) -> Response:
        status, body = record["answer"]
        headers = {
            "Content-Type": "application/json",
            "Idempotent-Replayed": "true",
            "Original-Request": record["request"],
        }
        return Response(status, headers, body.encode())

    def dump(self, now: float) -> dict:
        """The answers still kept, as a JSON value; a key in use is not kept over a restart."""
        return {
            key: record
            for key, record in self._kept.items()
            if record["answer"] and now - record["at"] < KEPT_FOR
        }

    def load(self, data: dict) -> None:
        """Take up what `dump` gave."""
        self._kept = data


def _fingerprint(request: Request) -> str:
    return f"{request.method} {request.path} {json.dumps(request.params, sort_keys=True)}"
