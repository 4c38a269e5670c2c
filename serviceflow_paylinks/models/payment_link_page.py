import re
from functools import lru_cache

from markupsafe import Markup
from odoo import fields, models
from odoo.tools import file_open

from .. import contrast
from ..const import PAY_ROUTE
from .payment_link_document import SUMMARY_LENGTH, shorten
from .res_company_page import DARK, LIGHT

# A page that waits for the bank looks again after so many seconds, then no more.
REFRESH_AFTER = (5, 10, 20, 30, 60, 120, 300)
LONG_AMOUNT = 11  # characters; longer ones are written smaller
TITLE_LENGTH, ABOUT_LENGTH = 80, 1000  # characters; of the title, and of the description below

STYLE_SHEET = "serviceflow_paylinks/static/page/page.css"
GROUNDS = (
    {
        "ink": "#1c1f23",
        "soft": "#565f6b",
        "paper": contrast.to_hex(LIGHT[0]),
        "ground": contrast.to_hex(LIGHT[1]),
        "line": "#d9dde2",
        "edge": "#7d8692",
        "bad": "#a51d2d",
        "bad-ground": "#fdf0f1",
        "good": "#1b6e3c",
    },
    {
        "ink": "#eef0f2",
        "soft": "#b0b8c2",
        "paper": contrast.to_hex(DARK[0]),
        "ground": contrast.to_hex(DARK[1]),
        "line": "#363c44",
        "edge": "#7c8591",
        "bad": "#ff9da4",
        "bad-ground": "#33191d",
        "good": "#6fd49a",
    },
)


class PaymentLink(models.Model):
    """What the customer's page shows: no more than the payer needs."""

    _inherit = "payment.link"

    # -- the state of the page --

    def _get_page_state(self):
        """Return what the page is about: ``payable``, ``processing``, ``checking``, ``paid``,
        ``settled``, ``expired`` or ``unavailable``."""
        self.ensure_one()
        if self.state in ("paid", "settled"):
            return self.state
        if any(attempt._is_set_aside() for attempt in self.transaction_ids):
            return "checking"
        if self.state == "processing" or self._get_pending_amount():
            # Of a part that is on its way, the rest may be paid meanwhile.
            return "payable" if self._is_payable() else "processing"
        if self.state == "expired" or self._is_past_expiry():
            return self._get_expired_page_state()
        return "payable" if self._is_payable() else "unavailable"

    def _get_expired_page_state(self):
        """An expired link whose successor was paid asks for nothing any more."""
        latest = self._get_latest_renewal()
        if latest == self:
            return "expired" if self._is_worth_renewing() else "unavailable"
        state = {"paid": "settled", "settled": "settled", "processing": "processing"}
        return state.get(latest.state, "unavailable" if latest.state == "cancelled" else "expired")

    def _is_worth_renewing(self):
        owed = self._get_remainders()[self]
        return owed > 0 and owed >= self._get_minimum()

    # -- what it shows --

    def _get_page_values(self, problem="", notice="", look=0, again=False):
        """Return what the page shows, as texts in the language of the link's context.

        :param str problem: what went wrong just now
        :param bool again: whether its form was refused just now
        :param str notice: what the customer should know besides
        :param int look: how often the page has looked again already
        """
        self.ensure_one()
        state = self._get_page_state()
        return {
            **self._get_lang_values(),
            **self._get_business_values(),
            **self._get_subject_values(state),
            **self._get_document_values(),
            **self._get_state_values(state, look),
            "state": state,
            "token": self.token,
            "again": again,
            "problem": problem or (self._get_last_problem() if state == "payable" else ""),
            "problem_phone": bool(problem),
            "notice": notice,
            "processor_note": self._describe_processor(),
            "test_mode": self.provider_id.state == "test",
        }

    def _get_business_values(self):
        """Return who asks for the money, and how to reach them."""
        company = self.company_id
        phone = company.phone or ""
        return {
            "company": company.name,
            "logo": company._paylinks_logo_source(),
            "style": _style(*company._paylinks_palette()),
            "company_phone": phone,
            "phone_href": company._paylinks_phone_address(),
            "company_email": company.email or "",
        }

    def _get_subject_values(self, state):
        """Return what the payment is for."""
        document = self._get_document()
        # Without a document, the description is the title.
        title = shorten(self._get_title(), TITLE_LENGTH)
        description = shorten(self.description, SUMMARY_LENGTH) if document else ""
        whole = shorten(self.description, ABOUT_LENGTH)
        amount = self._format_money(self.amount)
        return {
            "title": title,
            "date": self._describe_day(document),
            "description": description,
            "about": "" if whole in (title, description) else whole,
            "amount": amount,
            "amount_is_long": len(amount) > LONG_AMOUNT,
            "pay_label": self.env._("Pay %s", amount),
            "due": self._describe_due() if state == "payable" else "",
            "document_label": self._get_document_label() if self._has_document_pdf() else "",
        }

    def _describe_day(self, document):
        """Return the day of the invoice or order, in words."""
        if document._name == "sale.order":
            return self._format_day_of(document.date_order)
        return self._format_day(document.invoice_date)

    def _describe_processor(self):
        name = self.provider_id._paylinks_processor_name()
        return self.env._(
            "Payments are processed securely by %s. We never see your card or account number.", name
        )

    def _describe_due(self):
        """Return when the money is expected, as a sentence; empty where nothing was agreed."""
        due = self.invoice_id.invoice_date_due if self.purpose == "invoice" else False
        if not due:
            return ""
        today = fields.Date.context_today(self._at_home())
        if due == today:
            return self.env._("Due today")
        if due < today:
            return self.env._("Was due on %s", self._format_day(due))
        return self.env._("Due on %s", self._format_day(due))

    def _get_document_label(self):
        if self.purpose == "invoice":
            return self.env._("View invoice")
        if self.sale_order_id.state in ("draft", "sent"):
            return self.env._("View quotation")
        return self.env._("View order")

    # -- what each state shows besides --

    def _get_state_values(self, state, look):
        """Return what only some states show; every key is there in each."""
        values = {
            **self._get_receipt_values(state),
            "pending": "",
            "refresh": "",
            "can_renew": False,
            "renewal_sent": False,
            "renewal_lost": False,
            "renewal_enough": False,
            "on_hold": state == "unavailable" and self._is_document_on_hold(),
        }
        if state == "processing":
            pending = self._get_pending_amount()
            values["pending"] = self._format_money(pending) if pending else ""
            values["refresh"] = self._get_refresh(look)
        elif state == "expired":
            values["can_renew"] = self._can_reach_customer()
            values["renewal_sent"] = self._is_renewed_lately()
            values["renewal_lost"] = values["renewal_sent"] and self._is_renewal_lost()
            values["renewal_enough"] = values["can_renew"] and self._is_renewed_enough()
        return values

    def _get_refresh(self, look):
        """Return the ``Refresh`` header of a page that waits; empty once it has waited enough."""
        if look >= len(REFRESH_AFTER):
            return ""
        return f"{REFRESH_AFTER[look]}; url={PAY_ROUTE}/{self.token}?look={look + 1}"

    def _get_last_problem(self):
        """Return in plain words why the last try failed; empty if it did not."""
        tries = self.transaction_ids.filtered(lambda tx: tx.checkout_ref and not tx.token_id)
        last = tries.sorted("id")[-1:]
        if last.state not in ("draft", "error") or not last.checkout_problem:
            return ""
        reason = last.provider_id._paylinks_explain_decline(last.checkout_problem)
        return self.env._("%s Nothing was charged.", reason)

    def _get_problem_for_payer(self, error):
        """Return why no page opened, for the customer; staff are told what to mend.

        :param ProcessorError error: what went wrong
        """
        if error.person not in ("unreachable", "busy", "unknown", "set_aside"):
            staff = self._with_staff_language()
            staff._flag(
                staff.env._("The customer could not pay"),
                staff.provider_id._paylinks_explain(error),
            )
        return self.provider_id._paylinks_explain_to_payer(error)

    def _get_notice_of_return(self):
        """Return what to say to the customer who comes back without having paid."""
        if self._get_page_state() != "payable" or self._get_last_problem() or self._is_just_paid():
            return ""
        if self._get_payments_received():
            return self.env._("Nothing was charged this time.")
        return self.env._("You have not paid yet, and nothing was charged.")

    def _get_problem_of_form(self, keeps_none=False):
        """Return what to say of a form that cannot be trusted.

        :param bool keeps_none: whether the browser keeps no cookies, which alone can make it so
        """
        if keeps_none:
            return self.env._(
                "Your browser keeps no cookies, and without them nobody can pay here. Please allow"
                " cookies for this page, or open the link in another browser. Nothing was charged."
            )
        return self.env._(
            "This page was open for a long time, or your browser keeps no cookies. Nothing was"
            " charged; please press the button once more."
        )

    def _get_problem_of_document(self):
        return self.env._(
            "The document cannot be shown at the moment. Please try again in a minute, or contact"
            " us."
        )

    # -- as HTML --

    def _render_page(self, values):
        """Return the page of a link as HTML.

        :param dict values: as ``_get_page_values`` gives them, and ``csrf_token``
        """
        return self._render_template("serviceflow_paylinks.pay_page", values)

    def _render_plain_page(self, template, **values):
        """Return a page that is about no link: (HTML, values), in the language of the context."""
        values = {
            **self._get_lang_values(),
            "company": "",
            "logo": "",
            "refresh": "",
            "style": _style(*self.env["res.company"]._paylinks_palette()),
            **values,
        }
        return self._render_template(template, values), values

    def _render_template(self, template, values):
        return Markup("<!DOCTYPE html>\n") + self.env["ir.qweb"]._render(template, values)


@lru_cache(maxsize=256)
def _style(light, dark):
    """Return the style sheet with the colours for light and for dark grounds.

    :param tuple light, dark: pairs of a variable's name and its value
    """
    variables = [
        "".join(f"--{name}:{color};" for name, color in {**ground, **dict(palette)}.items())
        for ground, palette in zip(GROUNDS, (light, dark), strict=True)
    ]
    with file_open(STYLE_SHEET) as source:
        rules = _minify(source.read())
    return Markup(  # noqa: S704 (of a person, only colours as hex)
        f":root{{color-scheme:light dark;{variables[0]}}}"
        f"@media(prefers-color-scheme:dark){{:root{{{variables[1]}}}}}"
        f"{rules}"
    )


def _minify(css):
    css = re.sub(r"/\*.*?\*/", "", css, flags=re.DOTALL)
    css = re.sub(r"\s+", " ", css)
    return re.sub(r"\s*([{};,>])\s*", r"\1", re.sub(r":\s+", ":", css)).replace(";}", "}").strip()
