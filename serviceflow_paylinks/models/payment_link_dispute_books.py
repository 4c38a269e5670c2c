from odoo import Command, api, fields, models
from odoo.exceptions import AccessError, UserError

from .locking import lock_rows

CHOICES = [
    ("outstanding", "The invoice is open again"),
    ("debit", "The customer owes it, the invoice stays as it is"),
]


class PaymentLinkDispute(models.Model):
    """The money of a dispute, booked by a manager's approval: whatever Stripe has moved since the
    last time, so each movement is in the books exactly once."""

    _inherit = "payment.link.dispute"

    booked = fields.Monetary(
        readonly=True, help="What of the withdrawn amount is in the books already."
    )
    tip_booked = fields.Monetary(readonly=True, help="What of that was taken off the tip.")
    fee_booked = fields.Monetary(readonly=True, currency_field="fee_currency_id")
    fee_account_id = fields.Many2one(
        "account.account",
        "Account for the Fee",
        domain="[('account_type', 'in', ('expense', 'expense_direct_cost'))]",
        check_company=True,
        default=lambda self: self._default_fee_account_id(),
    )
    choice = fields.Selection(CHOICES, "After Booking", default="outstanding", required=True)
    move_ids = fields.Many2many("account.move", string="Entries", readonly=True)
    to_book = fields.Monetary(compute="_compute_to_book")
    fee_to_book = fields.Monetary(compute="_compute_to_book", currency_field="fee_currency_id")

    def _default_fee_account_id(self):
        """As the last time."""
        return self.search([("fee_account_id", "!=", False)], limit=1).fee_account_id

    @api.depends("withdrawn", "booked", "fee", "fee_booked")
    def _compute_to_book(self):
        for dispute in self:
            dispute.to_book = dispute.currency_id.round(dispute.withdrawn - dispute.booked)
            dispute.fee_to_book = dispute.fee_currency_id.round(dispute.fee - dispute.fee_booked)

    def write(self, vals):
        if not self.env.su and set(vals) - {"choice", "fee_account_id"}:
            raise AccessError(self.env._("What a dispute is follows from Stripe's messages."))
        return super().write(vals)

    def _has_to_book(self):
        self.ensure_one()
        return not (
            self.currency_id.is_zero(self.withdrawn - self.booked)
            and self.fee_currency_id.is_zero(self.fee - self.fee_booked)
        )

    def action_book(self):
        """Book what Stripe took from, or gave back to, the balance since the last time.

        The amount stands against the customer, what of it was a tip against the tips, the fee on
        the account that was chosen. For managers.

        :raise AccessError: the user may not manage payment links
        :raise UserError: there is nothing to book, or the fee or the tip has no account
        """
        self.ensure_one()
        self._check_may_manage()
        dispute = self.sudo()
        attempt = dispute.transaction_id._with_system_user()
        attempt._lock_checkout()
        dispute = dispute.with_env(attempt.env)
        lock_rows(dispute)
        if not dispute._has_to_book():
            raise UserError(self.env._("Everything that Stripe moved for this is booked already."))
        if not attempt.payment_id:
            raise UserError(
                self.env._(
                    "The payment %s is not booked yet, so neither can the dispute be.",
                    attempt.reference,
                )
            )
        tip = attempt._get_tip_to_give_back(dispute.withdrawn, dispute=dispute)
        move = dispute._create_entry(self.currency_id.round(tip - dispute.tip_booked))
        dispute._match_entry(move)
        dispute.write(
            {
                "booked": dispute.withdrawn,
                "tip_booked": tip,
                "fee_booked": dispute.fee,
                "move_ids": [Command.link(move.id)],
            }
        )
        dispute.link_id._log_history(
            self.env._("Dispute %(ref)s booked by %(user)s.", ref=self.ref, user=self.env.user.name)
        )
        if dispute.state not in ("needs_response", "warning_needs_response"):
            dispute.link_id._unflag(attempt.env._("Dispute"), dispute.ref)
        return True

    def _check_may_manage(self):
        self.check_access("read")
        if not self.env.su and not self.env.user.has_group(
            "serviceflow_paylinks.group_payments_manage"
        ):
            raise AccessError(
                self.env._(
                    "Only managers of payment links may book a dispute. Ask an administrator for"
                    " the right “Payment Links: Manage”."
                )
            )

    def _create_entry(self, tip):
        """Post the entry of what is to be booked, in the journal of the payment.

        :param float tip: what of it is the tip's; below zero when it came back
        """
        payment = self.transaction_id.payment_id
        customer, partner = payment.destination_account_id, payment.partner_id
        nobody = self.env["res.partner"]
        pairs = [(self.to_book - tip, self.currency_id, customer, partner)]
        if not self.currency_id.is_zero(tip):
            pairs.append((tip, self.currency_id, self._get_tip_account(), nobody))
        if not self.fee_currency_id.is_zero(self.fee_to_book):
            account = self._get_fee_account()
            pairs.append((self.fee_to_book, self.fee_currency_id, account, nobody))
        lines = []
        for amount, currency, account, partner in pairs:
            if not currency.is_zero(amount):
                lines += self._prepare_pair(amount, currency, account, partner)
        move = self.env["account.move"].create(
            {
                "move_type": "entry",
                "company_id": payment.company_id.id,
                "journal_id": payment.journal_id.id,
                "date": fields.Date.context_today(self),
                "ref": self.env._(
                    "Dispute %(ref)s of %(payment)s",
                    ref=self.ref,
                    payment=self.transaction_id.reference,
                ),
                "line_ids": [Command.create(line) for line in lines],
            }
        )
        move.action_post()
        return move

    def _get_tip_account(self):
        """Return the account that the tip was posted to.

        :raise UserError: it can no longer be used
        """
        account = self.transaction_id.tip_account_id
        usable = self.company_id._paylinks_usable_tip_account(account, self.currency_id)
        if not usable:
            raise UserError(
                self.env._(
                    "Part of the money was a tip, and the account %s that it was posted to can no"
                    " longer be used. Make it usable again, then book.",
                    account.display_name,
                )
            )
        return usable

    def _get_fee_account(self):
        """Return the account that was chosen for the fee.

        :raise UserError: none was
        """
        if not self.fee_account_id:
            raise UserError(
                self.env._(
                    "Stripe took a fee of %s: choose the account that it is booked on, such as"
                    " bank fees.",
                    self.fee_currency_id.format(self.fee_to_book),
                )
            )
        return self.fee_account_id

    def _prepare_pair(self, amount, currency, account, partner):
        """Return two lines: to an account, from where the payment's money stands."""
        payment = self.transaction_id.payment_id
        source = payment.outstanding_account_id or payment.journal_id.default_account_id
        company = self.company_id
        balance = currency._convert(
            amount, company.currency_id, company, fields.Date.context_today(self)
        )
        name = self.env._("Dispute %s", self.ref)
        return [
            {
                "name": name,
                "account_id": line_account.id,
                "partner_id": partner.id,
                "currency_id": currency.id,
                "amount_currency": sign * amount,
                "balance": sign * balance,
            }
            for line_account, sign in ((account, 1), (source, -1))
        ]

    def _match_entry(self, move):
        """Match the customer's line: taken money with its payment, whose invoice opens; returned
        money with what was taken, or with the open invoice."""
        attempt = self.transaction_id
        account = attempt.payment_id.destination_account_id
        line = move.line_ids.filtered(lambda line: line.account_id == account)
        if not line:
            return
        if line.balance > 0:
            if self.choice == "outstanding":
                attempt._match(line, attempt._release_credit(abs(line.amount_currency)))
                attempt._match_with_invoices()
            return
        taken = self.move_ids.line_ids.filtered(
            lambda other: other.account_id == account and not other.reconciled
        )
        attempt._match(taken.filtered(lambda other: other.balance > 0), line)
        invoices = attempt._get_paid_invoices()
        attempt._match(invoices._paylinks_receivable_lines(), line)
