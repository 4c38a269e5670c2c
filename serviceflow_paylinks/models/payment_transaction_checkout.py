import logging
from datetime import timedelta

from odoo import api, fields, models
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
            # What was given up before it had a page gets none any more: nobody would watch it.
            may_have_one = self.checkout_open or self.token_id
            return self._open_checkout() if may_have_one else "no checkout was opened for it"
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
        if not self.checkout_open or not self.checkout_ref:
            return  # It is over; or it was set aside for a person.
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
        if attempt.checkout_by_hand:
            return ""
        if problem := attempt._find_mismatch(checkout):
            return attempt._set_aside(problem)
        attempt._fits_again()
        attempt._record_checkout(checkout)
        if checkout.outcome == PAID:
            attempt._apply_paid(checkout)
        elif checkout.outcome == PROCESSING:
            attempt._set_pending(extra_allowed_states=("cancel", "error"))
        elif checkout.outcome == FAILED:
            attempt._apply_failed(checkout)
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
        company = self._get_books_company()
        lang = company.sudo().partner_id.lang or "en_US"
        env = self.env(user=api.SUPERUSER_ID, su=True, context={"lang": lang})
        return self.with_env(env).with_company(company)

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

    # -- money came --

    def _apply_paid(self, checkout):
        """Mark the attempt paid and book it, once."""
        if self.state == "cancel":
            self._detach(self.env._("the attempt had been cancelled"))
        self._set_done(extra_allowed_states=("cancel",))
        self._book()

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

    def _get_paid_moment(self):
        """Return when the customer paid (UTC); False for none."""
        return self.checkout_paid_at or self.last_state_change

    def _is_on_its_way(self):
        """Whether money was accepted or received through this attempt, but is not booked yet."""
        return self.state == "pending" or (
            self.state == "done" and not self.is_post_processed and not self.payment_id
        )

    # -- the schedule --

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
            elif self._give_up_if_of_test():
                return
            elif self.checkout_open and (self.checkout_close or self._is_stale()):
                self._close_checkout()
            else:
                self._look_at_checkout()
        except (RetryableError, FinalError) as error:
            if self.checkout_open or self.checkout_ref:
                self._postpone_check(error)  # Else it was given up: nothing more to ask about.

    def _is_stale(self):
        """Whether the open checkout asks for something else than is owed now."""
        link = self.payment_link_id.sudo()
        return not link._is_payable() or not link._still_asks(self)
