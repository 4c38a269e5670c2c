"""Webhook endpoints. The signing secret is shown once, by `create`."""

from ..errors import invalid
from .listing import list_of, merge_metadata

URL = "/v1/webhook_endpoints"
MOST = 16


def create(box, params):
    _check_url(params["url"])
    if len(box.store.tables.get("webhook_endpoint", {})) >= MOST:
        raise invalid(f"You have reached the maximum of {MOST} test webhook endpoints.")
    ref = box.store.new_id("we_1", 23)
    secret = box.store.new_id("whsec_", 32)
    endpoint = {
        "id": ref,
        "object": "webhook_endpoint",
        "api_version": params.get("api_version"),
        "application": None,
        "created": int(box.now),
        "description": params.get("description") or None,
        "enabled_events": params["enabled_events"],
        "livemode": False,
        "metadata": params.get("metadata") or {},
        "status": "enabled",
        "url": params["url"],
    }
    box.store.add(endpoint, secret=secret)
    return {**endpoint, "secret": secret}


def retrieve(box, params, webhook_endpoint):
    return box.store.get("webhook_endpoint", webhook_endpoint)


def find(box, params):
    return list_of(box, "webhook_endpoint", params, URL)


def update(box, params, webhook_endpoint):
    endpoint = box.store.get("webhook_endpoint", webhook_endpoint)
    if "url" in params:
        _check_url(params["url"])
    names = ("url", "enabled_events", "description")
    endpoint |= {name: params[name] for name in names if name in params}
    if "disabled" in params:
        endpoint["status"] = "disabled" if params["disabled"] else "enabled"
    merge_metadata(endpoint, params.get("metadata"))
    return endpoint


def delete(box, params, webhook_endpoint):
    box.store.remove(box.store.get("webhook_endpoint", webhook_endpoint))
    box.webhooks.drop(webhook_endpoint)
    return {"id": webhook_endpoint, "object": "webhook_endpoint", "deleted": True}


def _check_url(url):
    if not url.startswith(("http://", "https://")):
        raise invalid("Invalid URL: An explicit scheme (such as https) must be provided.", "url",
                      "url_invalid")  # fmt: skip


HANDLERS = {
    f"GET {URL}": find,
    f"POST {URL}": create,
    f"GET {URL}/{{webhook_endpoint}}": retrieve,
    f"POST {URL}/{{webhook_endpoint}}": update,
    f"DELETE {URL}/{{webhook_endpoint}}": delete,
}
