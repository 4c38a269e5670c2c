"""Which documents the money pays, and what is owed in the end, reckoned from what happened."""


class BookTruths:
    """Money that came in time, refunds as they were chosen, what is owed. A part of ``Truths``."""

    def _begin_books(self):
        self._in_time = {}  # attempt → whether its money came in time; None: nobody can say
        self._surplus = set()  # invoices that were paid more than they owed
        self._settled = set()  # refunds whose choice was looked at

    def _look_at_books(self):
        """Remember how the books stand, to judge the next step by."""
        self._residuals = {
            invoice.id: invoice.amount_residual
            for invoice in self.world.invoices
            if invoice.state == "posted"
        }
        self._credits = {
            tx.id: self._get_credit(tx) for tx in self.world.attempts().filtered("payment_id")
        }
        self._refunds = {tx.id: tx.state for tx in self.world.links.sudo().refund_ids}

    def _get_credit(self, attempt):
        """What of a payment no document has taken: the customer's credit."""
        lines = self._customer_lines(attempt.payment_id)
        return -sum(lines.mapped("amount_residual_currency"))

    # -- money that came in time --

    def money_in_time_pays(self, attempt):
        """Money that was asked for when the customer confirmed it pays its invoice: all of it,
        unless the invoice owes nothing any more."""
        link = attempt.payment_link_id
        in_time = self._in_time[attempt.id] = self._came_in_time(attempt)
        if not in_time or attempt.child_transaction_ids or link.sudo().dispute_ids.move_ids:
            return
        self.seen["money in time"] += 1
        left, owed = self._get_credit(attempt), link.invoice_id.amount_residual
        if left > 0.001:
            self._surplus.add(link.invoice_id.id)
            self.case.assertLessEqual(
                owed, 0.001, f"{left} of {attempt.reference} did not pay {link.invoice_id.name}"
            )

    def _came_in_time(self, attempt):
        """Whether an invoice's money came in time; None where this step alone cannot tell."""
        link, invoice = attempt.payment_link_id, attempt.payment_link_id.invoice_id
        if link.purpose != "invoice":
            return None
        if self._came_late(attempt):
            return False
        before = self._documents.get((invoice._name, invoice.id), "posted")
        there = before == invoice.state == "posted" and invoice.id not in self.world.otherwise
        if not there or link.state == "cancelled":
            return None
        confirmed = self.world.confirmed.get(attempt.provider_reference)
        if not link.expires_at:
            return True
        ends = link.expires_at.timestamp() + self.world.passed
        return True if confirmed and confirmed < ends - 5 else None

    # -- refunds, as they were chosen --

    def refunds_are_as_chosen(self):
        """A refund's payment has met what the accountant chose, and the invoice is as it says."""
        refunds = self.world.links.sudo().refund_ids
        changed = [tx for tx in refunds if self._refunds.get(tx.id) != tx.state]
        for refund in refunds:
            if refund.id in self._settled or not self._is_settled(refund):
                continue
            self._settled.add(refund.id)
            part = refund.tip_amount - refund.amount
            if part > 0.001:
                met = self._find_what_it_met(refund)
                getattr(self, f"_is_{refund.refund_choice}")(refund, part, met)
                if len(changed) <= 1:
                    self._invoice_is_as_chosen(refund, part)

    def _is_settled(self, refund):
        return refund.state == "done" and refund.is_post_processed and refund.refund_choice

    def _find_what_it_met(self, refund):
        """The entries that the refund's payment is matched with; it is matched completely."""
        lines = self._customer_lines(refund.payment_id)
        left = sum(lines.mapped("amount_residual_currency"))
        self.case.assertAlmostEqual(left, 0, 2, f"{refund.reference} has not met its choice")
        return lines.matched_credit_ids.credit_move_id.move_id

    def _is_credit_note(self, refund, part, met):
        source = refund.source_transaction_id
        self.case.assertEqual(len(met), 1, f"{refund.reference} has no credit note")
        self.case.assertEqual((met.move_type, met.state), ("out_refund", "posted"))
        self.case.assertAlmostEqual(met.amount_total, part, 2, f"the note of {refund.reference}")
        link = source.payment_link_id
        if link.purpose == "invoice" and self._in_time.get(source.id):
            self.case.assertEqual(met.reversed_entry_id, link.invoice_id)

    def _is_outstanding(self, refund, _part, met):
        source = refund.source_transaction_id.payment_id.move_id
        self.case.assertEqual(met, source, f"{refund.reference} gives back another payment")

    def _is_credit(self, refund, _part, met):
        source = refund.source_transaction_id.payment_id.move_id
        others = met - source
        self.case.assertLessEqual(set(others.mapped("move_type")), {"out_refund"})
        self.case.assertEqual(met.partner_id, self.world.customer)

    def _invoice_is_as_chosen(self, refund, part):
        """The invoice owes what is given back again where that was chosen, as far as the payment
        had no credit; else it owes what it owed. Asked where nothing else happened to it."""
        source = refund.source_transaction_id
        invoice = source.payment_link_id.invoice_id
        before = self._residuals.get(invoice.id)
        credit = self._credits.get(source.id)
        other = self.world.stirred or invoice.id in self.world.otherwise
        if other or before is None or credit is None or invoice.state != "posted":
            return
        if before > 0.001 and credit > 0.001:
            return  # Staff had taken the payment off the invoice; what is left of it pays it again.
        if {tx.id for tx in self.world.attempts() if tx.payment_id} - set(self._credits):
            return  # Another payment was booked in the same step.
        self.seen["refunds with their invoice"] += 1
        owed = before + (max(part - credit, 0) if refund.refund_choice == "outstanding" else 0)
        self.case.assertAlmostEqual(
            invoice.amount_residual, owed, 2, f"{invoice.name} after {refund.reference}"
        )

    # -- what is owed in the end --

    def the_customer_owes_what_is_right(self):
        """In each currency: what was invoiced, less credit notes and what was paid, plus what went
        back. Paid is what the bank and Stripe say."""
        lines = self.world.env["account.move.line"].search(
            [
                ("partner_id", "=", self.world.customer.id),
                ("account_type", "=", "asset_receivable"),
                ("parent_state", "=", "posted"),
            ]
        )
        for currency in lines.currency_id:
            there = lines.filtered(lambda line, c=currency: line.currency_id == c)
            documents = there.move_id.filtered(lambda move: move.move_type != "entry")
            owed = sum(m.amount_total * self._sign(m) for m in documents) - self._get_paid(currency)
            self.case.assertAlmostEqual(sum(there.mapped("amount_currency")), owed, 2)

    def _sign(self, document):
        return -1 if document.move_type == "out_refund" else 1

    def _get_paid(self, currency):
        """What the customer has paid of documents in a currency, less what went back."""
        paid = sum(amount for _id, money, amount in self.world.transfers if money == currency)
        factor = self.minor(1, currency)
        for tx in self.world.attempts().filtered("payment_id"):
            if tx.currency_id == currency:
                ref = tx.provider_reference
                intent = next(i for i in self.world.intents() if i["id"] == ref)
                paid += intent["amount_received"] / factor - tx.tip_amount
                gone = [r for r in self.world.refunds("succeeded") if r["payment_intent"] == ref]
                back = tx.child_transaction_ids.filtered(lambda refund: refund.state == "done")
                paid -= sum(r["amount"] for r in gone) / factor + sum(back.mapped("tip_amount"))
        entries = self.world.links.sudo().dispute_ids.move_ids
        lines = entries.line_ids.filtered(lambda line: line.currency_id == currency)
        return paid - self._sum_on(lines, self._customers_account)

    def each_invoice_owes_what_is_right(self):
        """Its total, less what came in time and by bank, plus what went back and is owed again.
        Invoices that staff have corrected meanwhile follow from the truths at each step."""
        for invoice in self.world.invoices - self.world.corrected:
            links = invoice.payment_link_ids.sudo()
            attempts = links.transaction_ids.filtered("payment_id")
            refunds = attempts.child_transaction_ids.filtered("provider_reference")
            unclear = {None} & {self._in_time.get(tx.id) for tx in attempts}
            if unclear or links.dispute_ids.move_ids or "error" in refunds.mapped("state"):
                continue
            in_time = attempts.filtered(lambda tx: self._in_time[tx.id])
            again = refunds.filtered(
                lambda tx, paid=in_time: (
                    tx.refund_choice == "outstanding" and tx.source_transaction_id in paid
                )
            )
            if again and invoice.id in self._surplus:
                continue
            self.seen["invoices reckoned"] += 1
            paid = sum(amount for id_, _money, amount in self.world.transfers if id_ == invoice.id)
            paid += sum(tx.amount - tx.tip_amount for tx in in_time)
            paid -= sum(tx.tip_amount - tx.amount for tx in again)
            owed = max(invoice.amount_total - paid, 0)
            self.case.assertAlmostEqual(invoice.amount_residual, owed, 2, invoice.name)
