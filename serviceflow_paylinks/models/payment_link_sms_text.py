import re

from odoo import models
from odoo.tools import formatLang

from . import gsm
from .own_context import get_handed_down, hand_down

COMPANY_LENGTH = 24
TITLE_LENGTH = 28


class PaymentLink(models.Model):
    """The words of a text message: one message, with the whole address in it."""

    _inherit = "payment.link"

    def _render_sms(self, template):
        """Return what the customer would get, in the customer's language.

        Where it would take more than one message, the names in it are shortened as far as needed.
        A text that staff made longer than that is sent as it is.

        :param template: a ``sms.template`` as superuser
        """
        self.ensure_one()
        body = self._render_sms_body(template)
        excess = gsm.septets(body) - gsm.SINGLE
        if gsm.fits(body) and excess > 0:
            shorter = hand_down(self, paylinks_sms_cut=excess)._render_sms_body(template)
            body = shorter if gsm.septets(shorter) <= gsm.SINGLE else body
        return body

    def _render_sms_body(self, template):
        template = template.with_context(**self.env.context)
        body = template._render_field("body", self.ids, compute_lang=True)[self.id]
        return re.sub(r"  +", " ", body).strip()

    def _preview_sms(self):
        """Return the text message that would go out now, and what it would be charged as.

        :return: dict of ``body``, ``septets`` (or characters, where it is not in the alphabet of
            GSM), ``parts`` (messages), ``number``, ``problem`` (why it would not be sent) and
            ``held`` (why not now)
        """
        self.ensure_one()
        body = self.sudo()._render_sms(self._get_template("sms", "link"))
        return {
            "body": body,
            "septets": gsm.septets(body) if gsm.fits(body) else len(body),
            "parts": gsm.parts(body),
            "number": self.phone or "",
            "problem": self._find_obstacle("sms") or "",
            "held": self._say_quiet(),
        }

    # -- for the templates --

    def _sms_company(self):
        """Return the company's name in the alphabet of GSM, short; the web site's where nothing is
        left of it."""
        cut = get_handed_down(self, "paylinks_sms_cut", 0)
        # The title gives way as well where the name alone cannot.
        length = max(COMPANY_LENGTH - cut, 3)
        name = " ".join(gsm.transliterate(self.company_id.name).split())
        if len(name.replace(" ", "")) < 2:
            name = self.get_base_url().partition("://")[2].partition("/")[0].partition(":")[0]
        return gsm.shorten(name, length)

    def _sms_title(self):
        """Return what is paid in the alphabet of GSM: the document's number, or the description."""
        spare = COMPANY_LENGTH - 3
        cut = max(get_handed_down(self, "paylinks_sms_cut", 0) - spare, 0)
        document = self._get_document().name if self._get_document() else self.description or ""
        title = " ".join(gsm.transliterate(document).split())
        return gsm.shorten(title, max(TITLE_LENGTH - cut, 0))

    def _sms_amount(self):
        """Return the amount with the currency's code: signs of currencies are not all in the
        alphabet."""
        digits = self.currency_id.decimal_places
        number = formatLang(self.env, self.amount, digits=digits)
        return f"{gsm.transliterate(number)} {self.currency_id.name}"
