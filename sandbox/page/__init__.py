"""The hosted checkout page: what the customer sees at a session's `url`."""

import re
from urllib.parse import parse_qs, urlsplit

from ..cards import NOT_A_NUMBER, clean, is_luhn
from ..http import Response
from ..sessions import Closed
from . import render
from .texts import TEXTS, error_text, language_of

_PAY = re.compile(r"/c/pay/(cs_test_\w+)")
_AUTHENTICATE = re.compile(r"/c/authenticate/(pi_\w+)")
_HEADERS = {
    "Content-Type": "text/html; charset=utf-8",
    "Cache-Control": "no-store",
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data:; "
        "frame-ancestors 'none'; base-uri 'none'"
    ),
}


class Page:
    """Serves `/c/…` of one sandbox."""

    def __init__(self, sandbox):
        self.box = sandbox

    def handle(self, method: str, url: str, body: bytes = b"", headers=None) -> Response:
        """Answer a browser."""
        parts = urlsplit(url)
        text = body.decode("utf-8", "replace")
        form = {name: values[-1] for name, values in parse_qs(text).items()}
        query = parse_qs(parts.query)
        accepted = {k.lower(): v for k, v in (headers or {}).items()}.get("accept-language", "")
        with self.box.lock:
            self.box.tick()
            if match := _PAY.fullmatch(parts.path):
                session = self.box.store.look(match[1])
                answer = self._pay_page
            elif match := _AUTHENTICATE.fullmatch(parts.path):
                session = self.box.sessions.of_intent(match[1])
                answer = self._challenge_page
            else:
                session = None
            if session is None:
                return Response(404, _HEADERS, render.missing_page().encode())
            view = self._view(session, accepted)
            try:
                return answer(view, form if method == "POST" else None, query)
            except Closed:
                return _html(render.closed_page(view))

    def _view(self, session, accepted):
        notes = self.box.store.notes(session["id"])
        language = language_of(session["locale"], accepted)
        return {
            "session": session,
            "items": notes["includable"]["line_items"]["data"],
            "products": notes["products"],
            "saves": bool(notes["intent_data"].get("setup_future_usage")),
            "merchant": self.box.account["settings"]["dashboard"]["display_name"],
            "language": language,
            "texts": TEXTS[language],
            "values": {"email": self._email(session)},
            "error": None,
        }

    def _email(self, session):
        if session["customer"]:
            customer = self.box.store.look(session["customer"])
            return customer and customer["email"]
        return session["customer_email"] or (session["customer_details"] or {}).get("email")

    def _pay_page(self, view, form, query):
        session = view["session"]
        if session["status"] != "open":
            raise Closed(session)
        if form is None:
            if "retry" in query:
                view["error"] = self._last_error(view)
            return _html(render.checkout_page(view))
        fixed = {"email": session["customer_email"]} if session["customer_email"] else {}
        view["values"] |= form | fixed
        kind = _chosen(session, form)
        view["error"] = form_problem(kind, view["values"], self.box.now, view["language"])
        if view["error"]:
            return _html(render.checkout_page(view))
        outcome = self._pay(session, kind, view["values"])
        if outcome.redirect:
            return _redirect(outcome.redirect)
        codes = [outcome.decline_code, outcome.code]
        view["error"] = error_text(view["language"], codes, outcome.message)
        return _html(render.checkout_page(view))

    def _pay(self, session, kind, values):
        number, name = ("number", "name") if kind == "card" else ("account", "holder")
        return self.box.sessions.pay(session, kind, values[number], values[name], values["email"])

    def _challenge_page(self, view, form, _query):
        session = view["session"]
        if session["status"] != "open":
            raise Closed(session)
        intent = self.box.store.look(session["payment_intent"])
        if intent["status"] != "requires_action":
            return _redirect(f"/c/pay/{session['id']}?retry=1")
        if form is None:
            return _html(render.challenge_page(view))
        outcome = self.box.sessions.authenticate(session, form.get("outcome") == "complete")
        return _redirect(outcome.redirect or f"/c/pay/{session['id']}?retry=1")

    def _last_error(self, view):
        intent = self.box.store.look(view["session"]["payment_intent"])
        error = (intent or {}).get("last_payment_error")
        if not error:
            return None
        codes = [error.get("decline_code"), error["code"]]
        return error_text(view["language"], codes, error["message"])


def _chosen(session, form) -> str:
    """The offered payment method that the customer's tab stands for."""
    kinds = session["payment_method_types"]
    wants_bank = form.get("method") == "bank"
    return next((kind for kind in kinds if (kind != "card") == wants_bank), kinds[0])


def form_problem(kind: str, form: dict, now: float, language: str = "en") -> str | None:
    """What the page itself finds wrong before anything is sent to the bank."""
    if "@" not in (form.get("email") or ""):
        return "Your email is incomplete."
    if kind == "card":
        return _card_problem(form, now, language)
    missing = [name for name in ("holder", "account") if not form.get(name, "").strip()]
    return "Please fill in your name and account number." if missing else None


def _card_problem(form, now, language):
    if not is_luhn(clean(form.get("number", ""))):
        return error_text(language, ["incomplete_number"], NOT_A_NUMBER.message)
    expiry = re.fullmatch(r"(\d{1,2})\s*/?\s*(?:20)?(\d{2})", form.get("expiry", "").strip())
    if not expiry or not 1 <= int(expiry[1]) <= 12:
        return "Your card's expiration date is incomplete."
    months = (2000 + int(expiry[2])) * 12 + int(expiry[1])
    if (months - 1970 * 12) * 30.4375 * 86_400 < now:
        return "Your card's expiration year is in the past."
    if not re.fullmatch(r"\d{3,4}", form.get("cvc", "")):
        return "Your card's security code is incomplete."
    return None if form.get("name", "").strip() else "Please provide the cardholder's name."


def _html(text) -> Response:
    return Response(200, dict(_HEADERS), text.encode())


def _redirect(url) -> Response:
    return Response(303, {**_HEADERS, "Location": url}, b"")
