"""The boundary to a payment processor: four verbs, frozen values in and out.

Nothing here knows of links, invoices or the ORM, and nothing of a processor's SDK comes out.
Another processor is another class with these verbs, returned by
``payment.provider._paylinks_get_processor``.
"""

from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

# How a checkout stands. OPEN: the customer may still pay. PROCESSING: an asynchronous method
# (bank debit) was accepted, the money is not confirmed. FAILED: such a method failed in the end.
OPEN, PROCESSING, PAID, FAILED, EXPIRED = "open", "processing", "paid", "failed", "expired"


@dataclass(frozen=True)
class Credentials:
    """What a processor's class needs to act for one account.

    :param secret_key: the account's API key
    :param webhook_secrets: signing secrets that are valid now, the newest first
    :param live: whether real money is meant
    :param api_base: another address of the API (scheme and host), for a local stand-in
    """

    secret_key: str = field(repr=False)
    webhook_secrets: tuple[str, ...] = field(default=(), repr=False)
    live: bool = False
    api_base: str = ""


@dataclass(frozen=True)
class CheckoutRequest:
    """One checkout to open. Frozen with the attempt, so that a repeated call is the same call.

    :param amount: in the processor's minor units (cents for USD, yen for JPY)
    :param currency: ISO 4217, upper case
    :param reference: the attempt's reference, for people who look at the processor's pages
    :param expires_at: seconds since the epoch
    :param success_url: where the customer goes after paying
    :param cancel_url: where the customer goes without paying
    :param receipt: whether the processor sends the receipt
    """

    amount: int
    currency: str
    reference: str
    name: str
    description: str
    success_url: str
    cancel_url: str
    expires_at: int
    email: str = ""
    locale: str = "auto"
    receipt: bool = True


@dataclass(frozen=True)
class Checkout:
    """A checkout as the processor sees it at this moment.

    :param ref: the processor's id of the checkout
    :param outcome: OPEN, PROCESSING, PAID, FAILED or EXPIRED
    :param amount: in minor units
    :param key: the idempotency key it was opened with: tells whose attempt it is, even where two
        databases share one account and their references collide
    :param payment_ref: the processor's id of the payment, once the customer confirmed
    :param paid_at: when the customer confirmed (UTC, naive), if known
    :param method: the processor's code of the method (``sepa_debit``), or the card's brand
    :param problem: the processor's words on the last failed try, for the payer
    """

    ref: str
    outcome: str
    amount: int
    currency: str
    live: bool
    key: str = ""
    url: str = field(default="", repr=False)
    expires_at: datetime | None = None
    payment_ref: str = ""
    paid_at: datetime | None = None
    method: str = ""
    problem: str = ""


@dataclass(frozen=True)
class Notification:
    """What a verified notification says. It is a hint only: look at the checkout before acting.

    :param event_ref: the processor's id of the event
    :param kind: what it is about: ``checkout``, ``payment``, ``refund``, ``dispute``, ``other``
    :param object_ref: the processor's id of that object
    :param payment_ref: the processor's id of the payment, where the event tells it
    :param key: the attempt's idempotency key, where the event tells it
    :param account: the connected account that the event is for, if any
    """

    event_ref: str
    event_type: str
    kind: str
    object_ref: str
    live: bool
    payment_ref: str = ""
    key: str = ""
    account: str = ""


@dataclass(frozen=True)
class Account:
    """The account behind the credentials.

    :param ready: whether it may take payments
    """

    ref: str
    name: str
    ready: bool


@dataclass(frozen=True)
class Endpoint:
    """A webhook endpoint that was registered.

    :param ref: the processor's id of the endpoint
    :param secret: its signing secret
    """

    ref: str
    secret: str = field(repr=False)


class Processor(ABC):
    """A payment processor. Every method may raise ``RetryableError`` or ``FinalError``."""

    def __init__(self, credentials):
        self.credentials = credentials

    @abstractmethod
    def open_checkout(self, request, key):
        """Open the checkout, or return the one that this key has opened already.

        :param CheckoutRequest request: what to open
        :param str key: idempotency key, frozen with the attempt
        :rtype: Checkout
        """

    @abstractmethod
    def look_at_checkout(self, ref):
        """Return the checkout as it stands now.

        :rtype: Checkout
        :raise UnknownCheckoutError: there is none with this id
        """

    @abstractmethod
    def close_checkout(self, ref):
        """Close the checkout, so that nobody can pay it, and return how it stands then.

        What was completed meanwhile is not closed: the caller must look at the outcome.

        :rtype: Checkout
        """

    @abstractmethod
    def read_notification(self, body, signature):
        """Verify and read a notification.

        :param bytes body: as received
        :param str signature: the signature header
        :rtype: Notification
        :raise NotificationError: not signed by a secret that is valid now, too old, or unreadable
        """

    @abstractmethod
    def find_checkout(self, payment_ref):
        """Return the checkout that a payment belongs to, or None.

        :rtype: Checkout | None
        """

    @abstractmethod
    def check_account(self):
        """Return the account behind the credentials.

        :rtype: Account
        """

    @abstractmethod
    def register_endpoint(self, url):
        """Register our webhook endpoint and retire older ones with the same address.

        :rtype: Endpoint
        """

    @staticmethod
    @abstractmethod
    def chargeable(amount: Decimal, currency: str) -> Decimal:
        """Return the greatest amount not above this one that the processor can charge."""

    @staticmethod
    @abstractmethod
    def to_minor(amount: Decimal, currency: str) -> int:
        """Return the amount in the processor's minor units; exact, or ValueError."""

    @staticmethod
    @abstractmethod
    def minimum(currency: str) -> Decimal:
        """Return the smallest amount that can be charged in this currency; 0 where not known."""
