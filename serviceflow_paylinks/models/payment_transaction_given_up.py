import logging

from odoo import fields, models

from ..exceptions import UnknownCheckoutError
from .payment_transaction_checkout import FIRST_CHECKS

_logger = logging.getLogger(__name__)


class PaymentTransaction(models.Model):
    """Attempts that came to nothing."""

    _inherit = "payment.transaction"

    def _miss_checkout(self, error):
        """The processor does not know a checkout that it opened: the keys are another account's.

        While it may still be paid there, or its bank debit is on its way, the attempt stays as it
        is and a person is called; afterwards it is given up.

        :return: a line on what was set aside
        """
        attempt = self._with_system_user()
        attempt._lock_checkout()
        if attempt._give_up_if_of_test() or attempt.checkout_by_hand:
            return ""
        problem = attempt._set_aside(
            "is not known to the account that the provider's keys belong to"
        )
        expires_at = attempt.checkout_expires_at
        if attempt.state == "draft" and expires_at and expires_at < fields.Datetime.now():
            attempt._fail_checkout(error)
        return problem

    def _give_up_if_of_test(self):
        """No money can come of an attempt that was made in test mode, once the provider is live.

        :return: whether it was given up
        """
        provider = self.provider_id.sudo()
        if self.is_live or not provider.stripe_secret_key or not provider._paylinks_is_live():
            return False
        self._fail_checkout(UnknownCheckoutError("made in test mode, and the provider is live"))
        return True

    def _fail_checkout(self, error):
        """Give the attempt up: the processor has no such checkout, or will not open one."""
        _logger.warning("Attempt %s given up: %s", self.reference, error)
        attempt = self._with_system_user()
        attempt._lock_checkout()
        if attempt.state == "done":
            return
        attempt.write({"checkout_open": False, "checkout_close": False, "checkout_check_at": False})
        attempt._set_error(attempt.provider_id._paylinks_explain(error))
        attempt.payment_link_id._refresh_state(
            self.env._("attempt %s came to nothing", attempt.reference)
        )

    def _apply_failed(self, checkout):
        """The bank refused to be charged; or it does not pay what it had accepted, perhaps days
        ago, and staff are told: the customer believes that it is paid.

        A card that is declined on the processor's page does not come here: its page stays open.
        """
        why = self._explain_failure(checkout)
        if self.state == "pending" or (self.state == "draft" and not self.token_id):
            self.payment_link_id._flag(
                self._get_bounced_summary(),
                self.env._(
                    "%(amount)s (%(reference)s) was on its way, but the bank did not pay it:"
                    " %(why)s The customer may believe that it is paid: tell them, and send the"
                    " link again.",
                    amount=self.currency_id.format(self.amount),
                    reference=self.reference,
                    why=why,
                ),
                self.reference,
            )
        self._set_error(why)

    def _get_bounced_summary(self):
        return self.env._("Bank debit failed")

    def _forget_bounced(self):
        """It was paid after all: nobody has to be called for the tries before."""
        for other in self.payment_link_id.transaction_ids.filtered(lambda tx: tx.state == "error"):
            self.payment_link_id._unflag(self._get_bounced_summary(), other.reference)

    def _postpone_check(self, error):
        """The processor could not be asked: ask later."""
        _logger.warning("Attempt %s could not be checked: %s", self.reference, error)
        self.sudo().checkout_check_at = fields.Datetime.now() + FIRST_CHECKS[1]
