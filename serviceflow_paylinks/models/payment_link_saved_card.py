from odoo import models
from odoo.exceptions import AccessError, UserError

from ..exceptions import ProcessorError
from .payment_link_checkout import ROUNDS


class PaymentLink(models.Model):
    """Charging a card that the customer has saved: the click on Pay, made by staff."""

    _inherit = "payment.link"

    def charge_saved_card(self, token_id):
        """Charge a saved card of the link's customer for what the link asks for now.

        Commits: the attempt is in the database, with its parameters and key, before the processor
        is called, and no row is locked while it is. Asked for twice, at once or run again, it
        charges once: there is one open attempt a document, and a paid link asks for nothing.

        :param int token_id: id of the ``payment.token``
        :return: the attempt. Its state: done, pending (the bank takes its time), error (not
            charged, ``state_message`` says why and what to do), draft (not known yet)
        :raise AccessError: the user may not create payment links, or the card is not this
            customer's, or of another company
        :raise UserError: the link asks for nothing, or cannot be paid now, and why
        """
        self.ensure_one()
        self.check_access("write")
        token = self._check_saved_card(token_id)
        attempt = self.sudo()._run_charge(token, self.env.user.name)
        return attempt.with_env(self.env)

    def _check_saved_card(self, token_id):
        tokens = self.env["payment.token"]
        cards = tokens._paylinks_saved_cards(self.partner_id, self.sudo().company_id)
        token = cards.filtered(lambda card: card.id == token_id)
        if not token:
            raise AccessError(
                self.env._(
                    "This card was not saved by %s. Choose one of the customer's own cards.",
                    self.partner_id.display_name,
                )
            )
        return token

    def _run_charge(self, token, who):
        """Reserve the attempt, charge, and say how it stands.

        :param str who: the person who asked for it, for the link's history
        """
        for _round in range(ROUNDS):
            attempt, older = self._reserve_charge(token, who)
            # pylint: disable-next=invalid-commit
            self.env.cr.commit()
            if older:
                self._close_older(older)
                continue
            try:
                if attempt.checkout_open:
                    self._charge_or_look(attempt)
            except ProcessorError as error:
                self._note_problem(attempt, error)
            return attempt
        raise UserError(self.env._("Somebody else is paying this at the moment. Look again soon."))

    def _close_older(self, older):
        """Close what is open beside this charge.

        :raise UserError: it cannot be closed; or it was paid, and the link would still ask for
            something: whoever pressed the button did not know that
        """
        try:
            for other in older:
                other._close_checkout()
        except ProcessorError as error:
            raise UserError(self._explain_busy(error)) from error
        # What was found out is kept, even if nothing is charged now.
        # pylint: disable-next=invalid-commit
        self.env.cr.commit()
        if older.filtered(lambda tx: tx.state in ("pending", "done")) and self._is_payable():
            raise UserError(
                self.env._(
                    "Another payment of this came in at this moment, so nothing more was charged."
                    " Close this window and look at the document again."
                )
            )

    def _charge_or_look(self, attempt):
        """Charge; or, where a call of before has had its time, find out what came of it."""
        if not attempt._may_be_repeated():
            return attempt._look_at_checkout()
        try:
            return attempt._charge_saved_card()
        except ProcessorError as error:
            # Another click's call with the same key is under way: its answer serves this one too.
            if error.person != "busy" or not self._wait_for_page(attempt):
                raise
            return None

    def _note_problem(self, attempt, error):
        """Keep the sentence with an attempt of which nobody knows how it ended."""
        attempt.invalidate_recordset()
        if attempt.checkout_open:
            attempt.state_message = attempt.provider_id._paylinks_explain(error)

    def _explain_busy(self, error):
        """Return why an older attempt is in the way, for staff."""
        if error.person == "unknown":
            return self.env._(
                "Another payment of this is under way, and Stripe has not said yet how it ended."
                " Wait some minutes and look again: nothing more was charged."
            )
        return self.provider_id._paylinks_explain(error)

    def _reserve_charge(self, token, who):
        """Under the locks, find the attempt that this charge is, or make one.

        :return: (the attempt; older attempts that must be closed first)
        :raise UserError: there is nothing to charge
        """
        self._lock_rows()
        nothing = self.env["payment.transaction"].sudo()
        try:
            attempts = self._get_open_attempts()
        except ProcessorError as error:
            raise UserError(self.env["payment.provider"]._paylinks_explain(error)) from error
        if not self._is_payable():
            return self._get_what_paid(), nothing
        amount = self._get_remainders()[self]
        same = attempts.filtered(lambda tx: self._is_same_charge(tx, token, amount))
        if attempts:
            return (same, nothing) if same == attempts else (nothing, attempts - same)
        try:
            attempt = self._create_attempt(amount, token=token)
        except ProcessorError as error:
            raise UserError(self.env["payment.provider"]._paylinks_explain(error)) from error
        self._log_history(
            self.env._(
                "%(user)s charges the saved card %(card)s: %(amount)s.",
                user=who,
                card=token.display_name,
                amount=self.currency_id.format(float(amount)),
            )
        )
        return attempt, nothing

    def _get_what_paid(self):
        """A second click after the first one's success: return the attempt that paid.

        :raise UserError: the link asks for nothing, but was not paid by itself
        """
        paid = self.transaction_ids.filtered(lambda tx: tx.state in ("pending", "done"))
        if self.state not in ("paid", "processing") or not paid:
            raise UserError(
                self.env._(
                    "%s asks for nothing at the moment, so nothing was charged. Look at the"
                    " document again.",
                    self.name,
                )
            )
        return paid.sorted("id")[-1]

    def _is_same_charge(self, attempt, token, amount):
        return (
            attempt.payment_link_id == self
            and attempt.token_id == token
            and attempt.checkout_request["amount"] == self._to_minor(amount)
            and not attempt.checkout_close
        )

    def _is_usable(self, attempt):
        """A customer's click never waits on a charge by staff."""
        return not attempt.token_id and super()._is_usable(attempt)

    def _prepare_charge_request(self, amount, reference, token):
        """Return what the processor is to charge, to be frozen with the attempt.

        :param Decimal amount: chargeable, in major units
        :param token: the saved card, of the provider that the link is paid through
        :return: a ChargeRequest as a dict
        """
        if token.provider_id != self.provider_id:
            raise UserError(
                self.env._(
                    "This card was saved with another Stripe account. Send the link instead."
                )
            )
        return {
            "amount": self._to_minor(amount),
            "currency": self.currency_id.name,
            "reference": reference,
            "description": self._get_title(),
            "customer_ref": token.provider_ref,
            "card_ref": token.stripe_payment_method,
            "email": self.email or "",
        }
