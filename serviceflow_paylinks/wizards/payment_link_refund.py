import logging
from uuid import uuid4

from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError

from ..exceptions import FinalError, ProcessorError
from ..models.payment_transaction_refund import REASONS
from ..models.payment_transaction_refund_books import CHOICES

_logger = logging.getLogger(__name__)


class PaymentLinkRefund(models.TransientModel):
    """One dialog: how much goes back to the customer, why, and what becomes of the invoice.

    With ``refund_id`` it books a refund that was made elsewhere. What it shows of its link is for
    those who may see that link: over RPC any could be entered.
    """

    _name = "payment.link.refund"
    _description = "Refund a Payment Link"

    link_id = fields.Many2one("payment.link", required=True, readonly=True)
    transaction_id = fields.Many2one(
        "payment.transaction",
        "Payment",
        required=True,
        domain="[('payment_link_id', '=', link_id), ('state', '=', 'done')]",
    )
    attempt_count = fields.Integer(compute="_compute_attempt_count")
    refund_id = fields.Many2one("payment.transaction", readonly=True)
    partner_id = fields.Many2one(related="link_id.partner_id", related_sudo=False)
    currency_id = fields.Many2one(related="link_id.currency_id", related_sudo=False)
    refundable = fields.Monetary(compute="_compute_payment", compute_sudo=True)
    invoice_id = fields.Many2one("account.move", compute="_compute_payment", compute_sudo=True)
    credit = fields.Monetary(
        "Customer's Credit",
        compute="_compute_payment",
        compute_sudo=True,
        help="What is open of the payment, and of credit notes on its invoice.",
    )
    in_dispute = fields.Boolean(compute="_compute_payment", compute_sudo=True)
    amount = fields.Monetary(
        compute="_compute_amount", store=True, readonly=False, required=True, precompute=True
    )
    tip = fields.Monetary(
        "Of Which Tip",
        compute="_compute_tip",
        compute_sudo=True,
        help="The tip is given back last, and is no part of the invoice: only the rest is booked as"
        " chosen below.",
    )
    reason = fields.Selection(REASONS, default="requested_by_customer", required=True)
    choice = fields.Selection(
        CHOICES,
        "In the Books",
        compute="_compute_choice",
        store=True,
        readonly=False,
        required=True,
        precompute=True,
    )
    # The same dialog, sent twice, gives back once.
    key = fields.Char(
        default=lambda self: str(uuid4()), readonly=True, required=True, groups="base.group_system"
    )

    @api.depends("link_id")
    def _compute_attempt_count(self):
        for wizard in self:
            wizard.link_id.check_access("read")
            wizard.attempt_count = len(wizard.link_id._get_paid_attempts())

    @api.depends("transaction_id", "refund_id")
    def _compute_payment(self):
        for wizard in self:
            attempt = wizard._get_shown(wizard.transaction_id)
            wizard.refundable = attempt._get_refundable() if attempt else 0.0
            wizard.invoice_id = attempt._get_creditable_invoice()
            wizard.credit = attempt._get_open_credit()
            wizard.in_dispute = bool(wizard.link_id) and wizard.link_id._is_in_dispute()

    @api.depends("transaction_id", "refund_id")
    def _compute_amount(self):
        for wizard in self:
            refund = wizard._get_shown(wizard.refund_id)
            wizard.amount = -refund.amount if refund else wizard.refundable

    @api.depends("transaction_id", "refund_id", "amount")
    def _compute_tip(self):
        for wizard in self:
            attempt = wizard._get_shown(wizard.transaction_id)
            refund = wizard._get_shown(wizard.refund_id)
            if refund:
                wizard.tip = -refund.tip_amount
            else:
                wizard.tip = attempt._get_tip_to_give_back(wizard.amount) if attempt else 0.0

    @api.depends("transaction_id", "refund_id")
    def _compute_choice(self):
        """Credit that is there already is taken first: the accountant may have written the credit
        note before."""
        for wizard in self:
            amount = (wizard.amount or wizard.refundable) - wizard.tip
            if not wizard.invoice_id or (
                wizard.credit and wizard.currency_id.compare_amounts(wizard.credit, amount) >= 0
            ):
                wizard.choice = "credit"
            else:
                wizard.choice = "credit_note"

    def _get_shown(self, attempt):
        """Return a payment or refund of the link, as superuser; an empty record for any other."""
        self.link_id.sudo(False).check_access("read")
        attempt = attempt.sudo()
        link = attempt.refund_link_id or attempt.payment_link_id
        return attempt.filtered(lambda _tx: link == self.link_id)

    # -- the buttons --

    def action_refund(self):
        """Give the money back: written down and committed first, then asked for at Stripe.

        :raise AccessError: the user may not manage payment links
        :raise UserError: what is wrong, or what Stripe says against it
        """
        self.ensure_one()
        self.link_id._check_may_manage()
        attempt = self._get_attempt()
        key = self.sudo().key
        if not attempt._find_refund(key):  # Run again, all this is done already.
            attempt._check_refund_choice(self.choice, self.amount - self.tip)
            self.link_id._log_history(
                self.env._(
                    "Refund of %(amount)s asked for by %(user)s.",
                    amount=self.currency_id.format(self.amount),
                    user=self.env.user.name,
                )
            )
        refund = attempt._reserve_refund(
            self.amount,
            key,
            refund_reason=self.reason,
            refund_choice=self.choice,
        )
        try:
            refund._start_refund()
        except FinalError as error:
            raise UserError(refund._explain_refund(error)) from error
        except ProcessorError as error:
            _logger.warning("Refund %s: %s", refund.reference, error)
            return self._notify(
                self.env._(
                    "Stripe has not answered, so nobody knows yet whether the refund was made. Odoo"
                    " finds out by itself within minutes; do not refund it a second time."
                ),
                "warning",
            )
        return self._tell_outcome(refund)

    def action_book(self):
        """Book a refund that was made elsewhere as chosen.

        :raise AccessError: the user may not manage payment links
        :raise UserError: it is booked already, or cannot be booked so
        """
        self.ensure_one()
        self.link_id._check_may_manage()
        refund = self.refund_id.sudo()
        if refund.refund_link_id != self.link_id:
            raise ValidationError(self.env._("This refund belongs to another link."))
        source = refund.source_transaction_id._with_system_user()
        source._lock_checkout()
        refund = refund.with_env(source.env)
        if refund.state != "done" or refund.refund_choice:
            raise UserError(self.env._("This refund is booked already, or has failed since."))
        refund.refund_choice = self.choice
        refund._settle_refund()
        self.link_id._log_history(
            self.env._(
                "Refund %(reference)s booked by %(user)s: %(choice)s.",
                reference=refund.reference,
                user=self.env.user.name,
                choice=dict(self._fields["choice"]._description_selection(self.env))[self.choice],
            )
        )
        return self._notify(self.env._("The refund is booked."), "success")

    def _get_attempt(self):
        """Return the payment that is given back, as superuser."""
        attempt = self.transaction_id.sudo()
        if attempt.payment_link_id != self.link_id:
            raise ValidationError(self.env._("This payment belongs to another link."))
        return attempt

    def _tell_outcome(self, refund):
        amount = self.currency_id.format(-refund.amount)
        if refund.state == "done":
            return self._notify(self.env._("%s is on its way to the customer.", amount), "success")
        if refund.state == "pending":
            return self._notify(
                self.env._(
                    "Stripe has accepted the refund of %s. It is booked as soon as Stripe confirms"
                    " it, which may take some days.",
                    amount,
                ),
                "info",
            )
        raise UserError(
            self.env._(
                "The refund of %(amount)s failed. %(why)s",
                amount=amount,
                why=refund.state_message or "",
            )
        )

    def _notify(self, message, kind):
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "type": kind,
                "message": message,
                "sticky": kind == "warning",
                "next": {"type": "ir.actions.act_window_close"},
            },
        }
