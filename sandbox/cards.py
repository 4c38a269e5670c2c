"""The test numbers of Stripe's documentation and what they do (pages "Testing", "ACH", "SEPA")."""

from dataclasses import dataclass

CARD_OK = "4242424242424242"
BANK_OK = {"us_bank_account": "000123456789", "sepa_debit": "AT611904300234573201"}
BANK_OF_CURRENCY = {"usd": "us_bank_account", "eur": "sepa_debit"}
AUTHENTICATION_FAILED = (
    "We are unable to authenticate your payment method. Please choose a different payment method "
    "and try again."
)


@dataclass(frozen=True)
class Failure:
    """Why a payment does not go through, in Stripe's words."""

    code: str
    message: str
    decline_code: str | None = None


@dataclass(frozen=True)
class Behaviour:
    """What happens to a payment with a test number."""

    failure: Failure | None = None
    challenge: bool = False  # 3-D Secure, when the customer is there
    once_set_up: bool = False  # …and not off-session once it has been saved
    dispute: str | None = None  # disputed right after, for this reason
    refund: str | None = None  # `pending` or `failing` refunds
    can_be_saved: bool = False  # …although charges fail


def _declined(reason="generic_decline", message="Your card was declined."):
    return Behaviour(Failure("card_declined", message, reason))


CARDS = {
    CARD_OK: Behaviour(),
    "4000056655665556": Behaviour(),
    "5555555555554444": Behaviour(),
    "5200828282828210": Behaviour(),
    "378282246310005": Behaviour(),
    "4000000000000077": Behaviour(),
    "4000000000000002": _declined(),
    "4000000000009995": _declined("insufficient_funds", "Your card has insufficient funds."),
    "4000000000009987": _declined("lost_card"),
    "4000000000009979": _declined("stolen_card"),
    "4000000000000069": Behaviour(Failure("expired_card", "Your card has expired.")),
    "4000000000000127": Behaviour(
        Failure("incorrect_cvc", "Your card's security code is incorrect.")
    ),
    "4000000000000119": Behaviour(
        Failure(
            "processing_error",
            "An error occurred while processing your card. Try again in a little bit.",
        )
    ),
    "4000000000000341": Behaviour(
        Failure("card_declined", "Your card was declined.", "generic_decline"), can_be_saved=True
    ),
    "4000002500003155": Behaviour(challenge=True, once_set_up=True),
    "4000002760003184": Behaviour(challenge=True),
    "4000000000003220": Behaviour(challenge=True),
    "4000008400001629": Behaviour(
        Failure("card_declined", "Your card was declined.", "generic_decline"), challenge=True
    ),
    "4000000000000259": Behaviour(dispute="fraudulent"),
    "4000000000002685": Behaviour(dispute="product_not_received"),
    "4000000000007726": Behaviour(refund="pending"),
    "4000000000005126": Behaviour(refund="failing"),
}


def _bank(code, message):
    return Behaviour(Failure(code, message))


_CLOSED = "The bank account has been closed."
_NO_ACCOUNT = "The bank account could not be located."
_NO_FUNDS = "The customer's account has insufficient funds to cover this payment."
_NOT_AUTHORIZED = "The customer has notified their bank that this payment was unauthorized."
ACCOUNTS = {
    "000123456789": Behaviour(),
    "000111111113": _bank("account_closed", _CLOSED),
    "000111111116": _bank("no_account", _NO_ACCOUNT),
    "000222222227": _bank("insufficient_funds", _NO_FUNDS),
    "000333333335": _bank("debit_not_authorized", _NOT_AUTHORIZED),
    "000555555559": Behaviour(dispute="fraudulent"),
    "AT611904300234573201": Behaviour(),
    "DE89370400440532013000": Behaviour(),
    "FR1420041010050500013M02606": Behaviour(),
    "AT861904300235473202": _bank("insufficient_funds", _NO_FUNDS),
    "DE62370400440532013001": _bank("insufficient_funds", _NO_FUNDS),
    "AT591904300235473203": Behaviour(dispute="fraudulent"),
}
NOT_A_TEST_CARD = Failure(
    "card_declined",
    "Your card was declined. Your request was in test mode, but used a non test card. For a list "
    "of valid test cards, visit: https://stripe.com/docs/testing.",
    "test_mode_live_card",
)
NOT_A_NUMBER = Failure("incorrect_number", "Your card number is invalid.")


def clean(number: str) -> str:
    """A number as it is looked up: no spaces, no dashes, capital letters."""
    return "".join(number.split()).replace("-", "").upper()


def card_behaviour(number: str) -> Behaviour:
    """What a card does; any number that is not a test number is declined, as in test mode."""
    if number in CARDS:
        return CARDS[number]
    return Behaviour(NOT_A_TEST_CARD if is_luhn(number) else NOT_A_NUMBER)


def account_behaviour(number: str) -> Behaviour:
    """What a bank account does."""
    return ACCOUNTS.get(number, _bank("no_account", _NO_ACCOUNT))


def is_luhn(number: str) -> bool:
    """Whether a card number's check digit is right."""
    if not number.isdigit() or not 12 <= len(number) <= 19:
        return False
    digits = [int(digit) for digit in reversed(number)]
    doubled = [sum(divmod(2 * digit, 10)) for digit in digits[1::2]]
    return (sum(digits[::2]) + sum(doubled)) % 10 == 0


def brand(number: str) -> str:
    """The card scheme, by the first digits."""
    schemes = {"4": "visa", "5": "mastercard", "2": "mastercard", "3": "amex", "6": "discover"}
    return schemes.get(number[:1], "unknown")
