import logging
from datetime import timedelta

from odoo import Command, api, fields, models
from odoo.addons.payment_stripe.const import PAYMENT_METHODS_MAPPING
from odoo.exceptions import ConcurrencyError
from psycopg2 import OperationalError

from ..exceptions import FinalError, RetryableError, UnknownCheckoutError
from ..providers.base import EXPIRED, FAILED, OPEN, PAID, PROCESSING
from .locking import lock_rows

_logger = logging.getLogger(__name__)

# When to ask the processor about an attempt that no messenger spoke of: after 2 minutes, after 10,
# when the checkout expires, then every hour.
FIRST_CHECKS = (timedelta(minutes=2), timedelta(minutes=10))
LATER_CHECKS = timedelta(hours=1)


class PaymentTransaction(models.Model):
    """What happens to an attempt. ``_apply_checkout`` is the one function behind each messenger."""

    _inherit = "payment.transaction"

    # -- the three calls --

    def _open_checkout(self):
        """Open the attempt's checkout at the processor, or find the one it has opened before.

        The attempt, its parameters and its key were committed before; no lock is held meanwhile.

        :raise RetryableError: it may be open or not: the same call again will tell
        :raise FinalError: it is not open, and the attempt has failed
        """
        self.ensure_one()
        processor = self._get_processor()
        try:
            checkout = processor.open_checkout(
                self.payment_link_id._build_checkout_request(self.checkout_request),
                self.checkout_key,
            )
        except FinalError as error:
            self._fail_checkout(error)
            raise
        self._begin_anew()
        self._apply_checkout(checkout)

    def _look_at_checkout(self):
        """Ask the processor how the attempt stands, and apply the answer.

        :return: a line on what was set aside, or a falsy value
        """
        self.ensure_one()
        if not self.checkout_ref:
            return self._open_checkout()
        try:
            checkout = self._get_processor().look_at_checkout(self.checkout_ref)
        except UnknownCheckoutError as error:
            return self._miss_checkout(error)
        self._begin_anew()
        return self._apply_checkout(checkout)

    def _close_checkout(self):
        """Close the attempt's checkout at the processor; what was completed meanwhile is booked.

        :raise FinalError: it cannot be closed, and may still be paid
        """
        self.ensure_one()
        if not self.checkout_ref:
            try:
                self._open_checkout()  # The answer was lost: the same call tells which one it is.
            except FinalError:
                return  # It never came to be.
        if not self.checkout_open:
            return
        try:
            checkout = self._get_processor().close_checkout(self.checkout_ref)
        except UnknownCheckoutError as error:
            self._miss_checkout(error)
            if self.checkout_open:
                raise
            return
        self._begin_anew()
        self._apply_checkout(checkout)

    def _get_processor(self):
        """Return the processor; a live attempt is nothing to ask a test account about, and one of
        the database that this is a copy of is nothing to ask about at all.

        :raise FinalError: the provider is not connected, or not as it was for this attempt
        """
        provider = self.provider_id.sudo()
        if self.is_live and not provider._paylinks_is_live():
            raise FinalError("a live attempt, but the provider is in test mode", "not_connected")
        if self._is_of_the_original():
            raise FinalError("made in the original of this copy of the database", "not_connected")
        return provider._paylinks_get_processor()

    def _is_of_the_original(self):
        """Whether this is a neutralised copy of a database, and the attempt was made before."""
        copied_at = self.provider_id.sudo().paylinks_copied_at
        return bool(copied_at and self.create_date < copied_at)

    def _begin_anew(self):
        """The call took its time: end the transaction, in which nothing is pending, so that the
        locks are taken on the present state and not on that of before the call."""
        # pylint: disable-next=invalid-commit
        self.env.cr.commit()

    # -- the one function that applies a checkout's present state --

    def _apply_checkout(self, checkout):
        """Bring the attempt, the books and the link in line with the checkout's present state.

        Safe to call any number of times, in any order, from any number of processes: it takes the
        locks, reads anew, and only ever moves forward. Never calls the processor.

        :param Checkout checkout: as the processor sees it
        :return: a line on what was set aside, or an empty string
        """
        self.ensure_one()
        attempt = self._with_system_user()
        attempt._lock_checkout()
        if problem := attempt._find_mismatch(checkout):
            attempt._set_aside(problem)
            return problem
        attempt._record_checkout(checkout)
        if checkout.outcome == PAID:
            attempt._apply_paid(checkout)
        elif checkout.outcome == PROCESSING:
            attempt._set_pending(extra_allowed_states=("cancel", "error"))
        elif checkout.outcome == FAILED:
            attempt._set_error(attempt._explain_failure(checkout))
        elif checkout.outcome == EXPIRED:
            attempt._set_canceled()
        attempt.payment_link_id._refresh_state(self.env._("payment %s", attempt.reference))
        return ""

    def _explain_failure(self, checkout):
        """Return the sentence on why the bank refused, for whoever tried to pay."""
        return checkout.problem or self.env._("The bank refused the payment.")

    def _with_system_user(self):
        """Act as OdooBot, in the company of the attempt and its language: whoever brought the
        message, it is staff who read what comes of it."""
        lang = self.company_id.sudo().partner_id.lang or "en_US"
        env = self.env(user=api.SUPERUSER_ID, su=True, context={"lang": lang})
        return self.with_env(env).with_company(self.company_id)

    def _lock_checkout(self):
        """Lock the document, the link, then the attempt: the order in which staff's work locks too.

        A change since our snapshot makes Odoo run this again.
        """
        self.env.flush_all()
        self.payment_link_id._lock_rows()
        lock_rows(self)

    def _find_mismatch(self, checkout):
        """Return in words why this checkout cannot be this attempt's; an empty string if it can."""
        request = self.checkout_request
        checks = (
            (checkout.key == self.checkout_key, "key"),
            (not self.checkout_ref or checkout.ref == self.checkout_ref, "checkout"),
            (checkout.amount == request["amount"], "amount"),
            (checkout.currency == request["currency"], "currency"),
            (checkout.live == self.is_live, "mode (test or live)"),
        )
        wrong = [name for fits, name in checks if not fits]
        return f"does not fit the attempt: {', '.join(wrong)}" if wrong else ""

    def _set_aside(self, problem):
        """Change nothing, and call a person."""
        _logger.warning("Checkout of attempt %s set aside: %s", self.reference, problem)
        self.checkout_check_at = fields.Datetime.now() + LATER_CHECKS
        self.payment_link_id._flag(
            self.env._("Payment set aside"),
            self.env._(
                "What Stripe reports on attempt %(reference)s %(problem)s. Nothing was booked."
                " Look the payment up in Stripe's dashboard and book or refund it by hand.",
                reference=self.reference,
                problem=problem,
            ),
            self.reference,
        )

    def _record_checkout(self, checkout):
        """Keep what the processor told, and when to ask again."""
        values = {
            "checkout_ref": checkout.ref,
            "checkout_problem": checkout.problem_kind or False,
        }
        if checkout.url:
            values["checkout_url"] = checkout.url
        if checkout.expires_at:
            values["checkout_expires_at"] = checkout.expires_at
        if checkout.payment_ref:
            values["provider_reference"] = checkout.payment_ref
        if checkout.paid_at:
            values["checkout_paid_at"] = checkout.paid_at
        if checkout.outcome != OPEN:
            values.update(checkout_open=False, checkout_close=False)
        elif self.state == "draft":
            values["state_message"] = checkout.problem or False
        if checkout.method:
            method = self.env["payment.method"]._get_from_code(
                checkout.method, mapping=PAYMENT_METHODS_MAPPING
            )
            values["payment_method_id"] = (method or self.payment_method_id).id
        values["checkout_check_at"] = self._next_check(checkout)
        values["checkout_check_count"] = self.checkout_check_count + 1
        self.write(values)

    def _next_check(self, checkout):
        """Return when to ask the processor again; False when there is nothing more to learn."""
        now = fields.Datetime.now()
        if checkout.outcome == OPEN and self.state != "done":
            if self.checkout_close:
                return now  # It is to be closed: a message that it is open puts that off no longer.
            expires_at = checkout.expires_at or now + LATER_CHECKS
            for delay in FIRST_CHECKS:
                if now < self.create_date + delay:
                    return min(self.create_date + delay, expires_at)
            return expires_at if now < expires_at else now + LATER_CHECKS
        return now + LATER_CHECKS if checkout.outcome == PROCESSING else False

    # -- on its way --

    def _is_on_its_way(self):
        """Whether money was accepted or received through this attempt, but is not booked yet."""
        return self.state == "pending" or (
            self.state == "done" and not self.is_post_processed and not self.payment_id
        )

    # -- money came --

    def _get_paid_moment(self):
        """Return when the customer paid (UTC); False for none."""
        return self.checkout_paid_at or self.last_state_change

    def _apply_paid(self, checkout):
        """Mark the attempt paid and book it, once."""
        if self.state == "cancel":
            self._detach(self.env._("the attempt had been cancelled"))
        self._set_done(extra_allowed_states=("cancel",))
        self._book()

    def _detach_if_late(self):
        """Leave the documents alone where the money came when it was no longer asked for.

        :return: why, in words; an empty string where it was asked for
        """
        late = self._find_lateness()
        if late:
            self._detach(late)
        return late

    def _detach(self, reason):
        """The money is kept as the customer's credit; a person decides."""
        self.write({"invoice_ids": [Command.clear()], "sale_order_ids": [Command.clear()]})
        self._call_a_person_if_needed(reason)

    def _find_lateness(self):
        """Return in words why this money came when it was no longer asked for; empty if it was."""
        link = self.payment_link_id.sudo()
        document = link._get_document()
        if link.cancel_reason == "replaced":
            return self.env._("the link had been replaced by another one")
        if link.state == "cancelled" and link.cancel_reason != "document":
            return self.env._("the link had been deleted")
        if document and document.state == "cancel":
            return self.env._("the document had been cancelled")
        if link.state == "cancelled":
            return self.env._("the document had changed, and the link was no longer for it")
        if link._is_document_on_hold():
            return self.env._("the invoice had been reset to draft")
        paid_at = self.checkout_paid_at or fields.Datetime.now()
        if link.expires_at and link.expires_at < paid_at:
            return self.env._("the link had expired")
        return ""

    def _book(self):
        """Post-process now; what fails is tried again by the schedule, and a person is told."""
        summary = self.env._("Payment not booked yet")
        try:
            with self.env.cr.savepoint():
                self._post_process()
                self.checkout_check_at = False
                self.payment_link_id._unflag(summary, self.reference)
        except (OperationalError, ConcurrencyError):
            raise  # Odoo runs the whole transaction again.
        except Exception as error:
            _logger.exception("Payment %s could not be booked yet.", self.reference)
            self.invalidate_recordset()
            self.checkout_check_at = fields.Datetime.now() + FIRST_CHECKS[1]
            self.payment_link_id._flag(
                summary,
                self.env._(
                    "%(amount)s was paid (%(reference)s), but Odoo could not book it: %(error)s."
                    " It is tried again by itself; mend the cause.",
                    amount=self.currency_id.format(self.amount),
                    reference=self.reference,
                    error=error,
                ),
                self.reference,
            )

    def _call_a_person_if_needed(self, late):
        """Late money, and money beyond what was owed, is a person's to decide on."""
        reason = late or self._find_unposted_tip() or self._find_surplus()
        if not reason:
            return
        self.payment_link_id._flag(
            self.env._("Money to be assigned"),
            self.env._(
                "%(amount)s arrived (%(reference)s), but %(reason)s. It is booked as a credit of"
                " the customer: match it with an open invoice, or refund it.",
                amount=self.currency_id.format(self.amount - self.tip_amount),
                reference=self.reference,
                reason=reason,
            ),
            self.reference,
        )

    def _find_surplus(self):
        """Return in words that the payment was more than its invoices owed; empty if it was not."""
        if not self.invoice_ids or not self.payment_id:
            return ""
        lines = self.payment_id.move_id.line_ids.filtered(
            lambda line: line.account_id == self.payment_id.destination_account_id
        )
        left = abs(sum(lines.mapped("amount_residual_currency")))
        if self.currency_id.is_zero(left):
            return ""
        return self.env._(
            "the invoice owed %s less than that by then", self.currency_id.format(left)
        )

    # -- nothing came of it --

    def _miss_checkout(self, error):
        """The processor does not know a checkout that it opened: the keys are another account's.

        While it may still be paid there, or its bank debit is on its way, the attempt stays as it
        is and a person is called; afterwards it is given up.

        :return: a line on what was set aside
        """
        attempt = self._with_system_user()
        attempt._lock_checkout()
        problem = "is not known to the account that the provider's keys belong to"
        attempt._set_aside(problem)
        expires_at = attempt.checkout_expires_at
        if attempt.state == "draft" and expires_at and expires_at < fields.Datetime.now():
            attempt._fail_checkout(error)
        return problem

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

    def _postpone_check(self, error):
        """The processor could not be asked: ask later."""
        _logger.warning("Attempt %s could not be checked: %s", self.reference, error)
        self.sudo().checkout_check_at = fields.Datetime.now() + FIRST_CHECKS[1]

    def _claim(self):
        """Keep other workers of the schedule away while this one asks the processor."""
        self.sudo().checkout_check_at = fields.Datetime.now() + FIRST_CHECKS[1]

    def _close_soon(self):
        """Mark attempts for closing. The processor is called by the schedule, not here."""
        if self:
            self.write({"checkout_close": True, "checkout_check_at": fields.Datetime.now()})
            self.env.ref("serviceflow_paylinks.cron_sync_checkouts").sudo()._trigger()

    def _sync_checkout(self):
        """Close what is no longer payable, look at what is due, book what is not booked."""
        self.ensure_one()
        try:
            if self.state == "done":
                self._with_system_user()._book()
            elif self.checkout_open and (self.checkout_close or self._is_stale()):
                self._close_checkout()
            else:
                self._look_at_checkout()
        except (RetryableError, FinalError) as error:
            self._postpone_check(error)

    def _is_stale(self):
        """Whether the open checkout asks for something else than is owed now."""
        link = self.payment_link_id.sudo()
        return not link._is_payable() or not link._still_asks(self)
