import logging

from odoo import fields, models

from ..exceptions import FinalError
from .payment_transaction_checkout import LATER_CHECKS

_logger = logging.getLogger(__name__)


class PaymentTransaction(models.Model):
    """Attempts whose checkout is not what was asked for: set aside until a person settles it."""

    _inherit = "payment.transaction"

    checkout_aside = fields.Char(
        "Set Aside Because",
        readonly=True,
        copy=False,
        help="Why what the processor tells was set aside for a person; nothing was booked.",
    )
    checkout_by_hand = fields.Boolean(
        "Settled by Hand",
        readonly=True,
        copy=False,
        help="Staff have settled by hand what was set aside.",
    )

    def _is_set_aside(self):
        """Whether it waits for a person, and keeps others from paying the same meanwhile."""
        return bool(self.checkout_aside) and (self.checkout_open or self.state == "pending")

    def _set_aside(self, problem):
        """Change nothing, and call a person: once for each problem.

        :return: the problem
        """
        self.checkout_check_at = fields.Datetime.now() + LATER_CHECKS
        if self.checkout_aside == problem:
            return problem
        _logger.warning("Checkout of attempt %s set aside: %s", self.reference, problem)
        self.checkout_aside = problem
        self.payment_link_id._flag(
            self.env._("Payment set aside"),
            self.env._(
                "What Stripe reports on attempt %(reference)s %(problem)s. Nothing was booked."
                " Look the payment up in Stripe's dashboard, book or refund it by hand, then press"
                " “Settled by Hand” on the link.",
                reference=self.reference,
                problem=problem,
            ),
            self.reference,
        )
        return problem

    def _fits_again(self):
        """What was set aside has mended itself, as when the right keys are back."""
        if self.checkout_aside:
            self.checkout_aside = False
            self.payment_link_id._unflag(self.env._("Payment set aside"), self.reference)

    def _settle_by_hand(self):
        """Staff have booked or refunded it by hand: close it, and never look at it again.

        :raise RetryableError: its page may be open still, and the processor does not answer
        """
        if self.checkout_open:
            try:
                self._close_misfit()
            except FinalError as error:
                _logger.info("Attempt %s, settled by hand: %s", self.reference, error)
        self._begin_anew()
        attempt = self._with_system_user()
        attempt._lock_checkout()
        attempt.write(
            {
                "checkout_by_hand": True,
                "checkout_open": False,
                "checkout_close": False,
                "checkout_check_at": False,
            }
        )
        attempt._set_canceled(state_message=attempt.env._("Settled by hand."))
        attempt.payment_link_id._unflag(attempt.env._("Payment set aside"), attempt.reference)
        attempt.payment_link_id._refresh_state(
            attempt.env._("payment %s was settled by hand", attempt.reference)
        )

    def _close_misfit(self):
        """Close the page of an attempt that was set aside, so that nobody pays there any more."""
        processor, ref = self._get_processor(), self.checkout_ref
        if not ref and not self.token_id:
            # Its answer was lost: the same call with the same key tells which one it opened.
            request = self.payment_link_id._build_checkout_request(self.checkout_request)
            ref = processor.open_checkout(request, self.checkout_key).ref
        if ref:
            processor.close_checkout(ref)
