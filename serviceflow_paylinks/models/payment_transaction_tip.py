from odoo import fields, models

from .own_context import hand_down


class PaymentTransaction(models.Model):
    """A tip within an attempt: posted on its own line, and given back last."""

    _inherit = "payment.transaction"

    # What is charged is `amount`, this included. A refund's is negative, like its amount.
    tip_amount = fields.Monetary(
        "Tip",
        readonly=True,
        copy=False,
        help="The part of the amount that is a tip, and does not pay the document.",
    )
    tip_account_id = fields.Many2one(
        "account.account",
        "Tip Posted To",
        readonly=True,
        copy=False,
        ondelete="restrict",
        index="btree_not_null",
    )

    def _get_asked(self):
        """Return what the attempt's page asks for, in minor units: (without the tip, the tip)."""
        frozen = self.checkout_request
        tip = frozen.get("tip", 0)
        return frozen["amount"] - tip, tip

    # -- booking --

    def _create_payment(self, **extra_create_values):
        """Override of ``account_payment``: the tip is posted on a line of its own, so that the
        invoice is matched with the rest alone."""
        self._settle_tip_account()
        attempt = self
        if self.tip_amount:
            lines = [*extra_create_values.get("write_off_line_vals", []), self._prepare_tip_line()]
            extra_create_values["write_off_line_vals"] = lines
            attempt = hand_down(self, paylinks_amounts=(self.amount, self.tip_amount))
        payment = super(PaymentTransaction, attempt)._create_payment(**extra_create_values)
        payment = payment.with_env(self.env)
        if self.payment_link_id:
            self.payment_link_id.sudo()._note_payment(self)
        return payment

    def _settle_tip_account(self):
        """Decide where the tip is posted. With no account left to post it to, it is the customer's
        money like the rest: what was paid is booked whatever became of the settings."""
        if not self.tip_amount:
            return
        company, source = self._get_books_company(), self.source_transaction_id
        account = source.tip_account_id if source else company.sudo().paylinks_tip_account_id
        account = company._paylinks_usable_tip_account(account, self.currency_id)
        self.tip_account_id = account
        if not account:
            self.tip_amount = 0.0
            if source:
                source._call_a_person_for_refunded_tip(self)

    def _prepare_tip_line(self):
        """Return the tip's line of the payment's entry, as ``_prepare_move_line_default_vals`` of
        odoo/addons/account/models/account_payment.py takes it."""
        self.ensure_one()
        company, today = self._get_books_company(), fields.Date.context_today(self)
        rest = self.currency_id.round(self.amount - self.tip_amount)
        # The cent of the rate's rounding is the tip's: the rest is worth what it is without one.
        balances = [
            self.currency_id._convert(amount, company.currency_id, company, today)
            for amount in (rest, self.amount)
        ]
        return {
            "name": self.env._("Tip: %s", self.reference),
            "account_id": self.tip_account_id.id,
            # Nobody's: Odoo proposes a customer's most frequent account for the next invoice.
            "partner_id": False,
            "currency_id": self.currency_id.id,
            "amount_currency": -self.tip_amount,
            "balance": company.currency_id.round(balances[0] - balances[1]),
        }

    def _find_unposted_tip(self):
        """Return in words that a tip could not be posted as one; empty if there is no such tip."""
        asked, tip = self._get_asked()
        if not tip or self.tip_amount or not self.payment_id:
            return ""
        share = self.currency_id.round(self.amount * tip / (asked + tip))
        return self.env._(
            "%s of it was meant as a tip, and no account that tips can be posted to is chosen in"
            " Settings → Payments",
            self.currency_id.format(share),
        )

    # -- giving it back --

    def _create_child_transaction(self, amount, is_refund=False, **custom_create_values):
        """Override of ``payment``: a refund knows how much of it gives the tip back."""
        child = super()._create_child_transaction(
            amount, is_refund=is_refund, **custom_create_values
        )
        if is_refund and self.tip_amount:
            child.tip_amount = -self._get_tip_to_give_back(amount, child)
        return child

    def _get_tip_to_give_back(self, amount, refund=None, dispute=None):
        """Return how much of the tip goes back with an amount: what the payment without the tip
        does not cover. A part of the work that is refunded so agrees with its credit note.

        :param float amount: of the refund, or what a dispute took, above zero
        :param refund: its transaction, where there is one already
        :param dispute: the `payment.link.dispute`, where it is one
        :return: a positive float
        """
        if not self.tip_amount:
            return 0.0
        others = self.child_transaction_ids.filtered(
            lambda tx: (
                tx.operation == "refund" and tx.state not in ("cancel", "error") and tx != refund
            )
        )
        disputes = self.env["payment.link.dispute"].search([("transaction_id", "=", self.id)])
        disputes -= dispute or disputes.browse()
        given_back = amount - sum(others.mapped("amount")) + sum(disputes.mapped("booked"))
        tips_before = sum(disputes.mapped("tip_booked")) - sum(others.mapped("tip_amount"))
        tip = given_back - (self.amount - self.tip_amount) - tips_before
        return self.currency_id.round(min(max(tip, 0.0), self.tip_amount, amount))

    def _call_a_person_for_refunded_tip(self, refund):
        """A tip was given back whose account is gone: the books need a person's hand."""
        self.payment_link_id.sudo()._flag(
            self.env._("Refunded tip"),
            self.env._(
                "Refund %(reference)s gave a tip back, but the account that it was posted to can no"
                " longer be used: it is booked on the customer's account. Move it by hand.",
                reference=refund.reference,
            ),
            refund.reference,
        )
