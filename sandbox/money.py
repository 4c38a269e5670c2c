"""Amounts as Stripe takes them: integers in a currency's smallest unit.

Source: Stripe's documentation, "Supported currencies" (zero-decimal and three-decimal currencies,
special cases, minimum and maximum charge amounts).
"""

from .errors import invalid

ZERO_DECIMAL = frozenset(
    (
        *("bif", "clp", "djf", "gnf", "jpy", "kmf", "krw", "mga"),
        *("pyg", "rwf", "vnd", "vuv", "xaf", "xof", "xpf"),
    )
)
THREE_DECIMAL = frozenset(("bhd", "jod", "kwd", "omr", "tnd"))
WHOLE_UNITS_ONLY = frozenset({"isk", "ugx"})  # two decimals in the API, always 00
MINIMUM = {
    "usd": 50, "eur": 50, "chf": 50, "cad": 50, "aud": 50, "brl": 50, "inr": 50, "nzd": 50,
    "sgd": 50, "gbp": 30, "jpy": 50, "czk": 1500, "dkk": 250, "hkd": 400, "huf": 17500,
    "mxn": 1000, "myr": 200, "nok": 300, "pln": 200, "ron": 200, "sek": 300, "aed": 200,
    "thb": 1000, "bgn": 100,
}  # fmt: skip
MAXIMUM = 99_999_999
SYMBOLS = {"usd": "$", "eur": "€", "gbp": "£", "jpy": "¥", "cad": "CA$", "aud": "A$"}


def decimals(currency: str) -> int:
    """Digits after the point in the integer amounts of the API."""
    if currency in ZERO_DECIMAL:
        return 0
    return 3 if currency in THREE_DECIMAL else 2


def plain(amount: int, currency: str) -> str:
    """`1234`, `usd` as `$12.34`; a currency without a symbol is named after the number."""
    places = decimals(currency)
    number = f"{amount / 10**places:,.{places}f}"
    symbol = SYMBOLS.get(currency)
    return f"{symbol}{number}" if symbol else f"{number} {currency.upper()}"


def check_charge(amount: int, currency: str, param: str = "amount", what: str | None = None):
    """Raise Stripe's 400 unless the amount can be charged in the currency.

    `what` names the thing that is too small in Checkout's words ("The Checkout Session's total…").
    """
    least = MINIMUM.get(currency, 1)
    if amount < least:
        subject = what or "Amount"
        verb = "must add up to at least" if what else "must be at least"
        message = f"{subject} {verb} {plain(least, currency)} {currency}"
        raise invalid(message, param, "amount_too_small")
    if amount > MAXIMUM:
        message = f"Amount must be no more than {plain(MAXIMUM, currency)}"
        raise invalid(message, param, "amount_too_large")
    if currency in THREE_DECIMAL and amount % 10:
        raise invalid(
            f"Invalid integer: {amount}. Amounts in {currency} must be evenly divisible by 10.",
            param,
        )
    if currency in WHOLE_UNITS_ONLY and amount % 100:
        raise invalid(
            f"Invalid integer: {amount}. Amounts in {currency} must be evenly divisible by 100.",
            param,
        )
