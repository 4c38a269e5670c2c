"""Events, kept for 30 days."""

from fnmatch import fnmatchcase

from ..errors import invalid, missing
from ..store import in_period, page

URL = "/v1/events"
KEPT_FOR = 30 * 86_400


def retrieve(box, params, event_id):
    event = box.store.get("event", event_id)
    if event["created"] < box.now - KEPT_FOR:
        raise missing("event", event_id)
    return _shown(box, event)


def find(box, params):
    if "type" in params and "types" in params:
        message = "You may only specify one of these parameters: type, types."
        raise invalid(message, "types")
    wanted = params.get("types") or [params.get("type", "*")]
    delivered = params.get("delivery_success")
    found = [
        event
        for event in in_period(box.store.all("event"), params.get("created"))
        if event["created"] >= box.now - KEPT_FOR
        and any(fnmatchcase(event["type"], pattern) for pattern in wanted)
        and (delivered is None or delivered is (box.webhooks.undelivered(event["id"]) == 0))
    ]
    cut = page(found, params, URL)
    return {**cut, "data": [_shown(box, event) for event in cut["data"]]}


def _shown(box, event):
    return {**event, "pending_webhooks": box.webhooks.pending(event["id"])}


HANDLERS = {
    f"GET {URL}": find,
    f"GET {URL}/{{id}}": lambda box, params, **ids: retrieve(box, params, ids["id"]),
}
