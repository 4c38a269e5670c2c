"""Checkout Sessions from opening to completion or expiry."""

from . import checkout, money
from .cards import clean
from .errors import invalid
from .payments import Outcome


class Closed(Exception):
    """The customer came to a session that is no longer open; `status` says why."""

    def __init__(self, session: dict):
        super().__init__(f"the session is {session['status']}")
        self.session = session
        self.status = session["status"]


class Sessions:
    """State changes of sessions, for the API, the checkout page and the drivers alike."""

    def __init__(self, sandbox):
        self.box = sandbox
        self.store = sandbox.store
        self.jobs = {"expire_session": self._expire_job}

    def open(self, params: dict) -> dict:
        """A new session; its parameters hold to the contract already."""
        now = int(self.box.now)
        items = checkout.line_items(self.store, params, now)
        total = sum(item["amount_total"] for item in items)
        subject = "The Checkout Session's total amount due"
        money.check_charge(total, items[0]["currency"], "line_items", subject)
        ref = self.store.new_id("cs_test_a1", 56)
        session = checkout.session(ref, now, params, items, self.box.checkout_base)
        products = [item["price_data"]["product_data"] for item in params["line_items"]]
        listed = {
            "object": "list",
            "data": items,
            "has_more": False,
            "url": f"/v1/checkout/sessions/{ref}/line_items",
        }
        self.store.add(
            session,
            includable={"line_items": listed},
            intent_data=params.get("payment_intent_data", {}),
            products=products,
        )
        self.store.plan(session["expires_at"], "expire_session", ref)
        return session

    def pay(self, session: dict, kind: str, number: str, name=None, email=None) -> Outcome:
        """The customer presses Pay. Raises `Closed` when the session is not open any more."""
        self._check_open(session)
        if kind not in session["payment_method_types"]:
            raise invalid(f"The payment method type '{kind}' is not offered on this session.")
        email = email or (session["customer_details"] or {}).get("email")
        self._identify(session, email, name)
        method = self.box.payments.new_method(kind, clean(number), name, email)
        intent = self._intent(session)
        if intent["status"] == "requires_action":  # the customer gave the challenge up
            self.box.payments.authenticate(intent, passed=False)
        return self._settled(session, self.box.payments.confirm(intent, method))

    def authenticate(self, session: dict, passed: bool) -> Outcome:
        """The customer ends a 3-D Secure challenge."""
        self._check_open(session)
        intent = self.store.get("payment_intent", session["payment_intent"])
        return self._settled(session, self.box.payments.authenticate(intent, passed))

    def expire(self, session: dict) -> dict:
        """Close an open session; an intent that waits in it is canceled."""
        if session["status"] != "open":
            raise invalid(
                'Only Checkout Sessions with a status in ["open"] can be expired. This Checkout '
                f"Session has a status of `{session['status']}`."
            )
        session |= {"status": "expired", "url": None}
        self.box.emit("checkout.session.expired", session)
        if session["payment_intent"]:
            intent = self.store.get("payment_intent", session["payment_intent"])
            self.box.payments.cancel(intent, "automatic")
        return session

    def bank_answered(self, intent: dict, paid: bool) -> None:
        """A bank debit came through or not: its session learns of it."""
        session = self.of_intent(intent["id"])
        if session is None or session["status"] != "complete":
            return
        if paid:
            session["payment_status"] = "paid"
        name = "async_payment_succeeded" if paid else "async_payment_failed"
        self.box.emit(f"checkout.session.{name}", session)

    def of_intent(self, ref: str) -> dict | None:
        """The session that an intent was made for."""
        found = self.store.notes(ref).get("session")
        return self.store.get("checkout.session", found) if found else None

    def return_url(self, session: dict) -> str:
        """Where the customer goes after paying."""
        return session["success_url"].replace("{CHECKOUT_SESSION_ID}", session["id"])

    def rebase(self, base_url: str) -> None:
        """The checkout page has moved: open sessions point to the new address."""
        for session in self.store.all("checkout.session"):
            if session["status"] == "open":
                session["url"] = f"{base_url}/c/pay/{session['id']}"

    def _check_open(self, session):
        if session["status"] != "open":
            raise Closed(session)

    def _identify(self, session, email, name):
        session["customer_details"] = checkout.details(email, name)
        notes = self.store.notes(session["id"])
        if session["customer"]:
            return
        saves = notes["intent_data"].get("setup_future_usage")
        if session["customer_creation"] == "always" or saves:
            params = {"email": email, "name": name}
            session["customer"] = self.box.new_customer(params)["id"]

    def _intent(self, session):
        if session["payment_intent"]:
            return self.store.get("payment_intent", session["payment_intent"])
        given = self.store.notes(session["id"])["intent_data"]
        intent = self.box.payments.new_intent(
            session["amount_total"],
            session["currency"],
            customer=session["customer"],
            payment_method_types=session["payment_method_types"],
            **given,
        )
        self.store.notes(intent["id"])["session"] = session["id"]
        session["payment_intent"] = intent["id"]
        return intent

    def _settled(self, session, outcome: Outcome):
        """Complete the session unless the attempt failed or is still being authenticated."""
        if outcome.status in ("succeeded", "processing"):
            paid = outcome.status == "succeeded"
            session |= {
                "status": "complete",
                "payment_status": "paid" if paid else "unpaid",
                "url": None,
            }
            self.box.emit("checkout.session.completed", session)
            outcome.redirect = self.return_url(session)
        self.box.changed()
        return outcome

    def _expire_job(self, ref):
        session = self.store.get("checkout.session", ref)
        if session["status"] == "open":
            self.expire(session)
