import base64
import io
import logging
import re
from functools import lru_cache

import phonenumbers
from odoo import api, fields, models
from PIL import Image

from .. import contrast
from ..drawing import slim

_logger = logging.getLogger(__name__)

E164 = phonenumbers.PhoneNumberFormat.E164

# The logo is shown 48 pixels high at most; twice that is sharp on a phone.
LOGO_SIZES = ((400, 96), (300, 72), (220, 56), (160, 40), (96, 32))
LOGO_COLORS = 64
LOGO_BYTES = 5 * 1024

# The grounds of the page: the card and what is around it.
LIGHT = (contrast.parse("#ffffff"), contrast.parse("#f3f4f6"))
DARK = (contrast.parse("#1d2126"), contrast.parse("#121417"))
BORDER = 3  # WCAG's contrast for what delimits a control (success criterion 1.4.11)
DEFAULT_COLOR = contrast.parse("#1a5fb4")


class ResCompany(models.Model):
    """How a business looks on its customers' payment page."""

    _inherit = "res.company"

    # In the company's own row, as `logo_web`: one read, no file to open.
    paylinks_logo = fields.Binary(
        compute="_compute_paylinks_logo",
        store=True,
        attachment=False,
        help="The logo for the payment page: at most 5 KB. Empty while it is Odoo's placeholder.",
    )

    @api.depends("partner_id.image_1920", "uses_default_logo")
    def _compute_paylinks_logo(self):
        for company in self:
            logo = not company.uses_default_logo and company.logo
            small = _shrink(base64.b64decode(logo)) if logo else b""
            company.paylinks_logo = base64.b64encode(small) if small else False

    def _paylinks_logo_source(self):
        """Return what an ``img`` shows as the logo, with nothing to fetch; empty without a logo."""
        self.ensure_one()
        logo = (self.paylinks_logo or b"").decode()
        kind = "png" if logo.startswith("iVBOR") else "svg+xml"
        return f"data:image/{kind};base64,{logo}" if logo else ""

    def _paylinks_phone_address(self):
        """Return the address by which a telephone calls the business; empty without a number.

        As RFC 3966 has it: ``tel:+442079460958;ext=12``.
        """
        self.ensure_one()
        phone = self.phone or ""
        country = "" if phone.startswith("+") else self.partner_id.country_id.code
        try:
            number = phonenumbers.parse(phone, country or None)
        except phonenumbers.NumberParseException:
            number = None
        whole = phonenumbers.ValidationResult.IS_POSSIBLE
        if number and phonenumbers.is_possible_number_with_reason(number) == whole:
            extension = f";ext={number.extension}" if number.extension else ""
            return f"tel:{phonenumbers.format_number(number, E164)}{extension}"
        # Only those that dial it know what it is.
        digits = re.sub(r"[^\d+]", "", phone)
        return f"tel:{digits}" if digits else ""

    def _paylinks_palette(self):
        """Return the page's colours as style sheet variables, by ground: (light, dark).

        :return: a pair of tuples of (name, colour); for no company, the page's own
        """
        return _palette(self.primary_color or "", self.secondary_color or "")


@lru_cache(maxsize=256)
def _palette(primary, secondary):
    """The button keeps the company's colour, with the ink that reads better on it and an edge that
    sets it off; coloured text is shifted as far as its ground demands."""
    color = contrast.parse(primary) or contrast.parse(secondary) or DEFAULT_COLOR
    stripe = contrast.parse(secondary) or color
    return tuple(
        (
            ("accent", contrast.to_hex(contrast.readable_on(color, *grounds))),
            ("stripe", contrast.to_hex(stripe)),
            ("button", contrast.to_hex(color)),
            ("button-ink", contrast.to_hex(contrast.ink_on(color))),
            ("button-edge", contrast.to_hex(contrast.readable_on(color, *grounds, wanted=BORDER))),
        )
        for grounds in (LIGHT, DARK)
    )


def _shrink(source):
    """Return the picture small enough for the page; empty if it cannot be made so.

    :param bytes source: the logo as uploaded
    :rtype: bytes
    """
    if source.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] == b"<":  # SVG: any size on the screen
        # What is too large all the same leaves its place to the business's name beside it.
        drawing = source if len(source) <= LOGO_BYTES else slim(source)
        return drawing if len(drawing) <= LOGO_BYTES else b""
    try:
        for size in LOGO_SIZES:
            small = _to_png(source, size)
            if len(small) <= LOGO_BYTES:
                return small
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        _logger.warning("The logo cannot be shown on the payment page: %s", error)
    return b""


def _to_png(source, size):
    with Image.open(io.BytesIO(source)) as image:
        image = image.convert("RGBA")
    image.thumbnail(size, Image.Resampling.LANCZOS)
    # The one method that keeps transparency.
    image = image.quantize(LOGO_COLORS, method=Image.Quantize.FASTOCTREE)
    result = io.BytesIO()
    image.save(result, "PNG", optimize=True)
    return result.getvalue()
