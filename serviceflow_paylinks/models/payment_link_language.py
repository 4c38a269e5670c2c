from copy import copy
from decimal import Decimal
from functools import lru_cache

from babel import Locale
from babel.numbers import format_currency, format_decimal
from odoo import api, fields, models
from odoo.tools import float_repr, format_date
from odoo.tools.misc import babel_locale_parse


class PaymentLink(models.Model):
    """The customer's language, and amounts and dates as they are written in it."""

    _inherit = "payment.link"

    def _in_page_language(self, wanted=()):
        """Return the link in the language that its page speaks.

        The customer's own, else the best of what the browser asks for, else the company's.

        :param list wanted: language tags as browsers send them, the most wanted first
        """
        self.ensure_one()
        lang = self._get_active_lang(self.partner_id.lang) or self._match_lang(wanted)
        lang = lang or self._get_active_lang(self.company_id.partner_id.lang)
        link = self.with_company(self.company_id)
        return link.with_context(lang=lang or self._get_any_lang())

    def _get_customer_lang(self):
        """Return the code of the language to address the customer in: the own, else the page's."""
        return self._get_active_lang(self.partner_id.lang) or self.env.lang

    @api.model
    def _match_lang(self, wanted):
        """Return the active language that fits the browser's wishes best, or an empty string.

        ``fr-BE`` is served by Belgian French, else by any French.
        """
        active = {code: code.partition("@")[0].replace("_", "-").lower() for code in self._langs()}
        for tag in wanted:
            tag = tag.lower()
            same = [code for code, name in active.items() if name == tag]
            short = tag.partition("-")[0]
            near = [code for code, name in active.items() if name.partition("-")[0] == short]
            if same or near:
                return (same or near)[0]
        return ""

    @api.model
    def _langs(self):
        return self.env["res.lang"]._get_active_by("code")

    @api.model
    def _get_active_lang(self, code):
        return code if code and code in self._langs() else ""

    @api.model
    def _get_any_lang(self):
        return self._get_active_lang("en_US") or next(iter(self._langs()))

    def _get_lang_values(self):
        """Return how the page declares its language: {"html_lang": "fr-FR", "html_dir": "ltr"}."""
        data = self.env["res.lang"]._get_data(code=self.env.lang or self._get_any_lang())
        code = data.code.partition("@")[0].replace("_", "-")
        return {"html_lang": code, "html_dir": data.direction or "ltr"}

    # -- as people write it --

    def _format_money(self, amount, currency=None):
        """Return an amount as the customer's language writes it: ``$123.45``, ``123,45 €``.

        :param amount: float or Decimal in major units
        :param currency: the link's by default
        """
        currency = currency or self.currency_id
        locale = babel_locale_parse(self.env.lang)
        pattern = _money_pattern(str(locale), currency.decimal_places)
        return format_currency(
            Decimal(float_repr(float(amount), currency.decimal_places)),
            currency.name,
            pattern,
            locale=locale,
            currency_digits=False,
        )

    def _format_quantity(self, quantity):
        return format_decimal(quantity, locale=babel_locale_parse(self.env.lang))

    def _format_day(self, day):
        """Return a date in words, or an empty string where there is none."""
        return format_date(self.env, day, date_format="long") if day else ""

    def _format_day_of(self, moment):
        """Return the day of a moment (UTC) where the customer is; an empty string for none."""
        if not moment:
            return ""
        return self._format_day(fields.Datetime.context_timestamp(self._at_home(), moment).date())

    def _at_home(self):
        """Return the link in the customer's time zone, else the business's."""
        zone = self.partner_id.tz or self.company_id.partner_id.tz
        return self.with_context(tz=zone or "UTC")


@lru_cache(maxsize=256)
def _money_pattern(locale, digits):
    """Return how a language writes amounts, with the currency's digits as Odoo has them."""
    pattern = copy(Locale.parse(locale).currency_formats["standard"])
    pattern.frac_prec = (digits, digits)
    return pattern
