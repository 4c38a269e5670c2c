import logging
from decimal import Decimal
from uuid import uuid4

from odoo import api, fields, models
from odoo.exceptions import ConcurrencyError, UserError
from odoo.tools import float_repr
from psycopg2 import OperationalError
from psycopg2.errors import UniqueViolation

from ..exceptions import FinalError, ProcessorError, RetryableError
from ..providers.base import FAILED, REFUNDED, RefundRequest
from .payment_transaction_checkout import FIRST_CHECKS, LATER_CHECKS

_logger = logging.getLogger(__name__)

REASONS = [
    ("requested_by_customer", "The customer asked for it"),
    ("duplicate", "It was paid twice"),
    ("fraudulent", "Fraud: the card's owner did not pay"),
]
NO_EFFECT = ("error", "cancel")  # states of refunds that gave nothing back


class PaymentTransaction(models.Model):
    """A refund of an attempt: a child transaction, kept in line with what the processor says.

    ``_apply_refunds`` is the one function behind each messenger: the answer of our own call, an
    event, the schedule. What the books make of a refund: ``payment_transaction_refund_books.py``.
    """

    _inherit = "payment.transaction"

    refund_link_id = fields.Many2one(
        "payment.link", "Refund of Link", readonly=True, copy=False, ondelete="set null"
    )
    refund_reason = fields.Selection(REASONS, "Reason", readonly=True, copy=False)

    # A refund of the processor's is in the books exactly once.
    _refund_ref_unique = models.UniqueIndex(
        "(provider_id, provider_reference)"
        " WHERE refund_link_id IS NOT NULL AND provider_reference IS NOT NULL",
        "This refund is in the books already.",
    )
    _refund_link_idx = models.Index("(refund_link_id) WHERE refund_link_id IS NOT NULL")

    def _refund(self, amount_to_refund=None):
        """Override of ``payment``: the refund of a link's attempt is written down, with its key,
        before the processor is asked, and asked for once.

        :raise AccessError: the user may not manage payment links
        """
        link = self.payment_link_id
        if not link:
            return super()._refund(amount_to_refund=amount_to_refund)
        link.with_env(link.env(su=False))._check_may_manage()
        refund = self._reserve_refund(amount_to_refund or self._get_refundable(), str(uuid4()))
        # pylint: disable-next=invalid-commit
        self.env.cr.commit()
        try:
            refund._start_refund()
        except ProcessorError as error:
            _logger.warning("Refund %s: %s", refund.reference, error)
        except (OperationalError, ConcurrencyError):
            # Run again it would be another refund: this one is written down, and the schedule
            # brings it to its end.
            self.env.cr.rollback()
            self.env.invalidate_all()
            _logger.info("Somebody else was faster with refund %s: later.", refund.reference)
        return refund

    def _create_child_transaction(self, amount, is_refund=False, **custom_create_values):
        """Override of ``payment``: a refund knows whose payment it gives back."""
        if is_refund and self.payment_link_id:
            custom_create_values.setdefault("refund_link_id", self.payment_link_id.id)
        child = super()._create_child_transaction(
            amount, is_refund=is_refund, **custom_create_values
        )
        if child.refund_link_id:
            child.is_live = self.is_live
        return child

    def _get_refundable(self):
        """Return how much of the attempt may still be given back, in its currency (float)."""
        self.ensure_one()
        if self.state != "done":
            return 0.0
        refunds = self.child_transaction_ids.filtered(
            lambda tx: tx.operation == "refund" and tx.state not in NO_EFFECT
        )
        return self.currency_id.round(max(self.amount + sum(refunds.mapped("amount")), 0.0))

    # -- our own call --

    def _reserve_refund(self, amount, key, **values):
        """Under the locks, write down a refund that is to be made, or find the one with this key.

        :param float amount: in the attempt's currency, above zero
        :param str key: idempotency key: the same one never gives back twice
        :param values: further values of the refund's transaction
        :return: the refund's transaction
        :raise UserError: so much cannot be given back
        """
        self.ensure_one()
        self._lock_checkout()
        if known := self._find_refund(key):
            return known
        refundable = self._get_refundable()
        if amount <= 0 or self.currency_id.compare_amounts(amount, refundable) > 0:
            raise UserError(
                self.env._(
                    "Enter an amount between zero and %s: so much can still be refunded.",
                    self.currency_id.format(refundable),
                )
            )
        self._to_minor_exactly(amount)
        try:
            with self.env.cr.savepoint():
                refund = self._create_child_transaction(amount, is_refund=True, **values)
        except UniqueViolation as error:
            # Another refund was written down while we waited for the lock: run again and see it.
            raise ConcurrencyError("a refund was asked for at the same time") from error
        refund.write(
            {"checkout_key": key, "checkout_check_at": fields.Datetime.now() + FIRST_CHECKS[0]}
        )
        refund._log_sent_message()
        return refund

    def _find_refund(self, key):
        """Return the refund that was written down with this key; an empty record if none."""
        return self.child_transaction_ids.filtered(lambda tx: tx.checkout_key == key)

    def _to_minor_exactly(self, amount):
        """Return the amount in minor units.

        :raise UserError: the processor cannot give back exactly this much
        """
        provider, currency = self.provider_id.sudo(), self.currency_id
        exact = Decimal(float_repr(amount, currency.decimal_places))
        if provider._paylinks_chargeable(amount, currency) != exact:
            raise UserError(
                self.env._("Stripe cannot refund exactly %s. Round it.", currency.format(amount))
            )
        return provider._paylinks_to_minor(exact, currency)

    def _start_refund(self):
        """Commit the refund as written down, then ask the processor for it.

        :raise RetryableError: it may have been made or not: the schedule finds out
        :raise FinalError: it was not made
        """
        # pylint: disable-next=invalid-commit
        self.env.cr.commit()
        if self.provider_reference or self.state != "draft":
            return
        try:
            self._open_refund()
        except FinalError:
            # What became of it stays, whatever the caller makes of the error.
            # pylint: disable-next=invalid-commit
            self.env.cr.commit()
            raise

    def _open_refund(self):
        """Ask the processor for the refund, or find the one that it has made before."""
        source = self.source_transaction_id
        request = RefundRequest(
            payment_ref=source.provider_reference,
            amount=self._to_minor_exactly(-self.amount),
            reason=self.refund_reason or "",
        )
        try:
            refund = source._get_processor().open_refund(request, self.checkout_key)
        except FinalError as error:
            self._find_out(error)
            return
        source._begin_anew()
        source._apply_refunds([refund])

    def _find_out(self, error):
        """The processor refused, or failed for good: it may still have made the refund.

        :raise FinalError: it did not, and the refund has failed
        :raise RetryableError: nobody knows yet
        """
        if error.person not in ("rejected_key", "not_connected"):
            try:
                self.source_transaction_id._look_at_refunds()
            except FinalError as another:
                if another.person == "unreachable":
                    raise RetryableError(str(another)) from another
        self.invalidate_recordset()
        if not self.provider_reference:
            self._fail_refund(error)
            raise error

    def _fail_refund(self, error):
        """Give a refund up that the processor does not know."""
        _logger.warning("Refund %s given up: %s", self.reference, error)
        source = self.source_transaction_id._with_system_user()
        source._lock_checkout()
        refund = self.with_env(source.env)
        if refund.state == "draft" and not refund.provider_reference:
            refund._set_error(refund._explain_refund(error))
            refund.checkout_check_at = False

    def _explain_refund(self, error):
        """Return the sentence for staff on a refund that was not made.

        :param ProcessorError error: what went wrong
        """
        sentences = {
            "disputed": self.env._(
                "The customer's bank has taken this payment back already (dispute), so it cannot"
                " be refunded."
            ),
            "already_refunded": self.env._(
                "This payment has been refunded already, says Stripe. Odoo has taken over what"
                " Stripe shows."
            ),
            "no_balance": self.env._(
                "There is not enough money in your Stripe balance. Top it up, or refund again"
                " after the next payments."
            ),
            "not_connected": self.env._(
                "Stripe is not connected as it was for this payment. Check Settings → Payments;"
                " nothing was refunded."
            ),
            "rejected_key": self.env._(
                "Stripe rejected the key. Check the keys in Settings → Payments; nothing was"
                " refunded."
            ),
        }
        return sentences.get(
            error.person, self.env._("Stripe refused the refund. Nothing was refunded.")
        )

    # -- the one function that applies the present state of an attempt's refunds --

    def _look_at_refunds(self):
        """Ask the processor for the attempt's refunds, and apply the answer.

        :return: a line on what was set aside, or a falsy value
        """
        self.ensure_one()
        refunds = self._get_processor().look_at_refunds(self.provider_reference)
        self._begin_anew()
        return self._apply_refunds(refunds)

    def _apply_refunds(self, refunds):
        """Bring the attempt's refunds in Odoo in line with the processor's.

        Safe to call any number of times, in any order, from any number of processes: it takes the
        locks, reads anew, and only ever moves forward. Never calls the processor.

        :param list[Refund] refunds: as the processor sees them; some or all
        :return: a line on what was set aside, or an empty string
        """
        self.ensure_one()
        attempt = self._with_system_user()
        attempt._lock_checkout()
        if attempt.state == "done" and not attempt.is_post_processed:
            attempt._book()
        if attempt.state != "done" or not attempt.is_post_processed:
            return "the payment that it gives back is not booked yet"
        problems = [attempt._apply_refund(refund) for refund in refunds]
        attempt.payment_link_id._refresh_state(self.env._("refund of %s", attempt.reference))
        return "; ".join(filter(None, problems))

    def _apply_refund(self, refund):
        """Bring one refund in line."""
        known = self.child_transaction_ids.filtered("refund_link_id")
        ours = known.filtered(
            lambda tx: (
                tx.provider_reference == refund.ref
                or (not tx.provider_reference and refund.key and tx.checkout_key == refund.key)
            )
        )
        amount = float(self.provider_id._paylinks_from_minor(refund.amount, self.currency_id))
        if refund.currency != self.currency_id.name or (
            ours and self.currency_id.compare_amounts(-ours.amount, amount)
        ):
            problem = self.env._("refund %s does not fit: amount or currency", refund.ref)
            self._set_aside(problem)
            return problem
        if not ours:
            reason = refund.reason if refund.reason in dict(REASONS) else False
            ours = self._create_child_transaction(amount, is_refund=True, refund_reason=reason)
            ours._log_sent_message()
        ours._move_refund(refund)
        return ""

    def _move_refund(self, refund):
        """Move the refund forward to what the processor says; what failed there stays failed."""
        if self.provider_reference and self.state in NO_EFFECT:
            return
        self.write({"provider_reference": refund.ref, "checkout_check_at": False})
        if refund.outcome == FAILED:
            self._fall_back(refund.problem)
        elif refund.outcome == REFUNDED:
            if self.state != "done":
                self._set_done(extra_allowed_states=("cancel",))
            self._book_refund()
        elif self.state != "done":
            self.checkout_check_at = fields.Datetime.now() + LATER_CHECKS
            if self.state != "pending":
                self._set_pending(extra_allowed_states=NO_EFFECT)

    def _fall_back(self, problem):
        """The refund came back: the money is with us again."""
        was_done = self.state == "done"
        self._set_error(problem or self.env._("The refund failed."), extra_allowed_states=("done",))
        if was_done:
            self._unbook_refund()
        self._post_process()
        link = self.refund_link_id
        link._unflag(self.env._("Refund to be booked"), self.reference)
        link._flag(
            self.env._("Refund failed"),
            self.env._(
                "The refund of %(amount)s (%(reference)s) did not reach the customer: the money is"
                " back in your Stripe balance. Refund it again, or pay the customer another"
                " way.%(note)s",
                amount=self.currency_id.format(-self.amount),
                reference=self.reference,
                note=self._describe_left_note(),
            ),
            self.reference,
        )

    # -- the schedule --

    @api.model
    def _get_refunds_to_sync(self):
        """Return the refunds to ask the processor about, or to book."""
        return self.search(
            [
                ("refund_link_id", "!=", False),
                ("checkout_check_at", "<=", fields.Datetime.now()),
            ],
            order="checkout_check_at, id",
        )

    def _sync_refund(self):
        """Book what is not booked; ask about a refund whose answer or end was not heard."""
        self.ensure_one()
        source = self.source_transaction_id
        try:
            if self.state == "done":
                self.with_env(source._with_system_user().env)._book_refund()
                return
            source._look_at_refunds()
            if self.state == "draft" and not self.provider_reference:
                self._open_refund()
        except RetryableError as error:
            self._postpone_check(error)
        except FinalError as error:
            if self.state != "error":
                self._postpone_check(error)
                return
            self.refund_link_id._flag(
                self.env._("Refund not made"),
                self.env._(
                    "The refund of %(amount)s (%(reference)s) was not made. %(why)s",
                    amount=self.currency_id.format(-self.amount),
                    reference=self.reference,
                    why=self.state_message,
                ),
                self.reference,
            )

    def _book_refund(self):
        """Post-process now; what fails is tried again by the schedule, and a person is told."""
        summary = self.env._("Refund not booked yet")
        try:
            with self.env.cr.savepoint():
                self._post_process()
                self.checkout_check_at = False
                self.refund_link_id._unflag(summary, self.reference)
        except (OperationalError, ConcurrencyError):
            raise  # Odoo runs the whole transaction again.
        except Exception as error:
            _logger.exception("Refund %s could not be booked yet.", self.reference)
            self.invalidate_recordset()
            self.checkout_check_at = fields.Datetime.now() + FIRST_CHECKS[1]
            self.refund_link_id._flag(
                summary,
                self.env._(
                    "%(amount)s was refunded (%(reference)s), but Odoo could not book it:"
                    " %(error)s. It is tried again by itself; mend the cause.",
                    amount=self.currency_id.format(-self.amount),
                    reference=self.reference,
                    error=error,
                ),
                self.reference,
            )
