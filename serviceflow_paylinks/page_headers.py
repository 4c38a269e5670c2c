"""The headers of every answer below ``/pay/``: kept nowhere, indexed nowhere, framed nowhere, and
nothing is loaded or run but what the page itself holds: it has no script."""

import base64
import hashlib
from functools import lru_cache

POLICY = (
    "default-src 'none'; style-src {style}; img-src data:; base-uri 'none';"
    " frame-ancestors 'none'; form-action {forms}"
)
# A browser's own reader shows the file, with styles and an object of its own.
FILE_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; object-src 'self'; base-uri 'none';"
    " frame-ancestors 'none'; form-action 'none'"
)


def page_headers(style="", forms="'none'"):
    """Return the headers of a page.

    :param str style: the one style sheet in it, exactly as it stands there
    :param str forms: where its forms may lead to, as ``form-action`` says it
    """
    policy = POLICY.format(style=_source(style), forms=forms)
    return {**_common(policy), "Content-Type": "text/html; charset=utf-8"}


def file_headers():
    """Return the headers of a document that is shown by itself, its type and name excepted."""
    return _common(FILE_POLICY)


def _common(policy):
    return {
        "Content-Security-Policy": policy,
        "Cache-Control": "no-store",
        "Referrer-Policy": "no-referrer",
        "X-Robots-Tag": "noindex, nofollow",
        "X-Content-Type-Options": "nosniff",
        "X-Frame-Options": "DENY",
    }


@lru_cache(maxsize=256)
def _source(text):
    """Return the one inline text that the policy lets through, by its hash."""
    if not text:
        return "'none'"
    digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
    return f"'sha256-{digest}'"
