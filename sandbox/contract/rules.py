"""What Stripe's documentation says in prose about requests, and no type can express."""

import re

from .shapes import Problem

MINUTE, DAY = 60, 86_400
LENGTHS = {
    "client_reference_id": 200,
    "payment_intent_data[description]": 1000,
    "payment_intent_data[statement_descriptor]": 22,
    "payment_intent_data[statement_descriptor_suffix]": 22,
    "statement_descriptor": 22,
    "statement_descriptor_suffix": 22,
    "customer_email": 512,
    "email": 512,
    "name": 256,
}
EMAILS = ("customer_email", "email", "receipt_email", "payment_intent_data[receipt_email]")
METADATA_KEYS, METADATA_KEY, METADATA_VALUE = 50, 40, 500


def broken_rules(operation_key: str, params: dict, now: float) -> list[Problem]:
    """The problems of a request whose types are right already."""
    problems = [
        *_metadata(params, "metadata"),
        *_lengths(params),
        *_emails(params),
        *_paging(params),
    ]
    if operation_key == "POST /v1/checkout/sessions":
        problems += _session(params, now)
    if operation_key == "POST /v1/refunds" and not (
        params.get("payment_intent") or params.get("charge")
    ):
        message = "One of the following params should be provided for this request: "
        problems.append(_missing("payment_intent", message + "payment_intent or charge."))
    return problems


def _rule(where, message, code=None):
    return Problem("rule", where, message, code)


def _missing(where, message=None):
    message = message or f"Missing required param: {where}."
    return Problem("missing", where, message, "parameter_missing")


def _at(params, where):
    """The value under a name such as `payment_intent_data[description]`."""
    for key in re.findall(r"[^\[\]]+", where):
        params = params.get(key) if isinstance(params, dict) else None
    return params


def _lengths(params):
    for where, most in LENGTHS.items():
        value = _at(params, where)
        if isinstance(value, str) and len(value) > most:
            message = f"Invalid string: {value[:10]}...; must be at most {most} characters"
            yield Problem("length", where, message)
        if value and "statement_descriptor" in where and not _is_descriptor(value):
            yield _rule(where, "The statement descriptor must contain at least one letter and "
                        "none of the characters <, >, \\, ', \", *.")  # fmt: skip


def _emails(params):
    for where in EMAILS:
        value = _at(params, where)
        if value and not re.fullmatch(r"[^@\s]+@[^@\s.]+(\.[^@\s.]+)+", value):
            yield _rule(where, f"Invalid email address: {value}", "email_invalid")


def _is_descriptor(value):
    return value.isascii() and re.search("[A-Za-z]", value) and not re.search(r"[<>\\'\"*]", value)


def _metadata(params, where):
    data = _at(params, where)
    if not isinstance(data, dict):
        return
    if len(data) > METADATA_KEYS:
        yield _rule(where, f"You can have up to {METADATA_KEYS} keys in metadata.")
    for key, value in data.items():
        if len(key) > METADATA_KEY:
            message = f"Metadata keys can be at most {METADATA_KEY} characters: {key[:12]}..."
            yield Problem("length", f"{where}[{key}]", message)
        if len(value) > METADATA_VALUE:
            message = f"Metadata values can be at most {METADATA_VALUE} characters."
            yield Problem("length", f"{where}[{key}]", message)


def _paging(params):
    limit = params.get("limit")
    if isinstance(limit, int) and not 1 <= limit <= 100:
        yield _rule("limit", "This value must be between 1 and 100 (inclusive).")
    if params.get("starting_after") and params.get("ending_before"):
        message = "You may only specify one of these parameters: starting_after, ending_before."
        yield _rule("starting_after", message)
    for path in params.get("expand", []):
        if path.count(".") >= 4:
            yield _rule("expand", f"You cannot expand more than 4 levels of a property: {path}.")


def _session(params, now):
    yield from _metadata(params, "payment_intent_data[metadata]")
    yield from _session_urls(params)
    if not params.get("line_items"):
        yield _missing("line_items")
    if params.get("customer") and params.get("customer_email"):
        message = "You may only specify one of these parameters: customer, customer_email."
        yield _rule("customer_email", message)
    expires = params.get("expires_at")
    if isinstance(expires, int):
        if expires < now + 30 * MINUTE:
            yield _rule("expires_at", "The `expires_at` timestamp must be at least 30 minutes from "
                        "Checkout Session creation.")  # fmt: skip
        if expires > now + DAY:
            yield _rule("expires_at", "The `expires_at` timestamp must be less than 24 hours from "
                        "Checkout Session creation.")  # fmt: skip
    if len(params.get("line_items", [])) > 100:
        yield _rule("line_items", "You can have at most 100 line items.")
    for index, item in enumerate(params.get("line_items", [])):
        yield from _line_item(item, f"line_items[{index}]")


def _session_urls(params):
    ui_mode = params.get("ui_mode", "hosted_page")
    if ui_mode == "hosted_page" and not params.get("success_url"):
        yield _missing("success_url")
    if ui_mode != "hosted_page" and (params.get("success_url") or params.get("cancel_url")):
        yield _rule("success_url", f"You cannot use success_url or cancel_url with {ui_mode}.")
    for name in ("success_url", "cancel_url"):
        url = params.get(name)
        if url and not re.fullmatch(r"https?://[^/\s]\S*", url):
            yield _rule(name, "Not a valid URL", "url_invalid")


def _line_item(item, where):
    if bool(item.get("price")) == bool(item.get("price_data")):
        message = "You must specify exactly one of these parameters: price, price_data."
        yield _rule(where, message)
    if "quantity" not in item:
        yield _missing(f"{where}[quantity]")
    data = item.get("price_data")
    if not data:
        return
    where = f"{where}[price_data]"
    if ("unit_amount" in data) == ("unit_amount_decimal" in data):
        message = "You must specify exactly one of: unit_amount, unit_amount_decimal."
        yield _rule(where, message)
    if bool(data.get("product")) == bool(data.get("product_data")):
        yield _rule(
            where, "You must specify exactly one of these parameters: product, product_data."
        )
    if isinstance(data.get("unit_amount"), int) and data["unit_amount"] < 0:
        message = "Invalid non-negative integer"
        yield _rule(f"{where}[unit_amount]", message, "parameter_invalid_integer")
    if not re.fullmatch("[a-z]{3}", data.get("currency", "usd")):
        yield _rule(f"{where}[currency]", f"Invalid currency: {data['currency']}.")
