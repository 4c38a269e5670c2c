"""Text messages are charged by their length: the 7-bit alphabet of GSM, and what fits into it.

160 septets fit into one message where every character is in the alphabet (3GPP TS 23.038, 6.2.1);
a single one that is not makes it 70 characters. Longer texts are cut into parts of 153 or 67.
"""

import unicodedata

BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
# Each takes two septets: an escape and itself.
EXTENSION = frozenset("\f^{}\\[~]|€")

SINGLE, PART = 160, 153
SINGLE_UNICODE, PART_UNICODE = 70, 67

_REPLACEMENTS = {
    **dict.fromkeys("‘’‚‛′`´", "'"),
    **dict.fromkeys("“”„‟″«»", '"'),
    **dict.fromkeys("‐‑‒–—−", "-"),
    **dict.fromkeys("\u00a0\u2007\u2009\u202f\t", " "),
    "…": "...",
    "•": "*",
    "·": ".",
    "œ": "oe",
    "Œ": "OE",
    "ł": "l",
    "Ł": "L",
    "đ": "d",
    "Đ": "D",
    "ð": "d",
    "þ": "th",
    "ı": "i",
    "ŀ": "l",
}


def fits(text):
    """Whether every character is in the alphabet."""
    return all(char in BASIC or char in EXTENSION for char in text)


def septets(text):
    """Return how many septets the text takes; only for texts that fit the alphabet."""
    return sum(2 if char in EXTENSION else 1 for char in text)


def parts(text):
    """Return how many messages the text is charged as."""
    if fits(text):
        length, single, part = septets(text), SINGLE, PART
    else:
        # What lies outside of Unicode's first plane takes two units.
        length = len(text.encode("utf-16-be")) // 2
        single, part = SINGLE_UNICODE, PART_UNICODE
    return 1 if length <= single else -(-length // part)


def transliterate(text):
    """Return the text in the alphabet: accents that are not in it are dropped, and so are
    characters that have no like in it."""
    return "".join(_transliterate_char(char) for char in text)


def _transliterate_char(char):
    if char in BASIC or char in EXTENSION:
        return char
    if char in _REPLACEMENTS:
        return _REPLACEMENTS[char]
    plain = unicodedata.normalize("NFKD", char)
    return "".join(c for c in plain if c in BASIC or c in EXTENSION)


def shorten(text, length):
    """Return the text cut to so many septets, at the end of a word where that loses little."""
    if septets(text) <= length:
        return text
    cut = ""
    for char in text:
        if septets(cut + char) > length:
            break
        cut += char
    head, _space, _tail = cut.rpartition(" ")
    return (head if len(head) >= length // 2 else cut).rstrip(" ,.;:-&")
