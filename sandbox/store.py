"""Where the sandbox keeps its objects: plain dicts by kind and id, in the order of creation."""

import heapq
import json
import random
import string

from .errors import invalid, missing

PREFIXES = {
    "balance_transaction": "txn_",
    "charge": "ch_",
    "checkout.session": "cs_test_",
    "customer": "cus_",
    "dispute": "du_",
    "event": "evt_",
    "item": "li_",
    "payment_intent": "pi_",
    "payment_method": "pm_",
    "price": "price_",
    "product": "prod_",
    "refund": "re_",
    "webhook_endpoint": "we_",
}
DEBIT_PREFIXES = {"py_": "charge", "pyr_": "refund"}  # bank debits have prefixes of their own
_ALPHABET = string.ascii_letters + string.digits


def copy(value):
    """A deep copy of a JSON value; quicker than `copy.deepcopy`."""
    return json.loads(json.dumps(value))


class Store:
    """Objects as the API shows them, private notes on them, and jobs for later."""

    def __init__(self, seed=None):
        self._random = random.Random(seed)
        self.tables: dict[str, dict[str, dict]] = {}
        self._notes: dict[str, dict] = {}
        self._jobs: list = []
        self._jobs_added = 0

    def new_id(self, prefix: str, length: int = 24) -> str:
        """A fresh id such as `pi_3Nk…`."""
        return prefix + "".join(self._random.choices(_ALPHABET, k=length))

    def add(self, obj: dict, **notes) -> dict:
        """Keep a new object under its `id` and `object`; notes are what the API does not show."""
        self.tables.setdefault(obj["object"], {})[obj["id"]] = obj
        if notes:
            self._notes[obj["id"]] = notes
        return obj

    def get(self, kind: str, ref: str, param: str = "id") -> dict:
        """The object, or Stripe's `resource_missing`."""
        obj = self.tables.get(kind, {}).get(ref)
        if obj is None:
            raise missing(kind, ref, param)
        return obj

    def look(self, ref) -> dict | None:
        """Any object by its id alone."""
        if not isinstance(ref, str):
            return None
        for prefix, kind in [*((p, k) for k, p in PREFIXES.items()), *DEBIT_PREFIXES.items()]:
            if ref.startswith(prefix) and ref in self.tables.get(kind, {}):
                return self.tables[kind][ref]
        return None

    def remove(self, obj: dict) -> None:
        """Forget an object."""
        del self.tables[obj["object"]][obj["id"]]

    def all(self, kind: str) -> list[dict]:
        """Every object of a kind, the newest first, as Stripe lists them."""
        return list(reversed(self.tables.get(kind, {}).values()))

    def notes(self, ref: str) -> dict:
        """Private notes on an object; may be written to."""
        return self._notes.setdefault(ref, {})

    def plan(self, due: float, kind: str, ref: str) -> None:
        """Have a job of a kind run on an object at a time."""
        self._jobs_added += 1
        heapq.heappush(self._jobs, [due, self._jobs_added, kind, ref])

    def next_job(self, now: float) -> tuple[float, str, str] | None:
        """Take the earliest job that is due: when, which kind, on what."""
        if not self._jobs or self._jobs[0][0] > now:
            return None
        due, _order, kind, ref = heapq.heappop(self._jobs)
        return due, kind, ref

    def dump(self) -> dict:
        """Everything as a JSON value."""
        return {
            "tables": self.tables,
            "notes": self._notes,
            "jobs": self._jobs,
            "jobs_added": self._jobs_added,
        }

    def load(self, data: dict) -> None:
        """Take up what `dump` gave."""
        self.tables, self._notes = data["tables"], data["notes"]
        self._jobs, self._jobs_added = data["jobs"], data["jobs_added"]
        self._random = random.Random()  # a seed's ids would come a second time


def page(objects: list[dict], params: dict, url: str) -> dict:
    """One page of a list (newest first), by Stripe's cursors."""
    limit = params.get("limit", 10)
    after, before = params.get("starting_after"), params.get("ending_before")
    if after:
        found = objects[_position(objects, after, "starting_after") + 1 :]
        data, more = found[:limit], len(found) > limit
    elif before:
        found = objects[: _position(objects, before, "ending_before")]
        data, more = found[-limit:], len(found) > limit
    else:
        data, more = objects[:limit], len(objects) > limit
    return {"object": "list", "data": data, "has_more": more, "url": url}


def _position(objects, ref, param):
    for index, obj in enumerate(objects):
        if obj["id"] == ref:
            return index
    raise missing("object", ref, param)


def in_period(objects: list[dict], period) -> list[dict]:
    """Filter by `created`: a timestamp or a hash of gt, gte, lt, lte."""
    if period is None:
        return objects
    if isinstance(period, int):
        return [obj for obj in objects if obj["created"] == period]
    compare = {
        "gt": lambda created, limit: created > limit,
        "gte": lambda created, limit: created >= limit,
        "lt": lambda created, limit: created < limit,
        "lte": lambda created, limit: created <= limit,
    }
    return [
        obj
        for obj in objects
        if all(compare[name](obj["created"], limit) for name, limit in period.items())
    ]


def expand(store: Store, value: dict, paths: list[str]) -> dict:
    """A copy of an answer with the ids under `paths` replaced by the objects themselves."""
    value = copy(value)
    for path in paths:
        _expand(store, value, path.split("."), path)
    return value


def _expand(store, node, names, path):
    if node is None:
        return
    if isinstance(node, list):
        for element in node:
            _expand(store, element, names, path)
        return
    name, rest = names[0], names[1:]
    if not isinstance(node, dict):
        raise invalid(f"This property cannot be expanded ({path}).", "expand")
    if name not in node:
        included = store.notes(node.get("id", "")).get("includable", {})
        if name not in included:
            raise invalid(f"This property cannot be expanded ({path}).", "expand")
        node[name] = copy(included[name])
    elif isinstance(node[name], str):
        found = store.look(node[name])
        if found is None:
            raise invalid(f"This property cannot be expanded ({path}).", "expand")
        node[name] = copy(found)
    elif not rest and not isinstance(node[name], dict | list | None):
        raise invalid(f"This property cannot be expanded ({path}).", "expand")
    if rest:
        _expand(store, node[name], rest, path)
