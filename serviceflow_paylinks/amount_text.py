"""An amount of money as people type it: text in, Decimal out, never a float.

Not Babel's ``parse_decimal``: it takes "12.50" on a German page for 1250 (strictly, for nothing),
and does not know the separators that this database gave to its languages. Here a text that can be
read in one way only is read in that way; where it can be read in two, the language decides; and
where that does not help either, nothing is guessed.
"""

import re
import unicodedata
from decimal import Decimal

LONGEST_TEXT, MOST_DIGITS = 40, 15
_DECIMAL, _GROUP = ".,٫", ".,' "
_PLAIN = {"’": "'", "‘": "'", "´": "'", "`": "'", "٬": "'"}


def read_amount(text, decimal_point, thousands_sep, places, marks=()):
    """Return the amount that was typed; None where it is none, or may mean two things.

    >>> read_amount("1.234,50", ",", ".", 2), read_amount("1.234", ".", ",", 2)
    (Decimal('1234.50'), None)

    :param text: whatever came; anything but a text is no amount
    :param str decimal_point: of the reader's language
    :param str thousands_sep: of the reader's language
    :param int places: the currency's decimals
    :param marks: the currency's symbol and code, which may stand beside the number
    :rtype: Decimal | None
    """
    if not isinstance(text, str) or len(text) > LONGEST_TEXT:
        return None
    number = _strip_marks(_simplify(text), [_simplify(mark) for mark in marks])
    if number[:1] and number[0] in _DECIMAL:
        number = f"0{number}"
    if not re.fullmatch(r"[0-9](?:[.,٫' ]?[0-9])*", number):
        return None
    whole, fraction = _split(number, decimal_point, _simplify(thousands_sep), places)
    if whole is None or len(whole) + len(fraction) > MOST_DIGITS:
        return None
    return Decimal(f"{whole}.{fraction or 0}")


def write_amount(amount, decimal_point, places):
    """Return the amount as it would be typed in the language, without thousands separators.

    >>> write_amount(Decimal("1234.5"), ",", 2)
    '1234,50'
    """
    return f"{amount:.{places}f}".replace(".", decimal_point)


def _simplify(text):
    """Return the text with plain digits, spaces and signs, and without marks of direction."""
    return "".join(map(_simplify_char, text or "")).strip(" ")


def _simplify_char(char):
    if "！" <= char <= "～":
        char = chr(ord(char) - 0xFEE0)  # the wide forms that Japanese keyboards make
    category = unicodedata.category(char)
    if category == "Nd":
        return str(unicodedata.decimal(char))
    if category == "Zs":
        return " "
    return "" if category == "Cf" else _PLAIN.get(char, char)


def _strip_marks(number, marks):
    for mark in sorted(filter(None, marks), key=len, reverse=True):
        if number.casefold().startswith(mark.casefold()):
            number = number[len(mark) :].strip(" ")
        elif number.casefold().endswith(mark.casefold()):
            number = number[: -len(mark)].strip(" ")
    return number


def _split(number, decimal_point, thousands_sep, places):
    """Return the digits before and after the decimal point; None for the first if unclear."""
    separators = [char for char in number if not char.isdigit()]
    fraction = ""
    if separators and separators.count(separators[-1]) == 1 and separators[-1] in _DECIMAL:
        head, last, tail = number.rpartition(separators[-1])
        alone = len(separators) == 1
        if alone and last != "٫" and len(tail) == 3 and head.strip("0"):
            # 1.234 or 1,234: thousands for some readers, thousandths for others.
            if last == thousands_sep:
                return _join_groups(number), fraction
            if last != decimal_point or places < 3:
                return None, fraction
        number, fraction = head, tail
    return _join_groups(number), fraction


def _join_groups(number):
    """Return the digits of a number whose thousands may be set apart; None if they are not right.

    Groups of three, or of two before the last three as in India.
    """
    separators = {char for char in number if not char.isdigit()}
    if not separators:
        return number
    if len(separators) > 1 or not separators <= set(_GROUP):
        return None
    first, *middle, last = number.split(separators.pop())
    if len(last) != 3 or first.startswith("0") or len(first) > 3:
        return None
    sizes = {len(group) for group in middle}
    if sizes <= {3} or (sizes == {2} and len(first) <= 2):
        return first + "".join(middle) + last
    return None
