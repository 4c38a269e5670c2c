import logging

from odoo import Command, models
from odoo.exceptions import ConcurrencyError, UserError
from psycopg2 import OperationalError

_logger = logging.getLogger(__name__)


class PaymentTransaction(models.Model):
    """A deposit that was paid: it confirms the order by Odoo's rule, and is invoiced as a down
    payment, which the final invoice deducts."""

    _inherit = "payment.transaction"

    def _is_deposit(self):
        """Whether this is a payment for an order through a deposit's link."""
        return self.payment_link_id.purpose == "deposit" and len(self.sale_order_ids) == 1

    def _check_amount_and_confirm_order(self):
        """Override of ``sale``: money is no signature. An order that wants one waits for it."""
        unsigned = self.filtered(
            lambda tx: tx.payment_link_id and tx.sale_order_ids._paylinks_unsigned()
        )
        for attempt in unsigned:
            attempt.payment_link_id._flag(
                self.env._("Paid, but not signed"),
                self.env._(
                    "%(amount)s was paid for %(order)s (%(reference)s), which is not signed. Ask"
                    " the customer to sign it, or confirm it yourself; the money is kept as a"
                    " credit meanwhile.",
                    amount=attempt.currency_id.format(attempt.amount),
                    order=attempt.sale_order_ids.name,
                    reference=attempt.reference,
                ),
            )
        return super(PaymentTransaction, self - unsigned)._check_amount_and_confirm_order()

    def _invoice_sale_orders(self):
        """Override of ``sale``: deposits are invoiced here, payment by payment, unless they pay the
        whole order and Odoo is set to invoice that by itself."""
        ours = self.filtered(
            lambda tx: (
                tx._is_deposit()
                and tx._get_books_company().paylinks_deposit_invoice
                and not tx.sale_order_ids._is_paid()
            )
        )
        return super(PaymentTransaction, self - ours)._invoice_sale_orders()

    def _create_payment(self, **extra_create_values):
        """Override of ``account_payment``: the payment pays what is invoiced of its order, and a
        down-payment invoice for the rest."""
        payment = super()._create_payment(**extra_create_values)
        if self._is_deposit():
            self._invoice_deposit()
        return payment

    def _post_process(self):
        """Override of ``payment``: other links of the order follow."""
        new = self.filtered(lambda tx: tx._is_deposit() and not tx.is_post_processed)
        result = super()._post_process()
        for attempt in new.filtered(lambda tx: tx.state == "done"):
            why = self.env._("payment %s", attempt.reference)
            attempt.sale_order_ids._paylinks_document_changed(why)
        return result

    # -- the down-payment invoice --

    def _invoice_deposit(self):
        """Invoice a booked deposit, where the company wants that. Nothing is lost where it cannot
        be: the payment stays as the customer's credit, and a person is told.

        Does nothing for an order that is not confirmed yet, and what it has done before.
        """
        self.ensure_one()
        order = self.sale_order_ids
        if (
            not self._get_books_company().paylinks_deposit_invoice
            or order.state != "sale"
            or self.invoice_ids
            or not self._get_open_lines()
            or self._is_beyond_deposit()
        ):
            return
        try:
            with self.env.cr.savepoint():
                self._match_with_order()
        except (OperationalError, ConcurrencyError):
            raise  # Odoo runs the booking again.
        except Exception as error:
            _logger.exception("The deposit %s could not be invoiced.", self.reference)
            self.invalidate_recordset()
            self.payment_link_id._flag(
                self._get_uninvoiced_summary(),
                self.env._(
                    "%(amount)s was paid for %(order)s (%(reference)s) and is booked as a credit of"
                    " the customer, but no down-payment invoice could be made: %(error)s Make it on"
                    " the order (Create Invoice), and match it with the credit.",
                    amount=self.currency_id.format(self.amount),
                    order=order.name,
                    reference=self.reference,
                    error=error,
                ),
                self.reference,
            )

    def _get_uninvoiced_summary(self):
        return self.env._("Deposit not invoiced")

    def _match_with_order(self):
        """Pay the order's open invoices; of what is left, write a down-payment invoice.

        :raise UserError: why it cannot be written
        """
        order = self.sale_order_ids
        invoices = order.invoice_ids.filtered(lambda move: move.move_type == "out_invoice")
        if drafts := invoices.filtered(lambda move: move.state == "draft"):
            raise UserError(
                self.env._(
                    "The order has an invoice that is not confirmed (%s).",
                    ", ".join(drafts.mapped("display_name")),
                )
            )
        open_invoices = invoices.filtered(
            lambda move: (
                move.state == "posted"
                and move.currency_id == self.currency_id
                and not move._paylinks_is_paid()
            )
        )
        if open_invoices:
            self.invoice_ids = [Command.set(open_invoices.ids)]
            self._match_with_invoices()
        left = self._sum_open(self._get_open_lines())
        amount = self.currency_id.round(min(left, order.amount_total - order.amount_invoiced))
        if self.currency_id.compare_amounts(amount, 0) > 0:
            self._write_down_payment(amount)

    def _write_down_payment(self, amount):
        """Write, confirm and pay the down-payment invoice, as Odoo's own dialog makes it.

        :param float amount: taxes included, in the order's currency
        """
        order = self.sale_order_ids.with_company(self._get_books_company())
        wizard = self.env["sale.advance.payment.inv"].create(
            {
                "sale_order_ids": [Command.set(order.ids)],
                "advance_payment_method": "fixed",
                "fixed_amount": amount,
            }
        )
        invoice = wizard._create_invoices(order)
        # Other payments of the order, which Odoo links too, are none of this invoice's.
        invoice.transaction_ids = [Command.set(self.ids)]
        invoice._portal_ensure_token()
        invoice.action_post()
        self._match(invoice._paylinks_receivable_lines(), self._get_open_lines())
        if not invoice._paylinks_is_paid():
            raise UserError(
                self.env._("The payment could not be matched with the invoice over it.")
            )
        self.payment_link_id._log_history(
            self.env._(
                "Down-payment invoice %(invoice)s over %(amount)s.",
                invoice=invoice.name,
                amount=self.currency_id.format(invoice.amount_total),
            )
        )

    # -- money beyond the deposit --

    def _is_beyond_deposit(self):
        """Whether what is asked for had been paid already when this payment was booked: by another
        payment of the order, or on its invoices."""
        link, order = self.payment_link_id.sudo(), self.sale_order_ids
        paid = max(
            self._sum_booked_before(order.transaction_ids), self._sum_paid_on_invoices_by_others()
        )
        owed = order.amount_total - paid
        if link.deposit_follows:
            left = min(order._get_prepayment_required_amount() - paid, owed)
        else:
            asked = link.amount_fixed - self._sum_booked_before(link.transaction_ids)
            left = min(asked, owed)
        return self.currency_id.compare_amounts(left, 0) <= 0

    def _sum_booked_before(self, transactions):
        """Return what came by other payments before this one, less all refunds (float).

        A payment through a link that could not be booked yet comes after whatever is booked: of
        two, one is the first.
        """
        others = transactions.filtered(lambda tx: tx.state in ("authorized", "done")) - self
        before = others.filtered(
            lambda tx: (
                tx.operation == "refund"
                or (
                    tx.payment_id.id < self.payment_id.id
                    if tx.payment_id
                    else not tx.payment_link_id
                )
            )
        )
        return sum(before.mapped("amount"))

    def _sum_paid_on_invoices_by_others(self):
        """Return what is paid on the order's invoices, less what this payment paid (float)."""
        paid = self.sale_order_ids._paylinks_get_paid_on_invoices()
        lines = self.payment_id.move_id.line_ids.filtered(
            lambda line: line.account_id == self.payment_id.destination_account_id
        )
        return paid - (abs(sum(lines.mapped("amount_currency"))) - self._sum_open(lines))

    def _find_surplus(self):
        """Override: of a deposit that was paid twice, or that is more than its order comes to."""
        if self.payment_link_id.purpose != "deposit" or not self.payment_id:
            return super()._find_surplus()
        if not self.sale_order_ids:
            return ""  # It was late: said so already.
        left = self._sum_open(self._get_open_lines())
        if self.currency_id.is_zero(left):
            return ""
        if self._is_beyond_deposit():
            return self.env._("the deposit on %s had been paid already", self.sale_order_ids.name)
        if self.invoice_ids:
            return self.env._(
                "%(left)s of it is more than %(order)s comes to",
                left=self.currency_id.format(left),
                order=self.sale_order_ids.name,
            )
        return ""
