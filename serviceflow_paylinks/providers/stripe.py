"""Stripe behind the boundary. The only file that imports the Stripe SDK.

Facts: https://docs.stripe.com/api/checkout/sessions, https://docs.stripe.com/webhooks and
https://docs.stripe.com/api/idempotent_requests; the API version is the one the SDK pins.
"""

import json
import logging
import re
import time
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC

import stripe

from .. import const
from ..exceptions import FinalError, NotificationError, RetryableError, UnknownCheckoutError
from . import money
from .base import EXPIRED, FAILED, OPEN, Account, Endpoint, Processor
from .stripe_charges import PREFIX, charge_params, read_intent
from .stripe_events import read_event
from .stripe_money_back import read_dispute, read_refund
from .stripe_sessions import read_session, session_params

_logger = logging.getLogger(__name__)

# The SDK would write a file in the home folder and report timings to Stripe.
stripe.enable_telemetry = False
# It logs two lines for each call, with the parameters in debug mode. We log one for each failure.
logging.getLogger("stripe").setLevel(logging.WARNING)

TIMEOUT = 10  # seconds for one try
RETRIES = 2
DAY = 24 * 3600  # seconds; no checkout lives longer
SIGNATURE_TOLERANCE = 300  # seconds, Stripe's own default
CLOCKS_DIFFER = 3600  # seconds, at most, between Stripe's clock and ours
EXPAND = ["payment_intent.latest_charge"]
PAGE = 100  # events in one answer, Stripe's greatest

# Stripe's codes that mean something to the person at the screen.
PERSON_CODES = {
    "amount_too_small": "too_small",
    "balance_insufficient": "no_balance",
    "charge_already_refunded": "already_refunded",
    "charge_disputed": "disputed",
}


@dataclass(frozen=True)
class ErrorRow:
    """How one kind of the SDK's errors is to be taken."""

    sdk_class: type
    retryable: bool
    person: str


# Read from the top; the first row that fits decides. A new case is one row and one test.
ERRORS = (
    ErrorRow(stripe.APIConnectionError, True, "unreachable"),
    ErrorRow(stripe.RateLimitError, True, "busy"),
    ErrorRow(stripe.AuthenticationError, False, "rejected_key"),
    ErrorRow(stripe.PermissionError, False, "rejected_key"),
    ErrorRow(stripe.IdempotencyError, False, "refused"),
    ErrorRow(stripe.InvalidRequestError, False, "refused"),
    ErrorRow(stripe.CardError, False, "refused"),
    ErrorRow(stripe.APIError, False, "unreachable"),
    ErrorRow(stripe.StripeError, False, "refused"),
)


class StripeProcessor(Processor):
    """One Stripe account, through the SDK with a time limit, retries and idempotency keys."""

    chargeable = staticmethod(money.chargeable)
    to_minor = staticmethod(money.to_minor)
    from_minor = staticmethod(money.from_minor)
    minimum = staticmethod(money.minimum)

    def __init__(self, credentials):
        super().__init__(credentials)
        if not credentials.secret_key:
            raise FinalError("no secret key is set", "not_connected")
        self._client = stripe.StripeClient(
            credentials.secret_key,
            max_network_retries=RETRIES,
            http_client=self._build_http_client(),
            base_addresses={"api": credentials.api_base} if credentials.api_base else {},
        ).v1

    @staticmethod
    def _build_http_client():
        """Return the SDK's HTTP client; tests put Stripe's stand-in here."""
        return stripe.RequestsClient(timeout=TIMEOUT)

    # -- checkouts --

    def open_checkout(self, request, key):
        try:
            with _errors("open a checkout"):
                session = self._client.checkout.sessions.create(
                    params=session_params(request, key), options={"idempotency_key": key}
                )
        except FinalError as error:
            if error.person != "unreachable":
                raise
            # Stripe's own failure, which its key remembers: it may have come after the deed.
            return self._find_open_checkout(key, error)
        if _is_replayed(session):
            # The stored answer shows the session as it was when it was opened.
            return self.look_at_checkout(session.id)
        return read_session(session.to_dict())

    def look_at_checkout(self, ref):
        if ref.startswith(PREFIX):
            return self._look_at_charge(ref)
        with _errors("look at a checkout"):
            session = self._client.checkout.sessions.retrieve(ref, params={"expand": EXPAND})
        return read_session(session.to_dict())

    def close_checkout(self, ref):
        try:
            with _errors("close a checkout"):
                if ref.startswith(PREFIX):
                    self._client.payment_intents.cancel(ref)
                else:
                    self._client.checkout.sessions.expire(ref)
        except UnknownCheckoutError:
            raise
        except FinalError as error:
            if error.person != "refused":
                raise
            # Only an open one can be closed: this one is complete or has ended by itself.
        return self.look_at_checkout(ref)

    def find_checkout(self, payment_ref):
        with _errors("find a checkout"):
            sessions = self._client.checkout.sessions.list(
                params={"payment_intent": payment_ref, "limit": 1}
            )
        return self.look_at_checkout(sessions.data[0].id) if sessions.data else None

    def _find_open_checkout(self, key, error):
        """Look for the open checkout of a key whose own call will never tell.

        :raise RetryableError: Stripe could not be asked
        :raise FinalError: there is none
        """
        with _errors("look for a checkout"):
            sessions = self._client.checkout.sessions.list(
                params={"status": "open", "limit": 100, "created": {"gte": int(time.time()) - DAY}}
            )
            for session in sessions.auto_paging_iter():
                checkout = read_session(session.to_dict())
                if checkout.key == key:
                    return checkout
        raise error

    # -- saved cards --

    def charge_saved_card(self, request, key):
        with _charge_errors(), _errors("charge a saved card"):
            try:
                intent = self._client.payment_intents.create(
                    params=charge_params(request, key), options={"idempotency_key": key}
                )
            except stripe.CardError as error:
                refused = error.error and error.error.payment_intent
                if not refused:
                    raise
                return read_intent(refused.to_dict())
        if _is_replayed(intent):
            return self.look_at_checkout(intent.id)
        charge = read_intent(intent.to_dict())
        if charge.outcome != OPEN:
            return charge
        # It waits for the customer, who is not there.
        closed = self.close_checkout(charge.ref)
        if closed.outcome != EXPIRED:
            return closed
        return replace(closed, outcome=FAILED, problem_code=charge.problem_code)

    def find_charge(self, request, key, since):
        started = int(since.replace(tzinfo=UTC).timestamp()) - CLOCKS_DIFFER
        params = {"customer": request.customer_ref, "created": {"gte": started}, "limit": 100}
        with _errors("find a charge"):
            for intent in self._client.payment_intents.list(params=params).auto_paging_iter():
                if read_intent(intent.to_dict()).key == key:
                    return self._look_at_charge(intent.id)
        return None

    def _look_at_charge(self, ref):
        with _errors("look at a charge"):
            intent = self._client.payment_intents.retrieve(
                ref, params={"expand": ["latest_charge"]}
            )
        return read_intent(intent.to_dict())

    # -- refunds and disputes --

    def open_refund(self, request, key):
        params = {
            "payment_intent": request.payment_ref,
            "amount": request.amount,
            "metadata": {"paylinks_key": key},
        }
        if request.reason:
            params["reason"] = request.reason
        with _errors("make a refund"):
            refund = self._client.refunds.create(params=params, options={"idempotency_key": key})
            if _is_replayed(refund):
                refund = self._client.refunds.retrieve(refund.id)
        return read_refund(refund.to_dict())

    def look_at_refunds(self, payment_ref):
        params = {"payment_intent": payment_ref, "limit": 100}
        with _errors("look at refunds"):
            found = list(self._client.refunds.list(params=params).auto_paging_iter())
        return [read_refund(refund.to_dict()) for refund in reversed(found)]

    def look_at_disputes(self, payment_ref):
        params = {"payment_intent": payment_ref, "limit": 100}
        with _errors("look at disputes"):
            found = list(self._client.disputes.list(params=params).auto_paging_iter())
        return [read_dispute(dispute.to_dict()) for dispute in reversed(found)]

    # -- notifications --

    def read_notification(self, body, signature):
        try:
            text = body.decode("utf-8")
        except UnicodeDecodeError as error:
            raise NotificationError("body is not UTF-8") from error
        self._check_signature(text, signature or "")
        try:
            return read_event(json.loads(text))
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise NotificationError("signed, but not an event") from error

    def list_notifications(self, since, until=None, after=""):
        created = {"gte": _seconds(since)}
        if until:
            created["lt"] = _seconds(until)
        params = {"types": list(const.WEBHOOK_EVENTS), "created": created, "limit": PAGE}
        if after:
            params["starting_after"] = after
        with _errors("list events"):
            page = self._client.events.list(params=params)
        return [read_event(event.to_dict()) for event in page.data], page.has_more

    def _check_signature(self, text, signature):
        """Accept a signature of any secret that is valid now, neither old nor from the future."""
        if not self.credentials.webhook_secrets:
            raise NotificationError("no signing secret is set", "not_connected")
        match = re.search(r"(?:^|,)t=(\d{1,12})(?:,|$)", signature)
        if not match or int(match[1]) > time.time() + SIGNATURE_TOLERANCE:
            raise NotificationError("signature has no time, or one in the future")
        for secret in self.credentials.webhook_secrets:
            try:
                if stripe.WebhookSignature.verify_header(
                    text, signature, secret, SIGNATURE_TOLERANCE
                ):
                    return
            except (stripe.SignatureVerificationError, ValueError, TypeError):
                continue
        raise NotificationError("no valid signature")

    # -- the account --

    def check_account(self):
        with _errors("read the account"):
            account = self._client.accounts.retrieve_current().to_dict()
        profile = account.get("business_profile") or {}
        settings = (account.get("settings") or {}).get("dashboard") or {}
        return Account(
            ref=account["id"],
            name=profile.get("name") or settings.get("display_name") or account["id"],
            ready=bool(account.get("charges_enabled")),
        )

    def register_endpoint(self, url):
        with _errors("register the webhook"):
            older = [
                endpoint.id
                for endpoint in self._client.webhook_endpoints.list(
                    params={"limit": 100}
                ).auto_paging_iter()
                if endpoint.url == url
            ]
            created = self._client.webhook_endpoints.create(
                params={
                    "url": url,
                    "enabled_events": list(const.WEBHOOK_EVENTS),
                    "api_version": stripe.api_version,
                    "description": "Odoo payment links",
                }
            )
        # From here on the new secret counts, which Stripe tells only once.
        for endpoint_ref in older:
            try:
                self._client.webhook_endpoints.delete(endpoint_ref)
            except stripe.StripeError as error:
                _logger.warning(
                    "The older webhook endpoint %s stays: %s", endpoint_ref, type(error).__name__
                )
        return Endpoint(ref=created.id, secret=created.secret)


@contextmanager
def _errors(action):
    """Turn the SDK's errors into ours, with a line for the log that holds no secret."""
    try:
        yield
    except stripe.StripeError as error:
        # 409 is a plain APIError whose own `code` is None.
        code = error.code or getattr(error.error, "code", None) or ""
        detail = (
            f"Stripe could not {action}: {type(error).__name__} status={error.http_status}"
            f" code={code} request={error.request_id}"
        )
        if code == "resource_missing":
            raise UnknownCheckoutError(detail) from error
        if code in PERSON_CODES:
            raise FinalError(detail, PERSON_CODES[code]) from error
        if error.http_status == 409:
            raise RetryableError(detail, "busy") from error
        if error.http_status and 200 <= error.http_status < 300:
            raise RetryableError(detail) from error  # Done, but the answer was unreadable.
        row = next(row for row in ERRORS if isinstance(error, row.sdk_class))
        raise (RetryableError if row.retryable else FinalError)(detail, row.person) from error


@contextmanager
def _charge_errors():
    """Money may have moved unless Stripe says that it has not: a server's error says nothing.

    https://docs.stripe.com/error-low-level: the result of a 500 is indeterminate.
    """
    try:
        yield
    except UnknownCheckoutError as error:
        raise FinalError(str(error), "unknown_card") from error
    except (FinalError, RetryableError) as error:
        if error.person == "unreachable":
            raise RetryableError(str(error), "unknown") from error
        if error.person == "refused":
            raise FinalError(str(error), "refused_charge") from error
        raise


def _is_replayed(answer):
    """Whether an answer is the stored one of an earlier call with the same key."""
    headers = {k.lower(): v for k, v in (answer.last_response.headers or {}).items()}
    return headers.get("idempotent-replayed") == "true"


def _seconds(moment):
    """Return the seconds since the epoch of Odoo's kind of time."""
    return int(moment.replace(tzinfo=UTC).timestamp())
