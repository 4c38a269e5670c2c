"""Disputes."""

from ..disputes import OPEN
from ..errors import invalid
from .listing import list_of, merge_metadata

URL = "/v1/disputes"


def retrieve(box, params, dispute):
    return box.store.get("dispute", dispute)


def find(box, params):
    return list_of(box, "dispute", params, URL)


def update(box, params, dispute):
    dispute = _open(box, dispute)
    merge_metadata(dispute, params.get("metadata"))
    return box.disputes.answer(dispute, params.get("evidence", {}), params.get("submit", True))


def close(box, params, dispute):
    return box.disputes.close(_open(box, dispute), won=False)


def _open(box, ref):
    dispute = box.store.get("dispute", ref)
    if dispute["status"] not in OPEN:
        raise invalid("This dispute is already closed.")
    return dispute


HANDLERS = {
    f"GET {URL}": find,
    f"GET {URL}/{{dispute}}": retrieve,
    f"POST {URL}/{{dispute}}": update,
    f"POST {URL}/{{dispute}}/close": close,
}
