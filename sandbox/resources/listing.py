"""What every list operation does: filter, then cut a page."""

from ..store import in_period, page

PAGING = {"limit", "starting_after", "ending_before", "expand", "created"}


def list_of(box, kind: str, params: dict, url: str) -> dict:
    """Objects of a kind whose fields equal the remaining parameters."""
    wanted = {name: value for name, value in params.items() if name not in PAGING}
    found = [
        obj
        for obj in in_period(box.store.all(kind), params.get("created"))
        if all(obj.get(name) == value for name, value in wanted.items())
    ]
    return page(found, params, url)


def merge_metadata(obj: dict, given) -> None:
    """Stripe merges metadata key by key; an empty value removes its key, an empty hash them all."""
    if given == "":
        obj["metadata"] = {}
    elif given:
        merged = {**obj["metadata"], **given}
        obj["metadata"] = {key: value for key, value in merged.items() if value != ""}
