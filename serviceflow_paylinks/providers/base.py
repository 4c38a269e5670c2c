"""The boundary to a payment processor: a few verbs, frozen values in and out.

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
# A refund is PROCESSING, REFUNDED (it arrived, or is as good as there) or FAILED (it came back).
REFUNDED = "refunded"


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

    :param amount: all that is charged, in the processor's minor units (cents for USD, yen for JPY)
    :param tip: the part of the amount that is a tip, to be shown on a line of its own
    :param tip_name: what that line is called
    :param currency: ISO 4217, upper case
    :param reference: the attempt's reference, for people who look at the processor's pages
    :param expires_at: seconds since the epoch
    :param success_url: where the customer goes after paying
    :param cancel_url: where the customer goes without paying
    :param receipt: whether the processor sends the receipt
    :param origin: what the attempt was made from, to be told back: whoever has lost the attempt
        finds it again
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
    tip: int = 0
    tip_name: str = ""
    receipt: bool = True
    origin: str = ""


@dataclass(frozen=True)
class ChargeRequest:
    """A saved card to charge. Frozen with the attempt, so that a repeated call is the same call.

    :param amount: in the processor's minor units
    :param currency: ISO 4217, upper case
    :param reference: the attempt's reference
    :param customer_ref: the processor's id of the customer whose card it is
    :param card_ref: the processor's id of the card
    :param email: where the processor sends its receipt
    """

    amount: int
    currency: str
    reference: str
    description: str
    customer_ref: str
    card_ref: str
    email: str = ""


@dataclass(frozen=True)
class Checkout:
    """A checkout, or the charge of a saved card, as the processor sees it at this moment.

    :param ref: the processor's id of the checkout, or of the charge
    :param outcome: OPEN, PROCESSING, PAID, FAILED or EXPIRED
    :param amount: in minor units
    :param key: the idempotency key it was opened with: tells whose attempt it is, even where two
        databases share one account and their references collide
    :param origin: as it was asked for with
    :param payment_ref: the processor's id of the payment, once the customer confirmed
    :param paid_at: when the customer confirmed (UTC, naive), if known
    :param method: the processor's code of the method (``sepa_debit``), or the card's brand
    :param problem: the processor's words on the last failed try, for staff
    :param problem_kind: what the payer is told of it, as ``providers.declines`` names it
    :param problem_code: what the failed try failed of: ``authentication_required`` where the bank
        wants to hear from the customer, else the processor's own code
    """

    ref: str
    outcome: str
    amount: int
    currency: str
    live: bool
    key: str = ""
    origin: str = ""
    url: str = field(default="", repr=False)
    expires_at: datetime | None = None
    payment_ref: str = ""
    paid_at: datetime | None = None
    method: str = ""
    problem: str = ""
    problem_code: str = ""
    problem_kind: str = ""


@dataclass(frozen=True)
class Notification:
    """What a verified notification says. It is a hint only: look at the checkout before acting.

    :param event_ref: the processor's id of the event
    :param kind: what it is about: ``checkout``, ``payment``, ``refund``, ``dispute``, ``other``
    :param object_ref: the processor's id of that object
    :param payment_ref: the processor's id of the payment, where the event tells it
    :param key: the attempt's idempotency key, where the event tells it
    :param origin: what the attempt was made from, likewise
    :param account: the connected account that the event is for, if any
    """

    event_ref: str
    event_type: str
    kind: str
    object_ref: str
    live: bool
    payment_ref: str = ""
    key: str = ""
    origin: str = ""
    account: str = ""


@dataclass(frozen=True)
class RefundRequest:
    """One refund to make. Frozen with its transaction, so that a repeated call is the same call.

    :param payment_ref: the processor's id of the payment
    :param amount: in minor units
    :param reason: ``duplicate``, ``requested_by_customer``, ``fraudulent`` or empty
    """

    payment_ref: str
    amount: int
    reason: str = ""


@dataclass(frozen=True)
class Refund:
    """A refund as the processor sees it at this moment.

    :param ref: the processor's id of the refund
    :param outcome: PROCESSING, REFUNDED or FAILED
    :param amount: in minor units
    :param key: the idempotency key it was made with; empty for one made elsewhere
    :param problem: why it failed, in the processor's words
    """

    ref: str
    outcome: str
    amount: int
    currency: str
    key: str = ""
    reason: str = ""
    problem: str = ""


@dataclass(frozen=True)
class Dispute:
    """A dispute as the processor sees it at this moment.

    :param ref: the processor's id of the dispute
    :param status: ``needs_response``, ``under_review``, ``won``, ``lost``, ``prevented``,
        ``warning_needs_response``, ``warning_under_review`` or ``warning_closed``
    :param amount: what is disputed, in minor units
    :param due_by: until when evidence may be given (UTC, naive), if it may
    :param movements: how many times money moved so far; never falls
    :param withdrawn: what was taken and not given back, in minor units of ``currency``
    :param fee: what the processor took for it, in minor units of ``fee_currency``
    """

    ref: str
    status: str
    amount: int
    currency: str
    live: bool
    reason: str = ""
    due_by: datetime | None = None
    movements: int = 0
    withdrawn: int = 0
    fee: int = 0
    fee_currency: str = ""


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
    def charge_saved_card(self, request, key):
        """Charge a card that the customer has saved, the customer being away.

        :param ChargeRequest request: what to charge
        :param str key: idempotency key, frozen with the attempt; the processor may forget it after
            some hours, so an old call must not be repeated, but looked for (``find_charge``)
        :return: the charge; FAILED with its ``problem`` where the bank refuses it
        :rtype: Checkout
        :raise RetryableError: nobody knows whether it was charged (``unknown``), or it was not,
            since the processor is ``busy``
        :raise FinalError: it was not charged
        """

    @abstractmethod
    def find_charge(self, request, key, since):
        """Return the charge that was made with this key, or None; never charges.

        :param ChargeRequest request: as it was sent
        :param datetime since: when the attempt was made (UTC, naive)
        :rtype: Checkout | None
        """

    @abstractmethod
    def look_at_checkout(self, ref):
        """Return the checkout, or the charge, as it stands now.

        :rtype: Checkout
        :raise UnknownCheckoutError: there is none with this id
        """

    @abstractmethod
    def close_checkout(self, ref):
        """Close the checkout or charge, so that nobody can pay it; return how it stands then.

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
    def list_notifications(self, since, until=None, after=""):
        """Return what the processor has told, or tried to, in a period: a page, the newest first.

        :param datetime since: UTC, naive; inclusive
        :param datetime until: UTC, naive; exclusive. None: up to now
        :param str after: the last event of the page before
        :return: (list of Notification, whether there are more)
        """

    @abstractmethod
    def open_refund(self, request, key):
        """Make the refund, or return the one that this key has made already.

        :param RefundRequest request: what to give back
        :param str key: idempotency key, frozen with the refund
        :rtype: Refund
        """

    @abstractmethod
    def look_at_refunds(self, payment_ref):
        """Return all refunds of a payment as they stand now, the oldest first.

        :rtype: list[Refund]
        """

    @abstractmethod
    def look_at_disputes(self, payment_ref):
        """Return all disputes of a payment as they stand now, the oldest first.

        :rtype: list[Dispute]
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
    def from_minor(amount: int, currency: str) -> Decimal:
        """Return the amount in major units of what the processor tells in minor units."""

    @staticmethod
    @abstractmethod
    def minimum(currency: str) -> Decimal:
        """Return the smallest amount that can be charged in this currency; 0 where not known."""
