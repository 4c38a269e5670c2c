import logging

from odoo import Command, fields, models
from odoo.exceptions import ConcurrencyError, UserError
from psycopg2 import OperationalError

from .own_context import hand_down

_logger = logging.getLogger(__name__)

CHOICES = [
    ("credit_note", "Write a credit note: the invoice stays paid"),
    ("outstanding", "The customer owes it again: the invoice is open for it"),
    ("credit", "Take it off the customer's credit"),
]
UNDONE = ("canceled", "rejected")


class PaymentTransaction(models.Model):
    """What the books make of a refund: its payment, and what that is matched with.

    The payment that gives money back is a debit of the customer. The accountant chooses what it
    meets: a credit note, the payment that it gives back (whose invoice opens again), or a credit.
    """

    _inherit = "payment.transaction"

    refund_choice = fields.Selection(
        CHOICES, "In the Books", readonly=True, copy=False, help="Empty: a person has to choose."
    )
    refund_note_id = fields.Many2one("account.move", "Credit Note", readonly=True, copy=False)

    def _post_process(self):
        """Override of ``payment``: a link's refund is booked under its payment's lock, once."""
        refunds = self.filtered("refund_link_id")
        result = super(PaymentTransaction, self - refunds)._post_process()
        for refund in refunds:
            source = refund.source_transaction_id._with_system_user()
            source._lock_checkout()
            refund = refund.with_env(source.env)
            if refund.is_post_processed:
                continue
            why = self.env._("refund %s", refund.reference)
            refund = hand_down(refund, paylinks_why=why)
            super(PaymentTransaction, refund)._post_process()
            if refund.state == "done":
                # Now only: `sale` would thank the customer for a payment.
                refund.sale_order_ids = source.sale_order_ids
                refund._settle_or_ask()
        return result

    def _create_payment(self, **extra_create_values):
        """Override of ``account_payment``: what gives a payment back stands on the same account."""
        if self.refund_link_id and (account := self._get_source_payment().destination_account_id):
            extra_create_values.setdefault("destination_account_id", account.id)
        return super()._create_payment(**extra_create_values)

    def _get_source_payment(self):
        return self.source_transaction_id.payment_id

    # -- the accountant's choice --

    def _settle_or_ask(self):
        """Match the refund's payment as was chosen. Where that fails the payment stays in the books
        as the customer's debit, and a person chooses again."""
        error = ""
        if self.refund_choice:
            try:
                with self.env.cr.savepoint():
                    self._settle_refund()
            except (OperationalError, ConcurrencyError):
                raise  # Odoo runs the whole transaction again.
            except UserError as problem:
                self.invalidate_recordset()
                self.refund_choice, error = False, str(problem)
            except Exception as problem:
                _logger.exception("Refund %s could not be matched as chosen.", self.reference)
                self.invalidate_recordset()
                self.refund_choice, error = False, str(problem)
        if self.refund_choice:
            return
        note = self.env._(
            "%(amount)s of %(payment)s was refunded (%(reference)s), but nobody has said yet what"
            " becomes of the invoice. It is booked as a debit of the customer. Open the link and"
            " press “Book Refund”: write a credit note, or leave the invoice open for it.",
            amount=self.currency_id.format(-self.amount),
            payment=self.source_transaction_id.reference,
            reference=self.reference,
        )
        if error:
            note += " " + self.env._("What had been chosen was not possible: %s", error)
        self.refund_link_id._flag(self.env._("Refund to be booked"), note, self.reference)

    def _settle_refund(self):
        """Match the refund's payment as the accountant chose.

        :raise UserError: what was chosen is not possible, or not any more
        """
        source = self.source_transaction_id
        amount = self._get_refunded_work()
        if self.currency_id.is_zero(amount):
            credit_lines = self.env["account.move.line"]  # It gives back a tip, and nothing else.
        else:
            source._check_refund_choice(self.refund_choice, amount)
            credit_lines = self._find_credit_for(amount)
        source._match(self._get_open_lines(), credit_lines)
        source._match_with_invoices()
        self.refund_link_id._unflag(self.env._("Refund to be booked"), self.reference)

    def _find_credit_for(self, amount):
        """Return the lines that the refund's payment meets, as the accountant chose."""
        source = self.source_transaction_id
        if self.refund_choice == "credit_note":
            self.refund_note_id = source._write_credit_note(amount)
            return self.refund_note_id._paylinks_receivable_lines()
        if self.refund_choice == "outstanding":
            return source._release_credit(amount)
        return source._find_open_credits()

    def _check_refund_choice(self, choice, amount):
        """Refuse what could not be booked so: asked before any money moves, and again when it is
        booked, which may be days later.

        :param float amount: given back, without the tip
        :raise UserError: it could not
        """
        if choice == "credit":
            credit = self._get_open_credit()
            if self.currency_id.compare_amounts(amount, credit) > 0:
                raise UserError(
                    self.env._(
                        "Only %s of this payment and its credit notes is open as the customer's"
                        " credit. Choose another way to book the refund.",
                        self.currency_id.format(credit),
                    )
                )
        if choice != "credit_note":
            return
        invoice = self._get_creditable_invoice()
        if not invoice:
            raise UserError(
                self.env._(
                    "There is no single invoice that a credit note could be written for. Choose"
                    " another way to book the refund."
                )
            )
        left = invoice._paylinks_uncredited()
        if self.currency_id.compare_amounts(amount, left) > 0:
            raise UserError(
                self.env._(
                    "Only %(left)s of %(invoice)s is not credited yet. Choose another way to book"
                    " the refund, or a smaller amount.",
                    left=self.currency_id.format(left),
                    invoice=invoice.name,
                )
            )

    def _get_refunded_work(self):
        """Return how much of what was owed the refund gives back: without the tip."""
        return self.currency_id.round(self.tip_amount - self.amount)

    def _get_open_lines(self):
        """Return the lines of the transaction's payment that wait for something to meet."""
        payment = self.payment_id
        return payment.move_id.line_ids.filtered(
            lambda line: line.account_id == payment.destination_account_id and not line.reconciled
        )

    def _match(self, debits, credit_lines):
        """Match lines of one account with each other."""
        for account in debits.account_id:
            lines = (debits + credit_lines).filtered(
                lambda line, a=account: line.account_id == a and not line.reconciled
            )
            if len(set(lines.mapped(lambda line: line.balance > 0))) == 2:
                lines.reconcile()

    def _match_with_invoices(self):
        """What is left of the payment pays the invoices that it was for."""
        invoices = self.invoice_ids.filtered(lambda move: move.state == "posted")
        credit_lines = self._get_open_lines().filtered(lambda line: line.balance < 0)
        self._match(invoices._paylinks_receivable_lines(), credit_lines)

    def _release_credit(self, amount):
        """Take the payment off its invoices, as far as its own credit does not reach.

        :param float amount: needed, in the payment's currency
        :return: the payment's lines, with so much of them open
        """
        payment = self.payment_id
        lines = payment.move_id.line_ids.filtered(
            lambda line: line.account_id == payment.destination_account_id and line.balance < 0
        )
        if self.currency_id.compare_amounts(self._sum_open(lines), amount) < 0:
            partials = lines.matched_debit_ids.filtered(
                lambda partial: partial.debit_move_id.move_id.move_type == "out_invoice"
            )
            invoices = partials.debit_move_id.move_id
            partials.unlink()
            self.invoice_ids |= invoices  # The rest of the payment is for them, as before.
        return lines

    def _find_open_credits(self):
        """Return the open lines of the payment and of credit notes on its invoices."""
        notes = self._get_paid_invoices().reversal_move_ids.filtered(
            lambda move: move.state == "posted"
        )
        lines = self._get_open_lines() | notes._paylinks_receivable_lines()
        return lines.filtered(lambda line: line.balance < 0)

    def _get_open_credit(self):
        """Return how much credit the customer has from the payment and its credit notes."""
        return self._sum_open(self._find_open_credits())

    def _sum_open(self, lines):
        same = lines.filtered(lambda line: line.currency_id == self.currency_id)
        return abs(sum(same.mapped("amount_residual_currency")))

    def _get_paid_invoices(self):
        """Return the invoices that the payment was matched with, or was for."""
        invoices = self.payment_id.reconciled_invoice_ids | self.invoice_ids
        return invoices.filtered(
            lambda move: move.state == "posted" and move.move_type == "out_invoice"
        )

    def _get_creditable_invoice(self):
        """Return the one invoice that a credit note can be for; empty if there is none."""
        invoices = self._get_paid_invoices().filtered(
            lambda move: move.currency_id == self.currency_id
        )
        return invoices if len(invoices) == 1 else invoices.browse()

    def _write_credit_note(self, amount):
        """Write and confirm a credit note of exactly this amount, taxes included.

        :return: the credit note
        """
        invoice = self._get_creditable_invoice()
        today = fields.Date.context_today(self)
        values = {
            "invoice_date": today,
            "date": today,
            "invoice_payment_term_id": False,
            "ref": self.env._("Refund of %s", invoice.name),
        }
        if self.currency_id.compare_amounts(amount, invoice.amount_total) == 0:
            note = invoice._reverse_moves([values])
        else:
            note = self.env["account.move"].create(
                {
                    **values,
                    "move_type": "out_refund",
                    "company_id": invoice.company_id.id,
                    "reversed_entry_id": invoice.id,
                    "partner_id": invoice.partner_id.id,
                    "journal_id": invoice.journal_id.id,
                    "currency_id": invoice.currency_id.id,
                    "fiscal_position_id": invoice.fiscal_position_id.id,
                    "invoice_line_ids": [
                        Command.create(line) for line in invoice._paylinks_part_lines(amount)
                    ],
                }
            )
        account = invoice._paylinks_receivable_lines().account_id[:1]
        terms = note._paylinks_receivable_lines()
        if account and terms.account_id != account:
            terms.account_id = account
        note.action_post()
        # Odoo matches a credit note with what its invoice still owes; this one meets the refund.
        note._paylinks_receivable_lines().remove_move_reconcile()
        return note

    # -- the refund came back --

    def _unbook_refund(self):
        """Undo the refund's payment; the payment that it gave back pays its invoices again.

        A credit note stays: it is a document, and the customer has it. `_describe_left_note` tells.
        """
        self.sale_order_ids = [Command.clear()]
        payment = self.payment_id
        if payment and payment.state not in UNDONE:
            payment._paylinks_undo(self.env._("Refund %s failed", self.reference))
        self.source_transaction_id._match_with_invoices()

    def _describe_left_note(self):
        """Return a sentence on the credit note that a failed refund leaves; empty if none."""
        if not self.refund_note_id or self.refund_note_id.state != "posted":
            return ""
        return " " + self.env._(
            "Credit note %s stays as a credit of the customer: refund again and choose “Take it"
            " off the customer's credit”, or cancel the note.",
            self.refund_note_id.name,
        )
