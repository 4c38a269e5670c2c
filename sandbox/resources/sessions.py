"""Checkout Sessions."""

from .. import checkout
from ..store import page
from .account import check_can_charge
from .listing import list_of

URL = "/v1/checkout/sessions"


def create(box, params):
    check_can_charge(box)
    checkout.refuse_unplayed(params)
    if "customer" in params:
        box.store.get("customer", params["customer"], "customer")
    return box.sessions.open(params)


def retrieve(box, params, session):
    return box.store.get("checkout.session", session)


def find(box, params):
    email = params.pop("customer_details", {}).get("email")
    if email is None:
        return list_of(box, "checkout.session", params, URL)
    every = list_of(box, "checkout.session", {**params, "limit": 10**9}, URL)["data"]
    return page([s for s in every if _email(s) == email], params, URL)


def expire(box, params, session):
    return box.sessions.expire(box.store.get("checkout.session", session))


def line_items(box, params, session):
    box.store.get("checkout.session", session)
    items = box.store.notes(session)["includable"]["line_items"]
    return page(items["data"], params, items["url"])


def _email(session):
    return (session["customer_details"] or {}).get("email")


HANDLERS = {
    f"GET {URL}": find,
    f"POST {URL}": create,
    f"GET {URL}/{{session}}": retrieve,
    f"POST {URL}/{{session}}/expire": expire,
    f"GET {URL}/{{session}}/line_items": line_items,
}
