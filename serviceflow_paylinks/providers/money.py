"""Stripe's amounts: minor units, steps and minimums. Decimal in, integers out, never a float.

Sources: https://docs.stripe.com/currencies (zero-decimal, three-decimal and special currencies,
minimum charge amounts). Odoo's generic table differs for ISK, UGX and MGA.
"""

from decimal import ROUND_DOWN, Decimal

# The charge equals the amount: no minor units.
ZERO_DECIMAL = frozenset("BIF CLP DJF GNF JPY KMF KRW MGA PYG RWF VND VUV XAF XOF XPF".split())
# Sent with three decimals, of which the last must be 0.
THREE_DECIMAL = frozenset("BHD JOD KWD OMR TND".split())
# Sent with two decimals that must be 00.
WHOLE_UNITS = frozenset("ISK UGX".split())

# Minimum charge by currency. Stripe applies the minimum of the settlement currency, after
# conversion: a charge in another currency may still be refused there (``amount_too_small``).
MINIMUM = {
    "AED": "2.00", "AUD": "0.50", "BGN": "1.00", "BRL": "0.50", "CAD": "0.50", "CHF": "0.50",
    "CZK": "15.00", "DKK": "2.50", "EUR": "0.50", "GBP": "0.30", "HKD": "4.00", "HUF": "175.00",
    "INR": "0.50", "JPY": "50", "MXN": "10.00", "MYR": "2.00", "NOK": "3.00", "NZD": "0.50",
    "PLN": "2.00", "RON": "2.00", "SEK": "3.00", "SGD": "0.50", "THB": "10.00", "USD": "0.50",
}  # fmt: skip


def decimals(currency):
    """Return how many decimals Stripe's minor unit has in this currency.

    :param str currency: ISO 4217, upper case
    :rtype: int
    """
    if currency in ZERO_DECIMAL:
        return 0
    return 3 if currency in THREE_DECIMAL else 2


def step(currency):
    """Return the smallest difference between two chargeable amounts, in major units."""
    if currency in ZERO_DECIMAL or currency in WHOLE_UNITS:
        return Decimal(1)
    return Decimal("0.01")


def chargeable(amount, currency):
    """Return the greatest chargeable amount not above ``amount``.

    >>> chargeable(Decimal("12.345"), "KWD")
    Decimal('12.34')
    """
    return max(amount, Decimal(0)).quantize(step(currency), rounding=ROUND_DOWN)


def to_minor(amount, currency):
    """Return the amount in minor units.

    >>> to_minor(Decimal("12.34"), "KWD"), to_minor(Decimal(700), "UGX")
    (12340, 70000)

    :raise ValueError: Stripe cannot charge exactly this amount
    """
    if chargeable(amount, currency) != amount:
        raise ValueError(f"not chargeable exactly in {currency}")
    return int(amount.scaleb(decimals(currency)))


def from_minor(amount, currency):
    """Return the amount in major units.

    >>> from_minor(12340, "KWD"), from_minor(700, "JPY")
    (Decimal('12.340'), Decimal('700'))
    """
    return Decimal(amount).scaleb(-decimals(currency))


def minimum(currency):
    """Return the minimum charge in major units; 0 where Stripe's table has none."""
    return Decimal(MINIMUM.get(currency, 0))
