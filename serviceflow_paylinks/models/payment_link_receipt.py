from datetime import timedelta

from odoo import fields, models

# So long after a payment the page begins with thanks: the customer has just come back.
JUST_NOW = timedelta(hours=1)
# How many payments the page shows, the newest first; more than that weigh too much.
SHOWN_PAYMENTS = 6


class PaymentLink(models.Model):
    """What the page tells of money that came through the link, or is on its way: the receipt."""

    _inherit = "payment.link"

    def _get_receipt_values(self, state):
        """Return what the page tells of payments; every key is there in each state.

        :return: dict of ``thanks`` (a sentence, right after a payment that left something open),
            ``receipts`` and ``earlier`` (payments, the newest first: each a list of (label, text);
            what is said above, and what below), ``receipt_total`` (rows on all of them) and
            ``underway`` (a sentence on what is not asked for again)
        """
        paid = self._get_payments_received()
        fresh = paid[:1] if state != "paid" and self._is_just_paid() else paid.browse()
        above = paid if state == "paid" else fresh
        shown = paid[:SHOWN_PAYMENTS]
        return {
            "thanks": self._say_thanks(fresh) if fresh else "",
            "receipts": [self._get_receipt_rows(tx) for tx in shown & above],
            "earlier": [self._get_receipt_rows(tx) for tx in shown - above],
            "receipt_total": self._get_receipt_total(paid),
            "underway": self._describe_underway() if state == "payable" else "",
        }

    def _get_payments_received(self):
        """Return the attempts that were paid, the newest first."""
        return self.transaction_ids.filtered(lambda tx: tx.state == "done").sorted(
            "id", reverse=True
        )

    def _is_just_paid(self):
        """Whether a payment came through this link a moment ago."""
        moment = self._get_payments_received()[:1]._get_paid_moment()
        return bool(moment and moment > fields.Datetime.now() - JUST_NOW)

    def _say_thanks(self, attempt):
        return self.env._("Thank you: we received %s.", self._format_money(attempt.amount))

    def _get_receipt_rows(self, attempt):
        """Return what stands on the customer's receipt for one payment: list of (label, text)."""
        money = self._format_money
        rows = [(self.env._("Amount"), money(attempt.amount - attempt.tip_amount))]
        if attempt.tip_amount:
            rows.append((self.env._("Tip"), money(attempt.tip_amount)))
            rows.append((self.env._("Total charged"), money(attempt.amount)))
        refunds = attempt.child_transaction_ids.filtered(
            lambda tx: tx.operation == "refund" and tx.state == "done"
        )
        rows += [
            (self.env._("Date"), self._format_day_of(attempt._get_paid_moment())),
            (self.env._("Paid with"), attempt.payment_method_id.name or ""),
            (self.env._("Reference"), attempt.reference or ""),
            (self.env._("Refunded"), money(-sum(refunds.mapped("amount"))) if refunds else ""),
        ]
        return [row for row in rows if row[1]]

    def _get_receipt_total(self, paid):
        """Return what stands below the payments: list of (label, text).

        :param paid: all payments that came through this link
        """
        if len(paid) < 2:
            return []
        return [(self.env._("Paid in all"), self._format_money(sum(paid.mapped("amount"))))]

    # -- on its way --

    def _get_pending_amount(self):
        """Return what is on its way through this link, or else on the same document (float)."""
        own = self._get_attempts_underway()
        if own:
            return sum(own.mapped("amount"))
        if self.amount or not self._get_document():
            return 0.0
        return self._get_document_in_flight()

    def _get_attempts_underway(self):
        return self.transaction_ids.filtered(lambda tx: tx._is_on_its_way())

    def _get_document_in_flight(self):
        """Return what is on its way to the document, whichever way, without tips (float)."""
        field = "sale_order_ids" if self.purpose == "deposit" else "invoice_ids"
        document = self._get_document()
        return self._sum_in_flight(field, document).get(document.id, 0.0)

    def _describe_underway(self):
        """Return what to say of a part that a bank has not settled yet, beside asking for the
        rest; empty where there is none."""
        waiting = self._get_attempts_underway().filtered(lambda tx: tx.state == "pending")
        if not waiting:
            return ""
        return self.env._(
            "Your payment of %s is on its way. Left to pay:",
            self._format_money(sum(waiting.mapped("amount"))),
        )
