"""How money moves: intents, charges and refunds change state here, and events tell of it."""

from dataclasses import dataclass

from . import objects
from .cards import (
    AUTHENTICATION_FAILED,
    Failure,
    account_behaviour,
    card_behaviour,
)
from .errors import ApiError, invalid
from .store import copy

CANCELABLE = ("requires_payment_method", "requires_action", "requires_confirmation", "processing")


@dataclass
class Outcome:
    """What an attempt to pay came to.

    `status`: succeeded, processing (a bank debit under way), requires_action (3-D Secure) or
    declined, with Stripe's `message` and codes. `redirect` is where the customer is sent next.
    """

    status: str
    intent: str | None = None
    message: str | None = None
    code: str | None = None
    decline_code: str | None = None
    redirect: str | None = None


class Payments:
    """State changes of payments, for the API, the checkout page and the drivers alike."""

    def __init__(self, sandbox):
        self.box = sandbox
        self.store = sandbox.store
        self.jobs = {
            "settle": self._settle_job,
            "settle_refund": lambda ref: self._refund_job(ref, None),
            "fail_refund": lambda ref: self._refund_job(ref, "lost_or_stolen_card"),
        }

    # -- intents -----------------------------------------------------------

    def new_intent(self, amount: int, currency: str, **values) -> dict:
        """A payment intent without a payment method yet."""
        ref = self.store.new_id("pi_3", 23)
        intent = objects.payment_intent(ref, int(self.box.now), amount, currency, **values)
        self.store.add(intent)
        self.box.emit("payment_intent.created", intent)
        return intent

    def new_method(self, kind: str, number: str, name=None, email=None) -> dict:
        """A card or bank account as the customer typed it."""
        payer = {"name": name, "email": email}
        ref = self.store.new_id("pm_1", 23)
        method = objects.payment_method(ref, int(self.box.now), kind, number, payer)
        return self.store.add(method, number=number, authenticated=False)

    def confirm(self, intent: dict, method: dict, off_session: bool = False) -> Outcome:
        """Try to take the money of an intent with a payment method."""
        if intent["status"] not in ("requires_payment_method", "requires_confirmation"):
            raise unexpected_state(intent, "confirm")
        behaviour = self.behaviour(method)
        intent |= {"last_payment_error": None, "payment_method": method["id"]}
        if method["type"] != "card":
            return self._debit(intent, method)
        if behaviour.challenge and off_session:
            notes = self.store.notes(method["id"])
            if not (behaviour.once_set_up and notes.get("authenticated")):
                words = "Your card was declined. This transaction requires authentication."
                return self._decline(
                    intent,
                    method,
                    Failure("authentication_required", words, "authentication_required"),
                )
        elif behaviour.challenge:
            return self._ask_to_authenticate(intent)
        if behaviour.failure:
            return self._decline(intent, method, behaviour.failure)
        return self._succeed(intent, method)

    def authenticate(self, intent: dict, passed: bool) -> Outcome:
        """The customer's 3-D Secure challenge came to an end."""
        if intent["status"] != "requires_action":
            raise unexpected_state(intent, "authenticate")
        method = self.store.get("payment_method", intent["payment_method"])
        intent["next_action"] = None
        if not passed:
            failure = Failure("payment_intent_authentication_failure", AUTHENTICATION_FAILED)
            return self._decline(intent, method, failure, with_charge=False)
        self.store.notes(method["id"])["authenticated"] = True
        behaviour = self.behaviour(method)
        if behaviour.failure:
            return self._decline(intent, method, behaviour.failure)
        return self._succeed(intent, method)

    def cancel(self, intent: dict, reason: str | None) -> dict:
        """Give an intent up."""
        if intent["status"] not in CANCELABLE:
            raise unexpected_state(intent, "cancel")
        if intent["status"] == "processing":
            charge = self.store.get("charge", intent["latest_charge"])
            charge |= {"status": "failed", "failure_code": "payment_canceled"}
        intent |= {
            "status": "canceled",
            "canceled_at": int(self.box.now),
            "cancellation_reason": reason,
            "next_action": None,
        }
        self.box.emit("payment_intent.canceled", intent)
        return intent

    def settle(self, intent: dict) -> Outcome:
        """The bank carried a debit out."""
        charge = self._processing_charge(intent)
        self._receive(intent, charge)
        self.box.sessions.bank_answered(intent, paid=True)
        return Outcome("succeeded", intent["id"])

    def fail(self, intent: dict, failure: Failure | None = None) -> Outcome:
        """The bank refused a debit."""
        charge = self._processing_charge(intent)
        method = self.store.get("payment_method", intent["payment_method"])
        failure = failure or self.behaviour(method).failure
        failure = failure or account_behaviour("000222222227").failure
        outcome = self._refuse(intent, method, failure, charge)
        self.box.sessions.bank_answered(intent, paid=False)
        return outcome

    # -- how an attempt ends -----------------------------------------------

    def behaviour(self, method: dict):
        """What the test number behind a payment method does."""
        number = self.store.notes(method["id"])["number"]
        return card_behaviour(number) if method["type"] == "card" else account_behaviour(number)

    def _new_charge(self, intent, method, **values):
        prefix = "ch_3" if method["type"] == "card" else "py_3"
        ref = self.store.new_id(prefix, 23)
        charge = objects.charge(ref, int(self.box.now), intent, method, **values)
        self.store.add(charge)
        self.note_refunds(charge)
        intent["latest_charge"] = ref
        return charge

    def _succeed(self, intent, method):
        charge = self._new_charge(intent, method)
        self._receive(intent, charge)
        return Outcome("succeeded", intent["id"])

    def _receive(self, intent, charge):
        """The money is there."""
        fee = round(charge["amount"] * 0.029) + 30
        charge |= {
            "status": "succeeded",
            "paid": True,
            "captured": True,
            "amount_captured": charge["amount"],
            "outcome": _outcome("authorized", "approved_by_network", "Payment complete."),
            "balance_transaction": self.book("charge", charge, charge["amount"], fee)["id"],
        }
        intent |= {"status": "succeeded", "amount_received": charge["amount"], "processing": None}
        method = self.store.get("payment_method", intent["payment_method"])
        self._keep_method(intent, method)
        self.box.emit("charge.succeeded", charge)
        self.box.emit("payment_intent.succeeded", intent)
        if self.behaviour(method).dispute:
            self.store.plan(self.box.now, "open_dispute", charge["id"])

    def _keep_method(self, intent, method):
        if intent["setup_future_usage"] and intent["customer"] and not method["customer"]:
            method |= {"customer": intent["customer"], "allow_redisplay": "always"}
            self.box.emit("payment_method.attached", method)

    def _debit(self, intent, method):
        charge = self._new_charge(intent, method)
        intent["status"] = "processing"
        self.box.emit("payment_intent.processing", intent)
        self.box.emit("charge.pending", charge)
        if self.box.settle_after is not None:
            self.store.plan(self.box.now + self.box.settle_after, "settle", intent["id"])
        return Outcome("processing", intent["id"])

    def _ask_to_authenticate(self, intent):
        url = f"{self.box.checkout_base}/c/authenticate/{intent['id']}"
        intent |= {
            "status": "requires_action",
            "next_action": {
                "type": "redirect_to_url",
                "redirect_to_url": {"return_url": None, "url": url},
            },
        }
        self.box.emit("payment_intent.requires_action", intent)
        return Outcome("requires_action", intent["id"], redirect=url)

    def _decline(self, intent, method, failure, with_charge=True):
        charge = self._new_charge(intent, method) if with_charge else None
        return self._refuse(intent, method, failure, charge)

    def _refuse(self, intent, method, failure: Failure, charge):
        if charge:
            words = "The bank did not return any further details with this decline."
            charge |= {
                "status": "failed",
                "failure_code": failure.code,
                "failure_message": failure.message,
                "outcome": _outcome("issuer_declined", "declined_by_network", words)
                | {"reason": failure.decline_code},
            }
            self.box.emit("charge.failed", charge)
        error = {"code": failure.code, "message": failure.message, "type": "card_error"}
        error |= {"decline_code": failure.decline_code} if failure.decline_code else {}
        error |= {"charge": charge["id"]} if charge else {}
        intent |= {
            "status": "requires_payment_method",
            "payment_method": None,
            "next_action": None,
            "last_payment_error": {**error, "payment_method": copy(method)},
        }
        self.box.emit("payment_intent.payment_failed", intent)
        return Outcome(
            "declined", intent["id"], failure.message, failure.code, failure.decline_code
        )

    def _processing_charge(self, intent):
        if intent["status"] != "processing":
            raise unexpected_state(intent, "settle")
        return self.store.get("charge", intent["latest_charge"])

    def _settle_job(self, ref):
        intent = self.store.get("payment_intent", ref)
        if intent["status"] != "processing":
            return
        method = self.store.get("payment_method", intent["payment_method"])
        (self.fail if self.behaviour(method).failure else self.settle)(intent)

    # -- refunds and the balance -------------------------------------------

    def refund(self, charge: dict, amount: int | None, **values) -> dict:
        """Give back a part, or all that is left, of a charge."""
        left = charge["amount"] - charge["amount_refunded"]
        amount = left if amount is None else amount
        self._check_refund(charge, amount, left)
        on_card = charge["payment_method_details"]["type"] == "card"
        method = self.store.get("payment_method", charge["payment_method"])
        how = self.behaviour(method).refund
        ref = self.store.new_id("re_3" if on_card else "pyr_3", 23)
        refund = objects.refund(ref, int(self.box.now), charge, amount, **values)
        refund["balance_transaction"] = self.book("refund", refund, -amount)["id"]
        refund["status"] = "pending" if how == "pending" or not on_card else "succeeded"
        self.store.add(refund)
        self.store.notes(charge["id"])["refunds"].append(ref)
        self._count_refunds(charge)
        self.box.emit("refund.created", refund)
        self.box.emit("charge.refunded", charge)
        unsettled = how == "failing" or refund["status"] == "pending"
        if unsettled and self.box.settle_after is not None:
            job = "fail_refund" if how == "failing" else "settle_refund"
            self.store.plan(self.box.now + self.box.settle_after, job, ref)
        return refund

    def _check_refund(self, charge, amount, left):
        ref = charge["id"]
        if charge["status"] != "succeeded":
            raise invalid(f"Charge {ref} has not succeeded; cannot issue a refund.", "charge")
        dispute = self.store.look(self.store.notes(ref).get("dispute"))
        if dispute and not dispute["is_charge_refundable"]:
            message = f"Charge {ref} has been charged back; cannot issue a refund."
            raise invalid(message, "charge", "charge_disputed")
        if left <= 0:
            message = f"Charge {ref} has already been refunded."
            raise invalid(message, "charge", "charge_already_refunded")
        if amount < 1:
            raise invalid("Invalid positive integer", "amount", "parameter_invalid_integer")
        if amount > left:
            from_what = (
                "unrefunded amount on charge" if left < charge["amount"] else "charge amount"
            )
            raise invalid(
                f"Refund amount ({self.box.money(amount, charge)}) is greater than {from_what} "
                f"({self.box.money(left, charge)})",
                "amount",
            )

    def change_refund(self, refund: dict, status: str, reason: str | None = None) -> dict:
        """A refund arrives (`succeeded`), bounces (`failed`) or is withdrawn (`canceled`)."""
        before = {"status": refund["status"]}
        refund["status"] = status
        charge = self.store.get("charge", refund["charge"])
        if status in ("failed", "canceled"):
            back = self.book("refund_failure", refund, refund["amount"])
            refund |= {"failure_balance_transaction": back["id"], "failure_reason": reason}
            self._count_refunds(charge)
        self.box.emit("refund.updated", refund, before)
        self.box.emit("charge.refund.updated", refund, before)
        if status == "failed":
            self.box.emit("refund.failed", refund)
        return refund

    def note_refunds(self, charge: dict) -> None:
        """Bring the charge's expandable list of refunds up to date."""
        refs = self.store.notes(charge["id"]).setdefault("refunds", [])
        found = [self.store.get("refund", ref) for ref in reversed(refs)]
        url = f"/v1/charges/{charge['id']}/refunds"
        refunds = {"object": "list", "data": found, "has_more": False, "url": url}
        self.store.notes(charge["id"])["includable"] = {"refunds": refunds}

    def _count_refunds(self, charge):
        self.note_refunds(charge)
        found = self.store.notes(charge["id"])["includable"]["refunds"]["data"]
        given = sum(r["amount"] for r in found if r["status"] not in ("failed", "canceled"))
        charge |= {"amount_refunded": given, "refunded": given == charge["amount"]}

    def _refund_job(self, ref, failure):
        refund = self.store.get("refund", ref)
        if refund["status"] == "pending" or (failure and refund["status"] == "succeeded"):
            self.change_refund(refund, "failed" if failure else "succeeded", failure)

    def book(self, kind: str, source: dict, amount: int, fee: int = 0) -> dict:
        """A movement of the account's balance."""
        ref = self.store.new_id("txn_3", 23)
        created = int(self.box.now)
        movement = objects.balance_transaction(ref, created, kind, source, amount, fee)
        if self.box.settlement:
            currency, rate = self.box.settlement
            amount, fee = round(amount * rate), round(fee * rate)
            movement |= {"amount": amount, "fee": fee, "net": amount - fee}
            movement |= {"currency": currency, "exchange_rate": rate}
            for part in movement["fee_details"]:
                part |= {"amount": fee, "currency": currency}
        return self.store.add(movement)


def _outcome(kind, network_status, words):
    return {
        **objects.nulls("advice_code network_advice_code network_decline_code reason"),
        "network_status": network_status,
        "risk_level": "normal",
        "risk_score": 12,
        "seller_message": words,
        "type": kind,
    }


def unexpected_state(intent: dict, verb: str) -> ApiError:
    """400 for an intent in the wrong state."""
    message = f"You cannot {verb} this PaymentIntent because it has a status of {intent['status']}."
    return ApiError(
        400,
        message,
        code="payment_intent_unexpected_state",
        payment_intent=copy(intent),
    )
