"""People and institutions around the API: the customer at the page, the bank, the merchant."""

import functools

from .cards import BANK_OK, CARD_OK
from .errors import ApiError
from .payments import Outcome


def _moment(method):
    """Run a driver's action under the lock, with everything due done before."""

    @functools.wraps(method)
    def run(self, *args, **kwargs):
        with self.box.lock:
            self.box.tick()
            try:
                return method(self, *args, **kwargs)
            finally:
                self.box.changed()

    return run


class _Driver:
    def __init__(self, sandbox):
        self.box = sandbox

    def _get(self, kind, given):
        """An object by its id or by itself (a dict or one of the SDK's objects)."""
        ref = given if isinstance(given, str) else given["id"]
        return self.box.store.get(kind, ref)


class Customer(_Driver):
    """The person at the checkout page. A session that is not open raises `Closed`."""

    @_moment
    def pay(self, session, card: str = CARD_OK, name="Ada Payer", email=None) -> Outcome:
        """Type a card in and press Pay."""
        return self.box.sessions.pay(
            self._get("checkout.session", session), "card", card, name, email
        )

    @_moment
    def pay_by_bank(self, session, account: str | None = None, name="Ada Payer", email=None):
        """Pay by bank debit, ACH or SEPA by the session's currency; an `Outcome`."""
        session = self._get("checkout.session", session)
        kinds = [kind for kind in session["payment_method_types"] if kind != "card"]
        if not kinds:
            raise ValueError(f"no bank debit is offered in {session['currency']}")
        account = account or BANK_OK[kinds[0]]
        return self.box.sessions.pay(session, kinds[0], account, name, email)

    @_moment
    def authenticate(self, session, passed: bool = True) -> Outcome:
        """Pass or fail the 3-D Secure challenge."""
        return self.box.sessions.authenticate(self._get("checkout.session", session), passed)


class Bank(_Driver):
    """The customer's bank: settles debits, bounces refunds, disputes charges."""

    @_moment
    def settle(self, intent) -> Outcome:
        """Carry a bank debit out."""
        return self.box.payments.settle(self._get("payment_intent", intent))

    @_moment
    def fail(self, intent) -> Outcome:
        """Refuse a bank debit."""
        return self.box.payments.fail(self._get("payment_intent", intent))

    @_moment
    def settle_refund(self, refund) -> dict:
        """A pending refund arrives."""
        return self.box.payments.change_refund(self._get("refund", refund), "succeeded")

    @_moment
    def fail_refund(self, refund, reason: str = "expired_or_canceled_card") -> dict:
        """A refund comes back, even one that had succeeded."""
        return self.box.payments.change_refund(self._get("refund", refund), "failed", reason)

    @_moment
    def open_dispute(self, charge, reason="fraudulent", amount=None, inquiry=False) -> dict:
        """Dispute a charge (by its id or its intent's); an inquiry moves no money."""
        return self.box.disputes.open(self._charge(charge), reason, amount, inquiry)

    @_moment
    def withdraw_funds(self, dispute) -> dict:
        """Take the money of a dispute (an inquiry that became a chargeback)."""
        return self.box.disputes.withdraw(self._get("dispute", dispute))

    @_moment
    def close_dispute(self, dispute, won: bool = True) -> dict:
        """Decide a dispute for the merchant or against."""
        return self.box.disputes.close(self._get("dispute", dispute), won)

    def _charge(self, given):
        ref = given if isinstance(given, str) else given["id"]
        if ref.startswith("pi_"):
            ref = self.box.store.get("payment_intent", ref)["latest_charge"]
        return self.box.store.get("charge", ref)


class Dashboard(_Driver):
    """The merchant at Stripe's dashboard."""

    @_moment
    def refund(self, intent, amount: int | None = None, reason=None) -> dict:
        """Refund a payment there: the API's caller only hears of it by event."""
        intent = self._get("payment_intent", intent)
        if not intent["latest_charge"]:
            raise ApiError(400, f"PaymentIntent {intent['id']} has no charge to refund.")
        charge = self.box.store.get("charge", intent["latest_charge"])
        return self.box.payments.refund(charge, amount, reason=reason)

    @_moment
    def expire(self, session) -> dict:
        """Expire an open session."""
        return self.box.sessions.expire(self._get("checkout.session", session))

    @_moment
    def roll_secret(self, endpoint, overlap: float = 86_400) -> str:
        """A new signing secret; for `overlap` seconds events are signed with both."""
        endpoint = self._get("webhook_endpoint", endpoint)
        notes = self.box.store.notes(endpoint["id"])
        notes["old_secret"], notes["old_secret_until"] = notes["secret"], self.box.now + overlap
        notes["secret"] = self.box.store.new_id("whsec_", 32)
        return notes["secret"]

    @_moment
    def change_account(self, **values) -> dict:
        """Change the account, e.g. `charges_enabled=False`."""
        self.box.account |= values
        self.box.emit("account.updated", self.box.account)
        return self.box.account
