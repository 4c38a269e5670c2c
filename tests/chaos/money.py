"""What must be true of the money: Stripe's records and Odoo's books are the same."""

UNDONE = ("canceled", "rejected")


class MoneyTruths:
    """Payments, refunds, disputes, and the calls for a person. A part of ``Truths``."""

    # -- money that came --

    def money_goes_where_it_belongs(self):
        """Money that was asked for pays its invoice, once it is booked; other money pays none."""
        for attempt in self.world.attempts().filtered("payment_id"):
            if attempt.id not in self._booked:
                self._booked.add(attempt.id)
                self.late_money_is_kept_apart(attempt)
                self.money_in_time_pays(attempt)

    def late_money_is_kept_apart(self, attempt):
        """Money that nobody asked for any more pays no invoice, and a person is called."""
        if not self._came_late(attempt):
            return
        self.seen["late money"] += 1
        link = attempt.payment_link_id
        lines = self._customer_lines(attempt.payment_id)
        matched = lines.matched_debit_ids.debit_move_id.move_id
        paid = matched.filtered(lambda move: move.move_type == "out_invoice")
        self.case.assertFalse(paid, f"late money of {link.name} paid an invoice")
        self._calls_for(link, attempt.reference)

    def _came_late(self, attempt):
        """Whether it was booked after its link was deleted or over, or its document gone: before
        this step began already, and still so."""
        link = attempt.payment_link_id
        document = link._get_document()
        before = self._documents.get((document._name, document.id))
        gone = ("cancel", "draft") if link.purpose == "invoice" else ("cancel",)
        if document and before in gone and document.state in gone:
            return True
        if self._links.get(link.id) == "cancelled":
            return True
        confirmed = self.world.confirmed.get(attempt.provider_reference)
        if not link.expires_at or not confirmed:
            return False
        return confirmed > link.expires_at.timestamp() + self.world.passed + 5

    def every_payment_is_booked_once(self):
        """Invariant 1, both ways: Stripe's succeeded intents are Odoo's posted payments."""
        aside = {
            session["payment_intent"]
            for session in self.world.sessions()
            if session["id"] in self.world.misreported
        }
        paid = {
            intent["id"]: intent
            for intent in self.world.intents("succeeded")
            if intent["id"] not in aside
        }
        booked = self.world.attempts().filtered("payment_id")
        self.case.assertCountEqual(booked.mapped("provider_reference"), list(paid))
        for attempt in booked:
            payment, intent = attempt.payment_id, paid[attempt.provider_reference]
            self.case.assertEqual(attempt.state, "done")
            self.case.assertIn(payment.state, ("in_process", "paid"))
            self._is_posted_as(payment, intent["amount_received"], intent["currency"])
        self.case.assertEqual(self._payments("inbound"), booked.payment_id, "no payment besides")

    def links_sum_up_right(self):
        """What a link says was paid and refunded through it is what Stripe says."""
        for link in self.world.links:
            booked = link.sudo().transaction_ids.filtered("payment_id")
            refs = set(booked.mapped("provider_reference"))
            received = sum(i["amount_received"] for i in self.world.intents() if i["id"] in refs)
            given = sum(
                r["amount"] for r in self.world.refunds("succeeded") if r["payment_intent"] in refs
            )
            tips = sum(booked.mapped("tip_amount"))
            currency = link.currency_id
            paid = self.minor(link.amount_paid + tips, currency)
            self.case.assertEqual(paid, received, link.name)
            refunds = booked.child_transaction_ids.filtered(lambda tx: tx.state == "done")
            tips_back = -sum(refunds.mapped("tip_amount"))
            back = self.minor(link.amount_refunded + tips_back, currency)
            self.case.assertEqual(back, given, link.name)

    # -- money that went back --

    def every_refund_is_booked_once(self):
        """Stripe's refunds that arrived are Odoo's posted payments back; the others are none."""
        booked = self.world.attempts().filtered("payment_id")
        ours = self.world.links.sudo().refund_ids
        at_stripe = {
            refund["id"]: refund
            for refund in self.world.refunds()
            if refund["payment_intent"] in booked.mapped("provider_reference")
        }
        for refund in ours.filtered(lambda tx: not tx.provider_reference):
            self.case.assertEqual(refund.state, "error", f"{refund.reference} hangs")
        known = ours.filtered("provider_reference")
        self.case.assertCountEqual(known.mapped("provider_reference"), list(at_stripe))
        live = self.world.env["account.payment"]
        for refund in known:
            there = at_stripe[refund.provider_reference]
            if there["status"] == "succeeded":
                self.case.assertEqual(refund.state, "done")
                live |= refund.payment_id
                self._is_posted_as(refund.payment_id, there["amount"], there["currency"])
            else:
                self.case.assertEqual(refund.state, "error", f"{refund.reference} came back")
        self.case.assertEqual(self._payments("outbound"), live, "no payment back besides")

    def every_dispute_is_known(self):
        """Each dispute has its row, which says what Stripe says; entries are what was taken."""
        rows = self.world.links.sudo().dispute_ids
        booked = self.world.attempts().filtered("payment_id").mapped("provider_reference")
        there = {d["id"]: d for d in self.world.disputes() if d["payment_intent"] in booked}
        self.case.assertCountEqual(rows.mapped("ref"), list(there))
        for row in rows:
            dispute = there[row.ref]
            self.case.assertEqual(row.state, dispute["status"])
            taken = -sum(movement["amount"] for movement in dispute["balance_transactions"])
            currency = row.currency_id
            self.case.assertEqual(self.minor(row.withdrawn, currency), taken)
            lines = row.move_ids.filtered(lambda move: move.state == "posted").line_ids
            booked = self._sum_on(lines, self._customers_account) + self._sum_on(
                lines, self._is_of_tips
            )
            self.case.assertEqual(self.minor(booked, currency), self.minor(row.booked, currency))

    def dispute_is_booked(self, row):
        """Once a manager has approved it, what Stripe took is in the books."""
        if row.withdrawn > 0 and row.transaction_id.payment_id and not self.world.locked:
            self.case.assertTrue(row.move_ids, f"{row.ref} could not be booked")

    def nobody_owes_a_tip(self):
        """Refunds and disputes together take from the customer's account no more of a payment than
        was paid of what was owed: the tip goes back from where it was posted."""
        for attempt in self.world.attempts().filtered("payment_id"):
            payments = attempt.child_transaction_ids.filtered(lambda tx: tx.state == "done")
            rows = self.world.links.sudo().dispute_ids.filtered(
                lambda row, tx=attempt: row.transaction_id == tx
            )
            for kind, paid in (
                (self._customers_account, attempt.amount - attempt.tip_amount),
                (self._is_of_tips, attempt.tip_amount),
            ):
                lines = payments.payment_id.move_id.line_ids | rows.move_ids.line_ids
                back = self._sum_on(lines.filtered(lambda x: x.parent_state == "posted"), kind)
                self.case.assertLessEqual(back, paid + 0.001, attempt.reference)

    def _customers_account(self, account):
        return account.account_type == "asset_receivable"

    def _is_of_tips(self, account):
        return account == self.world.case.tips

    def _is_of_money(self, account):
        """Whether an account of a dispute's entry is the one that the payment's money stands on."""
        others = self._customers_account(account) or self._is_of_tips(account)
        return not others and account != self.world.case.fees

    def _sum_on(self, lines, wanted):
        """The sum of the lines on such accounts, in their currency."""
        found = lines.filtered(lambda line: wanted(line.account_id))
        return sum(found.mapped("amount_currency"))

    # -- who is called --

    def every_anomaly_has_an_activity(self):
        """Money that no invoice took, and that was not meant as a credit, calls a person; so do
        refunds and disputes that wait for one, and what Stripe tells otherwise than we asked."""
        for attempt in self.world.attempts().filtered("payment_id"):
            link = attempt.payment_link_id
            wanted = (link.purpose == "custom" and link.state == "paid") or (
                link.purpose == "deposit" and link.sale_order_id.state != "cancel"
            )
            if self._get_credit(attempt) > 0.001 and not wanted and not self._is_undone(attempt):
                self._calls_for(link, attempt.reference)
        for session in self.world.sessions("complete"):
            attempt = self._attempt_of(session)
            if session["id"] in self.world.misreported:
                self.case.assertNotEqual(attempt.state, "done", "booked what was not asked for")
                self._calls_for(attempt.payment_link_id, attempt.reference)
        self.every_refund_has_its_person()
        self.every_dispute_has_its_person()
        self.every_bounced_debit_has_its_person()

    def every_refund_has_its_person(self):
        """A refund that came back, or whose payment has met nothing yet, calls a person."""
        for refund in self.world.links.sudo().refund_ids.filtered("provider_reference"):
            lines = self._customer_lines(refund.payment_id)
            waits = refund.state == "done" and sum(lines.mapped("amount_residual_currency")) > 0.001
            if waits or refund.state == "error":
                self._calls_for(refund.refund_link_id, refund.reference)

    def every_bounced_debit_has_its_person(self):
        """The customer believes that it is paid; unless it was paid otherwise since."""
        for attempt in self.world.attempts().filtered(lambda tx: tx.state == "error"):
            link = attempt.payment_link_id
            paid = link.sudo().transaction_ids.filtered(lambda tx: tx.state == "done")
            if attempt.provider_reference in self.world.debited and not paid:
                self._calls_for(link, attempt.reference)

    def every_dispute_has_its_person(self):
        """A dispute that wants an answer calls a person, and so does money that Stripe has moved
        for one and the books do not know yet."""
        known = self.world.attempts().filtered("payment_id")
        for dispute in self.world.disputes():
            attempt = known.filtered(
                lambda tx, d=dispute: tx.provider_reference == d["payment_intent"]
            )
            if not attempt:
                continue
            link = attempt.payment_link_id
            if dispute["status"].endswith("needs_response") or self._is_to_book(link, dispute):
                self._calls_for(link, dispute["id"])

    def _is_to_book(self, link, dispute):
        """Whether what Stripe took is something else than what left the payments' accounts."""
        row = link.sudo().dispute_ids.filtered(lambda row: row.ref == dispute["id"])
        taken = -sum(movement["net"] for movement in dispute["balance_transactions"])
        gone = self._sum_on(row.move_ids.line_ids, self._is_of_money)
        return self.minor(-gone, link.currency_id) != taken

    def _calls_for(self, link, what):
        summaries = self.case.activities(link).mapped("summary")
        self.case.assertTrue(any(what in (s or "") for s in summaries), f"nobody knows of {what}")

    def _is_undone(self, attempt):
        """A payment that was matched and is not any more is what the accountant did."""
        return attempt.id in self.world.undone

    # -- parts --

    def minor(self, amount, currency):
        """An amount as Stripe writes it."""
        return round(amount * 10**currency.decimal_places)

    def _customer_lines(self, document):
        move = document.move_id if document._name == "account.payment" else document
        return move.line_ids.filtered(
            lambda line: line.account_id.account_type == "asset_receivable"
        )

    def _payments(self, kind):
        """The payments that count in the books, of attempts and their refunds."""
        found = self.world.env["account.payment"].search(
            [
                ("partner_id", "=", self.world.customer.id),
                ("payment_transaction_id", "!=", False),
                ("payment_type", "=", kind),
                ("state", "not in", UNDONE),
            ]
        )
        return found.filtered(lambda payment: not payment.move_id.reversal_move_ids)

    def _is_posted_as(self, payment, minor, currency):
        self.case.assertEqual(len(payment), 1)
        self.case.assertEqual(payment.move_id.state, "posted")
        self.case.assertEqual(self.minor(payment.amount, payment.currency_id), minor)
        self.case.assertEqual(payment.currency_id.name.lower(), currency)
