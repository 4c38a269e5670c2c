from datetime import timedelta

from odoo import fields, models

from ..exceptions import FinalError, RetryableError
from ..providers.base import ChargeRequest

# The same call again is safe while Stripe remembers its key (a day). We stop long before, so that
# a charge that was looked for and not found after GIVE_UP_AFTER cannot happen any more.
REPEAT_FOR = timedelta(minutes=5)
GIVE_UP_AFTER = timedelta(minutes=10)


class PaymentTransaction(models.Model):
    """An attempt with a card that the customer has saved, charged by staff: it has a ``token_id``.

    It differs from a checkout in how it begins only. A call whose answer was lost is looked for,
    never made again by itself: it would charge a card when nobody is looking any more.
    """

    _inherit = "payment.transaction"

    def _charge_saved_card(self):
        """Charge the card, and apply what came of it.

        The attempt, its parameters and its key were committed before; no lock is held meanwhile.

        :raise RetryableError: nobody knows whether it was charged: look for it later
        :raise FinalError: it was not charged, and the attempt has failed
        """
        self.ensure_one()
        try:
            charge = self._get_processor().charge_saved_card(
                ChargeRequest(**self.checkout_request), self.checkout_key
            )
        except FinalError as error:
            self._fail_checkout(error)
            raise
        self._begin_anew()
        self._apply_checkout(charge)

    def _find_charge(self):
        """Find out what came of a charge whose answer was lost, and apply it.

        :return: a line on what was set aside, or a falsy value
        :raise RetryableError: not known yet
        """
        self.ensure_one()
        charge = self._get_processor().find_charge(
            ChargeRequest(**self.checkout_request), self.checkout_key, self.create_date
        )
        self._begin_anew()
        if charge:
            return self._apply_checkout(charge)
        if fields.Datetime.now() < self.create_date + GIVE_UP_AFTER:
            raise RetryableError(f"charge {self.reference} is not known yet", "unknown")
        self._fail_checkout(FinalError("the charge never reached the processor", "never_charged"))
        return ""

    def _may_be_repeated(self):
        """Whether the same call may be made again, by the person who asked for it."""
        return fields.Datetime.now() < self.create_date + REPEAT_FOR

    # -- where a checkout would be opened --

    def _open_checkout(self):
        """No checkout is opened, and none is charged again: what came of it is looked for."""
        return self._find_charge() if self.token_id else super()._open_checkout()

    def _close_checkout(self):
        if self.token_id and not self.checkout_ref:
            self._find_charge()
            if not self.checkout_ref:
                return None  # It never came to be, or was set aside for a person.
        return super()._close_checkout()

    def _is_stale(self):
        """A charge is over at once: one that is still open wants to be looked for and closed."""
        return bool(self.token_id) or super()._is_stale()

    def _explain_failure(self, checkout):
        """As staff need it, who can ask the customer."""
        if not self.token_id:
            return super()._explain_failure(checkout)
        card = self.token_id.sudo().display_name
        if checkout.problem_code == "authentication_required":
            return self.env._(
                "The bank wants the customer to confirm the payment, so the card %s was not"
                " charged. Send the payment link instead: there the customer can confirm.",
                card,
            )
        return self.env._(
            "The bank declined the card %(card)s: %(reason)s Nothing was charged. Ask the customer,"
            " or send a payment link.",
            card=card,
            reason=checkout.problem or self.env._("it gave no reason."),
        )
