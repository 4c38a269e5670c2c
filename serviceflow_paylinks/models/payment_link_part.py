from odoo import models

from ..exceptions import ChoiceError


class PaymentLink(models.Model):
    """A part payment, where the business allows it: less now, and the link asks for the rest."""

    _inherit = "payment.link"

    def _allows_parts(self):
        """Whether the customer may lower the amount: only where it is whatever an invoice owes.

        A fixed amount, a deposit and a custom amount were agreed on.
        """
        self.ensure_one()
        return (
            self.purpose == "invoice"
            and self.amount_policy == "balance"
            and self.company_id.sudo().paylinks_part_payments
        )

    def _get_part_bounds(self, owed):
        """Return the least and the greatest part that may be paid now; None: only the whole.

        What is left after a part must be enough to be charged as well.

        :param Decimal owed: what may be asked for now
        :rtype: tuple[Decimal, Decimal] | None
        """
        if not self._allows_parts():
            return None
        minimum = self._get_minimum()
        percent = self.company_id.sudo().paylinks_part_minimum
        least = max(self._chargeable(owed * percent / 100), minimum)
        most = owed - minimum
        return (least, most) if 0 < least <= most and least < owed else None

    def _settle_amount(self, owed, asked):
        """Return what to ask for now: what was chosen, but never more than is owed.

        :param Decimal owed: what may be asked for now
        :param Decimal asked: what was chosen; None: everything
        :rtype: Decimal
        :raise ChoiceError: that part cannot be paid
        """
        if asked is None or asked >= owed:
            return owed
        bounds = self._get_part_bounds(owed)
        if not bounds:
            raise ChoiceError(
                self.env._("This can only be paid in full: %s.", self._format(owed)), offer=owed
            )
        least, most = bounds
        if asked < least:
            raise ChoiceError(
                self.env._("The least that you can pay now is %s.", self._format(least))
            )
        if asked > most:
            raise ChoiceError(
                self.env._(
                    "Pay all of %(owed)s, or at most %(most)s now: the rest would be too little to"
                    " be paid later.",
                    owed=self._format(owed),
                    most=self._format(most),
                )
            )
        if self._chargeable(asked) != asked:
            raise ChoiceError(self._get_unreadable_sentence(owed))
        return asked

    def _still_asks(self, attempt):
        """Whether an open attempt asks for something that may be paid now.

        A part may, as long as it is not more than what is owed; everything must be exactly that.
        """
        owed = self._to_minor(self._get_remainders()[self])
        asked, tip = attempt._get_asked()
        if attempt.checkout_request.get("part"):
            fits = asked <= owed and self._allows_parts()
        else:
            fits = asked == owed
        return fits and (not tip or self._offers_tips()) and self._is_usable(attempt)

    def _note_payment(self, attempt):
        """Note on the history what a payment leaves open, and its tip.

        :param attempt: the transaction, just booked
        """
        self.ensure_one()
        values = {
            "reference": attempt.reference,
            "amount": self.currency_id.format(attempt.amount - attempt.tip_amount),
            "tip": self.currency_id.format(attempt.tip_amount),
        }
        left = self._get_owed() if self.amount_policy == "balance" and attempt.invoice_ids else 0
        if left:
            self._log_history(
                self.env._(
                    "Part payment: %(amount)s paid (%(reference)s), %(left)s left to pay.",
                    left=self.currency_id.format(float(left)),
                    **values,
                )
            )
        if attempt.tip_amount:
            self._log_history(
                self.env._("Tip: %(tip)s on top of %(amount)s (%(reference)s).", **values)
            )

    def _format(self, amount):
        """Return a Decimal amount as the customer reads it."""
        return self._format_money(amount)
