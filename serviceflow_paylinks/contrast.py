"""Colours that can be read on their ground, by the contrast of WCAG 2.2.

https://www.w3.org/TR/WCAG22/#dfn-contrast-ratio; a colour is three numbers from 0 to 255.
"""

import re

TEXT = 4.5  # WCAG AA for text (success criterion 1.4.3)
BLACK, WHITE = (0, 0, 0), (255, 255, 255)
STEPS = 100

_SHORT = re.compile(r"#([0-9a-f])([0-9a-f])([0-9a-f])")
_LONG = re.compile(r"#([0-9a-f]{2})([0-9a-f]{2})([0-9a-f]{2})")
_FUNCTION = re.compile(r"rgba?\(\s*(\d{1,3})\s*,\s*(\d{1,3})\s*,\s*(\d{1,3})\s*(?:,[^)]*)?\)")


def parse(text):
    """Return the colour that ``#rgb``, ``#rrggbb`` or ``rgb(r, g, b)`` names; None for the rest.

    :param str text: as entered on the company; may be False
    """
    text = (text or "").strip().lower()
    if match := _SHORT.fullmatch(text):
        return tuple(int(digit * 2, 16) for digit in match.groups())
    if match := _LONG.fullmatch(text):
        return tuple(int(digits, 16) for digits in match.groups())
    if match := _FUNCTION.fullmatch(text):
        return tuple(min(int(number), 255) for number in match.groups())
    return None


def to_hex(color):
    """Return the colour as CSS writes it: ``#rrggbb``."""
    return "#{:02x}{:02x}{:02x}".format(*color)


def luminance(color):
    """Return the relative luminance: 0 is black, 1 is white."""
    channels = [value / 255 for value in color]
    red, green, blue = (
        value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4
        for value in channels
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def ratio(one, other):
    """Return the contrast of two colours: from 1, the same, to 21, black on white."""
    lighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def ink_on(color):
    """Return black or white, whichever reads better on the colour; one always reaches 4.5."""
    return max(WHITE, BLACK, key=lambda ink: ratio(ink, color))


def readable_on(color, *grounds, wanted=TEXT):
    """Return the colour, lightened or darkened only as far as it takes to be read on the grounds.

    :param grounds: colours it may stand on, all light or all dark
    """
    target = ink_on(grounds[0])
    for step in range(STEPS + 1):
        shade = tuple(
            round(value + (end - value) * step / STEPS)
            for value, end in zip(color, target, strict=True)
        )
        if all(ratio(shade, ground) >= wanted for ground in grounds):
            return shade
    return target
