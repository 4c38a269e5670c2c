"""Amounts as each language writes them."""

from ..money import SYMBOLS, decimals

_MARKS = {
    "en": (",", "."),
    "fr": ("\u202f", ","),
    "de": (".", ","),
    "es": (".", ","),
    "nl": (".", ","),
}


def amount_text(amount: int, currency: str, language: str) -> str:
    """`123456`, `eur` as `€1,234.56` in English and `1.234,56 €` in German."""
    places = decimals(currency)
    thousands, point = _MARKS[language]
    english = f"{amount / 10**places:,.{places}f}"
    number = english.translate(str.maketrans({",": thousands, ".": point}))
    symbol = SYMBOLS.get(currency, currency.upper())
    if language == "en":
        return f"{symbol}{number}" if currency in SYMBOLS else f"{symbol}\u00a0{number}"
    return f"{symbol}\u00a0{number}" if language == "nl" else f"{number}\u00a0{symbol}"
