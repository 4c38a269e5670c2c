"""Customers."""

from ..errors import not_played
from .listing import list_of, merge_metadata

URL = "/v1/customers"
NOT_PLAYED = ("payment_method", "source", "tax_id_data", "test_clock", "cash_balance", "tax")


def create(box, params):
    _refuse(params)
    metadata = params.get("metadata") or {}
    return box.new_customer({**_values(params), "metadata": metadata})


def retrieve(box, params, customer):
    notes = box.store.notes(customer)
    if notes.get("deleted"):
        return {"id": customer, "object": "customer", "deleted": True}
    return box.store.get("customer", customer)


def find(box, params):
    return list_of(box, "customer", params, URL)


def update(box, params, customer):
    _refuse(params)
    customer = box.store.get("customer", customer)
    values = _values(params)
    before = {name: customer.get(name) for name in values}
    customer |= values
    merge_metadata(customer, params.get("metadata"))
    box.emit("customer.updated", customer, before)
    return customer


def delete(box, params, customer):
    found = box.store.get("customer", customer)
    box.store.remove(found)
    box.store.notes(customer)["deleted"] = True
    for method in box.store.all("payment_method"):
        if method["customer"] == customer:
            method["customer"] = None
    box.emit("customer.deleted", found)
    return {"id": customer, "object": "customer", "deleted": True}


def _refuse(params):
    for name in NOT_PLAYED:
        if name in params:
            raise not_played(name, name)


def _values(params):
    other = ("metadata", "expand", "validate")
    return {name: value or None for name, value in params.items() if name not in other}


HANDLERS = {
    f"GET {URL}": find,
    f"POST {URL}": create,
    f"GET {URL}/{{customer}}": retrieve,
    f"POST {URL}/{{customer}}": update,
    f"DELETE {URL}/{{customer}}": delete,
}
