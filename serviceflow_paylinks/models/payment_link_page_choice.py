import re
from decimal import Decimal

from odoo import models
from odoo.tools import get_lang

from ..amount_text import read_amount, write_amount
from ..exceptions import ChoiceError

WIDE_TIP = 7  # characters of its amount
_PLAIN_NUMBER = re.compile(r"[0-9]{1,15}(?:\.[0-9]{1,3})?")


class PaymentLink(models.Model):
    """What the customer types and ticks on the page: how much to pay now, and a tip."""

    _inherit = "payment.link"

    def _get_page_values(self, form=None, error=None, **said):
        """Override to show the fields.

        :param dict form: what was sent, to be shown again
        :param ChoiceError error: what is wrong with it
        """
        values = super()._get_page_values(**said)
        payable = values["state"] == "payable"
        values["choice"] = self._get_choice_values(form, error) if payable else False
        if error:
            values["problem"] = ""
        return values

    # -- what the page shows --

    def _get_choice_values(self, form=None, error=None):
        """Return what the form's fields show; False where there is nothing to choose.

        :param dict form: what was sent, to be shown again
        :param ChoiceError error: what is wrong with it
        :return: what ``_get_amount_values`` and ``_get_tip_values`` give; ``shown`` (the amount
            that the page speaks of), ``symbol``, ``error``, ``wrong`` (the field that it is about),
            ``other`` (what the fields are called while folded away), ``open`` (they are not)
        """
        self.ensure_one()
        form = form or {}
        owed = self._chargeable(self.amount)
        bounds = self._get_part_bounds(owed)
        takes_tips = self._offers_tips()
        if not bounds and not takes_tips and not error:
            return False
        amount = self._get_amount_values(owed, bounds, form, error)
        tip = self._get_tip_values(owed, takes_tips, form)
        return {
            **amount,
            **tip,
            "shown": f"{owed:f}",
            "symbol": self.currency_id.symbol or self.currency_id.name,
            "error": str(error or ""),
            "wrong": error.field if error else "",
            "other": self._get_folded_title(bool(bounds), takes_tips, len(tip["tips"]) > 1),
            "open": bool(amount["amount"] or tip["tip_other"] or error),
        }

    def _get_amount_values(self, owed, bounds, form, error):
        """Return what the amount's field shows.

        :return: ``amount`` (its text; False without part payments), ``whole`` (what it stands for
            while it is empty), ``least`` (text), ``discount``
        """
        return {
            "amount": bool(bounds) and self._get_amount_text(owed, form, error),
            "whole": self._write_amount(owed),
            "least": self._format(bounds[0]) if bounds else "",
            "discount": bool(bounds) and self._gives_discount(),
        }

    def _get_tip_values(self, owed, takes_tips, form):
        """Return what the tip's fields show.

        :return: ``takes_tips``, ``tips`` (a list of the choices), ``wide`` (whether four of them
            are too much for one row of a phone), ``tip_other`` (text of the field), ``nothing``
            (what it stands for while it is empty)
        """
        tips = self._get_tip_choices(owed, form) if takes_tips else []
        return {
            "takes_tips": takes_tips,
            "tips": tips,
            "wide": max((len(tip["amount"]) for tip in tips), default=0) > WIDE_TIP,
            "tip_other": _text(form.get("tip_other")),
            "nothing": self._write_amount(Decimal(0)),
        }

    def _get_folded_title(self, parts, tips, presets):
        """Return what the folded fields are called; empty where there are none."""
        if parts and tips:
            return self.env._("Another amount or tip")
        if parts:
            return self.env._("Pay another amount")
        if tips:
            return self.env._("Another tip") if presets else self.env._("Add a tip")
        return ""

    def _get_amount_text(self, owed, form, error):
        """Return what stands in the amount's field: what was typed, unless everything is meant."""
        if error and error.offer is not None:
            return ""  # What is offered instead is always everything.
        typed = _text(form.get("amount"))
        return "" if self._read_amount(typed) == owed else typed

    def _get_tip_choices(self, owed, form):
        """Return the tips to tick: dicts of ``value``, ``percent``, ``amount`` and ``checked``."""
        chosen = _text(form.get("tip"))
        choices = [
            {
                "value": f"{amount:f}",
                "percent": f"{percent}%",
                "amount": self._format(amount),
                "checked": chosen == f"{amount:f}",
            }
            for percent, amount in self._get_tip_offers(owed)
        ]
        none = {"value": "0", "percent": self.env._("No"), "amount": ""}
        return [{**none, "checked": not any(c["checked"] for c in choices)}, *choices]

    def _gives_discount(self):
        """Whether paying everything now is cheaper than paying in parts."""
        residual = self.sudo().invoice_id.amount_residual
        return self.currency_id.compare_amounts(self.amount, residual) < 0

    def _recall_choice(self):
        """Return what was chosen before the customer left for the processor's page, as the form
        sent it; an empty dict where nothing was, or nothing waits there any more."""
        left = self.transaction_ids.filtered(lambda tx: tx.checkout_open and tx.state == "draft")
        attempt = left.filtered("checkout_request").sorted("id")[-1:]
        if not attempt:
            return {}
        asked, tip = (
            self.provider_id._paylinks_from_minor(amount, self.currency_id)
            for amount in attempt._get_asked()
        )
        owed, form = self._chargeable(self.amount), {}
        if attempt.checkout_request.get("part") and asked < owed:
            form["amount"] = self._write_amount(asked)
        if tip:
            ticked = [f"{amount:f}" for _percent, amount in self._get_tip_offers(owed)]
            known = [value for value in ticked if Decimal(value) == tip]
            form |= {"tip": known[0]} if known else {"tip_other": self._write_amount(tip)}
        return form

    # -- what the customer sent --

    def _read_choice(self, form):
        """Return what the customer chose: (amount, tip), each a Decimal; None where nothing was.

        :param dict form: of the page, as it came: ``amount``, ``shown``, ``tip``, ``tip_other``
        :raise ChoiceError: it cannot be read, or the customer has to look again
        """
        self.ensure_one()
        if not self._is_payable():
            return None, None
        return self._read_amount_choice(form), self._read_tip_choice(form)

    def _read_amount_choice(self, form):
        """Return the chosen amount; None for everything that is owed."""
        if "amount" not in form:
            return None
        owed = self._chargeable(self.amount)
        amount = self._read_amount(form["amount"])
        if isinstance(form["amount"], str) and not form["amount"].strip():
            amount = _plain(form.get("shown")) or owed
        if amount is None:
            raise ChoiceError(self._get_unreadable_sentence(owed))
        if amount == owed:
            return None
        if amount == _plain(form.get("shown")):
            # The page's own amount, untouched: everything. It may have become less since, but the
            # customer has not agreed to more.
            if amount > owed:
                return None
            raise ChoiceError(
                self.env._(
                    "The amount has changed since you opened this page: %s is to be paid now.",
                    self._format(owed),
                ),
                offer=owed,
            )
        if amount > owed:
            raise ChoiceError(
                self.env._(
                    "That is more than there is to pay. The amount was lowered to %s: press Pay"
                    " again.",
                    self._format(owed),
                ),
                offer=owed,
            )
        return amount

    def _read_tip_choice(self, form):
        """Return the tip that was ticked or typed; None where it is none."""
        ticked = _plain(form.get("tip")) if form.get("tip") else Decimal(0)
        typed = self._read_amount(form["tip_other"]) if form.get("tip_other") else Decimal(0)
        if ticked is None or typed is None:
            raise ChoiceError(
                self._get_unreadable_sentence(self._chargeable(self.amount)), field="tip"
            )
        if ticked and typed and ticked != typed:
            raise ChoiceError(
                self.env._(
                    "You ticked a tip of %(ticked)s and typed one of %(typed)s. Please keep one of"
                    " them.",
                    ticked=self._format(ticked),
                    typed=self._format(typed),
                ),
                "tip",
            )
        return ticked or typed or None

    def _read_amount(self, text):
        """Return what was typed as an amount of the link's currency; None if it is none."""
        currency, lang = self.currency_id, get_lang(self.env)
        amount = read_amount(
            text,
            lang.decimal_point or ".",
            lang.thousands_sep or "",
            currency.decimal_places,
            (currency.symbol, currency.name),
        )
        return amount if amount is not None and self._chargeable(amount) == amount else None

    def _write_amount(self, amount):
        """Return an amount as the customer would type it."""
        lang = get_lang(self.env)
        return write_amount(amount, lang.decimal_point or ".", self.currency_id.decimal_places)

    def _get_unreadable_sentence(self, example):
        """Return what to say of something that is no amount, or may mean two."""
        return self.env._(
            "This is not an amount that we can read. Write it like %s.", self._write_amount(example)
        )


def _text(value):
    """Return what was sent for a field, to be shown again; not a file, nor a novel."""
    return value[:40] if isinstance(value, str) else ""


def _plain(value):
    """Return the number of a field that the page itself filled in; None if it is none."""
    return Decimal(value) if isinstance(value, str) and _PLAIN_NUMBER.fullmatch(value) else None
