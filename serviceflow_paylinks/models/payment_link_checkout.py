import hashlib
import time
from datetime import UTC, timedelta
from decimal import Decimal
from uuid import uuid4

from odoo import Command, api, fields, models
from odoo.exceptions import ConcurrencyError
from odoo.tools import email_normalize
from psycopg2.errors import UniqueViolation

from ..exceptions import FinalError, RetryableError
from ..providers.base import CheckoutRequest
from .locking import lock_rows
from .payment_transaction_checkout import FIRST_CHECKS

# Stripe: a Checkout Session lives 30 minutes to 24 hours. Stay inside, clocks differ.
SHORTEST, LONGEST = timedelta(minutes=35), timedelta(hours=23, minutes=55)
# Do not send a customer to a page that is about to close.
WORTH_REUSING = timedelta(minutes=10)
ROUNDS = 4
NOTHING = Decimal()
# As long as a customer waits for a page that another tab has asked for already (seconds).
PATIENCE = 8


class PaymentLink(models.Model):
    """The click on Pay: one open attempt a document, for what is owed at that moment."""

    _inherit = "payment.link"

    # Grows with each attempt, so that a click that waited for another one's lock notices.
    attempt_count = fields.Integer(
        readonly=True, copy=False, groups="serviceflow_paylinks.group_payments_view"
    )

    @api.private
    def start_checkout(self, amount=None, tip=None):
        """Return the address of the processor's page for what is owed now, or a part of it.

        Commits: the attempt is in the database, with its parameters and key, before the processor
        is called, and no row is locked while it is. Run again, it makes the same call.

        :param Decimal amount: to pay now, if less than is owed; never more is asked for than that
        :param Decimal tip: to pay besides
        :return: the address; an empty string where there is nothing to pay any more
        :raise ChoiceError: this amount or tip cannot be chosen; nothing was charged
        :raise ProcessorError: nothing was charged; the person's text says what to do
        """
        self.ensure_one()
        for _round in range(ROUNDS):
            attempt, older = self._reserve_attempt(amount, tip)
            # pylint: disable-next=invalid-commit
            self.env.cr.commit()
            for other in older:
                other._close_checkout()
            if older:
                continue
            if not attempt:
                return ""
            if attempt.checkout_ref and attempt.checkout_url:
                return attempt.checkout_url
            left_behind = attempt.create_date < fields.Datetime.now() - timedelta(minutes=1)
            try:
                attempt._open_checkout()
            except FinalError:
                # What became of the attempt stays, whatever the caller makes of the error.
                # pylint: disable-next=invalid-commit
                self.env.cr.commit()
                if not left_behind:
                    raise
                # Of an earlier click, and void: the next round makes a new attempt.
            except RetryableError as error:
                # Another click's call with the same key is under way: its page serves this one too.
                if error.person != "busy" or not self._wait_for_page(attempt):
                    raise
            else:
                # A checkout that was completed meanwhile has no page: ours tells the customer.
                return (attempt.checkout_open and attempt.checkout_url) or ""
        return ""

    def _wait_for_page(self, attempt):
        """Wait for what another request makes of an attempt.

        :return: whether something came of it; no row is locked and no snapshot kept meanwhile
        """
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            # pylint: disable-next=invalid-commit
            self.env.cr.commit()
            attempt.invalidate_recordset(["checkout_url", "checkout_open"])
            if attempt.checkout_url or not attempt.checkout_open:
                return True
            time.sleep(0.2)
        return False

    def _reserve_attempt(self, amount=None, tip=None):
        """Under the locks, find the open attempt that fits, or make one.

        :param Decimal amount: as chosen, if it was
        :param Decimal tip: as chosen, if it was
        :return: (attempt or empty record, older attempts that must be closed first)
        :raise ChoiceError: this amount or tip cannot be chosen
        :raise FinalError: what an older attempt was paid with waits for a person
        """
        self._lock_rows()
        nothing = self.env["payment.transaction"].sudo()
        if not self._is_payable():
            return nothing, nothing
        owed = self._get_remainders()[self]
        amount = self._settle_amount(owed, amount)
        tip = self._settle_tip(amount, tip)
        current, older = nothing, nothing
        for attempt in self._get_open_attempts():
            if self._fits(attempt, amount, tip):
                current = attempt
            else:
                older |= attempt
        if older or current:
            return (nothing, older) if older else (current, nothing)
        return self._create_attempt(amount, tip, part=amount < owed), nothing

    def _lock_rows(self):
        """Lock the links' documents, then the links: the order in which staff's work locks too."""
        lock_rows(self.sale_order_id)
        lock_rows(self.invoice_id)
        lock_rows(self)

    def _get_open_attempts(self):
        """Return the open attempts of the link's document, to be used or closed.

        :raise FinalError: what one of them was paid with waits for a person
        """
        transactions = self.env["payment.transaction"].sudo()
        attempts = transactions.search(
            [("checkout_scope", "=", self._get_checkout_scope()), ("checkout_open", "=", True)]
        )
        for attempt in attempts:
            if attempt._is_set_aside():
                raise FinalError(f"attempt {attempt.reference} is set aside", "set_aside")
        return attempts.filtered(lambda attempt: not attempt._give_up_if_of_test())

    def _get_checkout_scope(self):
        """Return what may have one open attempt only: the document, or the link without one."""
        document = self._get_document()
        return f"{document._name},{document.id}" if document else f"{self._name},{self.id}"

    def _fits(self, attempt, amount, tip):
        """Whether an open attempt may serve a click for this amount and tip, in this language."""
        return (
            attempt._get_asked() == (self._to_minor(amount), self._to_minor(tip))
            and attempt.checkout_request.get("locale", "") == (self._get_customer_lang() or "")
            and self._is_usable(attempt)
        )

    def _is_usable(self, attempt):
        """Whether the page of an open attempt, whatever it asks for, is one to send people to."""
        now = fields.Datetime.now()
        expires_at = attempt.checkout_expires_at
        return (
            attempt.payment_link_id == self
            and attempt.checkout_request["address"] == self._get_address_mark()
            and not attempt.checkout_close
            and (not expires_at or expires_at > now + WORTH_REUSING)
        )

    def _to_minor(self, amount):
        """Return the Decimal amount in the processor's minor units."""
        return self.sudo().provider_id._paylinks_to_minor(amount, self.currency_id)

    def _create_attempt(self, amount, tip=NOTHING, part=False, token=None):
        """Write the attempt down: what will be asked, and the key it will be asked with.

        :param Decimal amount: without the tip
        :param Decimal tip: on top of it
        :param bool part: whether less than everything owed was chosen
        :param token: the saved card (`payment.token`) that is to be charged instead of a checkout
        """
        self = self.sudo()
        provider = self._get_usable_provider()
        reference = self._compute_attempt_reference(provider)
        if token:
            request = self._prepare_charge_request(amount, reference, token)
            values = {"operation": "offline", "token_id": token.id}
        else:
            request = self._prepare_checkout_request(amount, tip, reference)
            request["part"] = part
            values = {"operation": "online_redirect"}
        self.attempt_count += 1
        return self._write_attempt(
            provider,
            reference,
            request,
            str(uuid4()),
            amount=float(amount + tip),
            tip_amount=float(tip),
            checkout_open=True,
            **values,
        )

    def _compute_attempt_reference(self, provider):
        """Return a new attempt's reference: after its document, as Odoo's own; or the link."""
        values = self._prepare_attempt_documents()
        return (
            self.env["payment.transaction"]
            .sudo()
            ._compute_reference(provider.code, prefix=None if values else self.name, **values)
        )

    def _prepare_attempt_documents(self):
        document = self._get_document()
        if not document:
            return {}
        field = "sale_order_ids" if self.purpose == "deposit" else "invoice_ids"
        return {field: [Command.set(document.ids)]}

    def _write_attempt(self, provider, reference, request, key, **values):
        """Write an attempt into the database.

        :param dict request: what is asked of the processor, frozen
        :param str key: idempotency key of that call
        :param values: further fields of the transaction, its amount among them
        :raise ConcurrencyError: somebody else has written it, or another one that is open
        """
        values.update(
            provider_id=provider.id,
            payment_method_id=provider._paylinks_payment_method().id,
            reference=reference,
            state="draft",
            currency_id=self.currency_id.id,
            partner_id=self.partner_id.id,
            payment_link_id=self.id,
            checkout_scope=self._get_checkout_scope(),
            checkout_key=key,
            checkout_request=request,
            checkout_check_at=fields.Datetime.now() + FIRST_CHECKS[0],
            **self._prepare_attempt_documents(),
        )
        try:
            with self.env.cr.savepoint():
                attempt = self.env["payment.transaction"].sudo().create(values)
        except UniqueViolation as error:
            # A click on another link of the same document was faster: run again and find it.
            raise ConcurrencyError("an attempt was opened at the same time") from error
        # By the key as well as by the provider's state, as everything that is compared with it.
        attempt.is_live = provider._paylinks_is_live()
        return attempt

    def _get_usable_provider(self):
        """Return the provider to pay through, and remember it on the link."""
        provider = self.env["payment.provider"]._paylinks_of_company(self.company_id)
        if self.provider_id.state in ("enabled", "test"):
            provider = self.provider_id
        provider._paylinks_get_processor()  # Not connected: says so before anything is written.
        self.provider_id = provider
        return provider

    def _prepare_checkout_request(self, amount, tip, reference):
        """Return what the processor is to show and to charge, to be frozen with the attempt.

        The link's address is a key: it is told to the processor (`_build_checkout_request`), but
        kept nowhere else, neither here nor in the log of a statement that fails.

        :param Decimal amount: chargeable, in major units, without the tip
        :param Decimal tip: likewise, on top of it
        :return: a CheckoutRequest as a dict, without its addresses, and their mark
        """
        now = fields.Datetime.now()
        ends = min(now + LONGEST, max(self.expires_at or now + LONGEST, now + SHORTEST))
        return {
            "address": self._get_address_mark(),
            "amount": self._to_minor(amount + tip),
            "tip": self._to_minor(tip),
            "tip_name": self._get_tip_title() if tip else "",
            "currency": self.currency_id.name,
            "reference": reference,
            "name": self._get_title(),
            "description": self.description or "",
            "expires_at": int(ends.replace(tzinfo=UTC).timestamp()),
            "email": email_normalize(self.email) or "",
            "locale": self._get_customer_lang() or "",
        }

    def _get_address_mark(self):
        """Return what tells whether the address is still the one an attempt was made with."""
        return hashlib.sha256(self.token.encode()).hexdigest()[:16]

    def _build_checkout_request(self, frozen):
        """Return the request that was frozen with an attempt, with the link's address in it.

        :param dict frozen: as prepared
        :rtype: CheckoutRequest
        """
        values = {name: frozen[name] for name in frozen if name not in ("address", "part")}
        return CheckoutRequest(
            success_url=f"{self.url}/return?session_id={{CHECKOUT_SESSION_ID}}",
            cancel_url=f"{self.url}/return?cancelled=1",
            origin=self._get_origin(frozen),
            **values,
        )

    def _get_title(self):
        """Return in a few words what is paid, in the customer's language."""
        link = self.with_context(lang=self._get_customer_lang())
        if self.purpose == "invoice":
            return link.env._("Invoice %s", self.invoice_id.name)
        if self.purpose == "deposit":
            return link.env._("Deposit on %s", self.sale_order_id.name)
        return self.description or link.env._("Payment to %s", self.company_id.name)
