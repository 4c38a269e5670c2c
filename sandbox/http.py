"""Requests and responses between the core and its transports, and Stripe's form encoding."""

import json
import re
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, urlsplit

_KEY = re.compile(r"^([^\[\]]+)((?:\[[^\[\]]*\])*)$")


@dataclass
class Request:
    """One call of the API as it reached the core. Header names are in lower case."""

    method: str
    path: str
    form: bytes
    headers: dict
    id: str = ""
    operation: object = None
    params: dict = field(default_factory=dict)
    ids: dict = field(default_factory=dict)

    @classmethod
    def parse(cls, method, url, body, headers) -> "Request":
        """The form is the body of a POST and the query string of anything else."""
        parts = urlsplit(url)
        body = body or b""
        body = body.encode() if isinstance(body, str) else bytes(body)
        form = body if method.upper() == "POST" else parts.query.encode()
        lower = {name.lower(): value for name, value in (headers or {}).items()}
        return cls(method.upper(), parts.path, form, lower)

    @property
    def idempotency_key(self) -> str | None:
        """The key, on the only method where Stripe looks at it."""
        return self.headers.get("idempotency-key") if self.method == "POST" else None


@dataclass
class Response:
    """An answer. `trouble` says what the line does to it instead of carrying it: `timeout` (it
    never comes), `reset` (the connection breaks), `refused` (there was no connection)."""

    status: int
    headers: dict
    body: bytes
    trouble: str | None = None
    seconds: float = 0.0

    @classmethod
    def from_json(cls, status, value, headers=None) -> "Response":
        """An answer with a JSON body."""
        body = json.dumps(value, indent=2).encode()
        return cls(status, {"Content-Type": "application/json", **(headers or {})}, body)

    def json(self):
        """The decoded body."""
        return json.loads(self.body)


def decode_form(body: bytes) -> tuple[dict, list[tuple[str, str]]]:
    """`a[0][b]=1&c=2` as `{'a': {'0': {'b': '1'}}, 'c': '2'}`, and the (key, problem) pairs found.

    Lists stay hashes with numeric keys, `a[]=x` appends: only the contract knows which is meant.
    """
    tree, problems, seen = {}, [], set()
    for raw, value in parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True):
        match = _KEY.match(raw)
        if not match:
            problems.append((raw, "malformed key"))
            continue
        if raw in seen and "[]" not in raw:
            problems.append((raw, "given twice"))
        seen.add(raw)
        path = [match[1], *re.findall(r"\[([^\[\]]*)\]", match[2])]
        if not _put(tree, path, value):
            problems.append((raw, "both a value and a hash"))
    return tree, problems


def _put(tree: dict, path: list[str], value: str) -> bool:
    node = tree
    for part, following in zip(path, [*path[1:], None], strict=True):
        part = part or _next_index(node, following)
        if following is None:
            if isinstance(node.get(part), dict):
                return False
            node[part] = value
            return True
        node = node.setdefault(part, {})
        if not isinstance(node, dict):
            return False
    return True


def _next_index(node: dict, following: str | None) -> str:
    """`a[]` appends; `a[][b]` opens a new element once `b` repeats."""
    last = max((int(key) for key in node if key.isdigit()), default=-1)
    element = node.get(str(last))
    if following and isinstance(element, dict) and following not in element:
        return str(last)
    return str(last + 1)
