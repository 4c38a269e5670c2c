"""Stripe's error answers, with its types, codes and words."""

DOCS = "https://stripe.com/docs/error-codes/"


class ApiError(Exception):
    """One error answer: HTTP status, message, kind (`type`), code, param and more of its body."""

    def __init__(
        self, status, message, *, kind="invalid_request_error", code=None, param=None, **extra
    ):
        super().__init__(message)
        self.status = status
        self.headers = extra.pop("headers", {})
        self.error = {"type": kind, "message": message}
        if code:
            self.error |= {"code": code, "doc_url": DOCS + code.replace("_", "-")}
        if param:
            self.error["param"] = param
        self.error |= {name: value for name, value in extra.items() if value is not None}

    @property
    def body(self) -> dict:
        """The JSON body of the answer."""
        return {"error": self.error}


def invalid(message, param=None, code=None) -> ApiError:
    """A request that Stripe understands and refuses (400)."""
    return ApiError(400, message, param=param, code=code)


def missing(kind: str, ref: str, param: str = "id") -> ApiError:
    """404 for an object that is not there; `kind` as Stripe writes it, e.g. `payment_intent`."""
    return ApiError(404, f"No such {kind}: '{ref}'", code="resource_missing", param=param)


def not_played(what: str, param: str) -> ApiError:
    """A thing Stripe has and this sandbox has not: refused, so that nothing is silently wrong."""
    return invalid(f"The sandbox does not play {what}.", param)


def server_error(message: str | None = None) -> ApiError:
    """500, as Stripe words it."""
    words = message or (
        "Sorry! There was an error while talking to one of our backends. Please try again later."
    )
    return ApiError(500, words, kind="api_error")


def rate_limited(should_retry: bool | None = None) -> ApiError:
    """429; the header tells the SDK whether to try again (it does not without)."""
    headers = {} if should_retry is None else {"Stripe-Should-Retry": str(should_retry).lower()}
    return ApiError(
        429,
        "Request rate limit exceeded. Learn more about rate limits here "
        "https://stripe.com/docs/rate-limits.",
        code="rate_limit",
        headers=headers,
    )


def lock_timeout() -> ApiError:
    """409 when another request holds the object."""
    return ApiError(
        409,
        "This object cannot be accessed right now because another API request or Stripe process "
        "is currently accessing it. If you see this error intermittently, retry the request.",
        code="lock_timeout",
    )


def forbidden() -> ApiError:
    """403 for a restricted key without the permission."""
    return ApiError(
        403,
        "The provided key does not have the required permissions for this endpoint.",
        code="more_permissions_required",
    )
