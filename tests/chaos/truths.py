"""What must be true: at every moment of a history, and when everything has settled."""

import re

CHANGE = re.compile(r"(Active|Processing|Paid|Settled otherwise|Expired|Deleted) → ([\w ]+?):")


class Truths:
    """The invariants of DESIGN, asked of Odoo's books and of Stripe's own records.

    :param World world: the history that is looked at
    """

    def __init__(self, world):
        self.world = world
        self.case = world.case

    # -- at every moment --

    def one_open_session_each(self):
        """Never two open sessions for one document, or for one link without a document."""
        scopes = []
        for session in self.world.sessions("open"):
            key = session["metadata"]["paylinks_key"]
            attempt = self._attempts().filtered(lambda tx, key=key: tx.checkout_key == key)
            self.case.assertEqual(len(attempt), 1, "an attempt is written down before it is opened")
            scopes.append(attempt.checkout_scope)
        self.case.assertEqual(len(scopes), len(set(scopes)), "two open sessions for one document")

    def nobody_is_asked_too_much(self):
        """A link asks for no more than its document owes, less what is on its way."""
        for link in self.world.links.filtered("invoice_id"):
            invoice = link.invoice_id
            owed = invoice.amount_residual if invoice.state == "posted" else 0.0
            self.case.assertLessEqual(link.amount, owed + 0.001)
            self.case.assertGreaterEqual(link.amount, 0)

    # -- when everything has settled --

    def everything_is_right(self):
        self.every_payment_is_booked_once()
        self.no_invoice_is_overpaid()
        self.nothing_is_left_over()
        self.states_follow_from_the_facts()
        self.history_explains_the_state()
        self.every_anomaly_has_an_activity()

    def every_payment_is_booked_once(self):
        """Invariant 1, both ways: Stripe's succeeded intents are Odoo's posted payments."""
        paid = {intent["id"]: intent for intent in self.world.intents("succeeded")}
        booked = self._attempts().filtered("payment_id")
        self.case.assertCountEqual(booked.mapped("provider_reference"), list(paid))
        for attempt in booked:
            payment, intent = attempt.payment_id, paid[attempt.provider_reference]
            self.case.assertEqual(attempt.state, "done")
            self.case.assertIn(payment.state, ("in_process", "paid"))
            self.case.assertEqual(round(payment.amount * 100), intent["amount_received"])
            self.case.assertEqual(payment.currency_id.name.lower(), intent["currency"])
        found = self.world.env["account.payment"].search(
            [("partner_id", "=", self.world.customer.id), ("payment_transaction_id", "!=", False)]
        )
        self.case.assertEqual(found, booked.payment_id, "no payment beside those")

    def no_invoice_is_overpaid(self):
        for invoice in self.world.invoices:
            self.case.assertGreaterEqual(invoice.amount_residual, 0)
            lines = invoice.line_ids.filtered(
                lambda line: line.account_id.account_type == "asset_receivable"
            )
            matched = sum(lines.matched_credit_ids.mapped("amount"))
            self.case.assertLessEqual(matched, sum(lines.mapped("debit")) + 0.001)

    def nothing_is_left_over(self):
        """Nothing is processing for ever, no attempt waits, no session is open unwatched."""
        self.case.assertNotIn("processing", self.world.links.mapped("state"))
        for attempt in self._attempts():
            self.case.assertNotIn(attempt.state, ("pending", "authorized"))
            self.case.assertFalse(attempt.checkout_open and not attempt.checkout_check_at)
            self.case.assertFalse(attempt.state == "done" and not attempt.is_post_processed)
        events = self.world.env["payment.link.event"].search(
            [("provider_id", "=", self.case.provider.id), ("state", "in", ("received", "failed"))]
        )
        self.case.assertFalse(events.mapped(lambda event: (event.event_type, event.error)))

    def states_follow_from_the_facts(self):
        """Told again, in other words than the addon's: what each state means."""
        for link in self.world.links:
            past = link.expires_at and link.expires_at <= self.case.now()
            if link.state == "active":
                self.case.assertFalse(past, "an active link is within its time")
                if not link._is_document_on_hold():
                    self.case.assertGreater(link.amount, 0, "an active link asks for something")
            elif link.state == "expired":
                self.case.assertTrue(past)
            elif link.state == "paid":
                self.case.assertTrue(link.transaction_ids.filtered(lambda tx: tx.state == "done"))
                self.case.assertTrue(link.paid_at)
            elif link.state == "settled":
                self.case.assertEqual(link.amount, 0)

    def history_explains_the_state(self):
        """Each change of state begins where the one before it ended; the last leads to today's."""
        labels = dict(self.world.links._fields["state"]._description_selection(self.world.env))
        for link in self.world.links:
            now = "Active"
            for message in link.message_ids.sorted("id"):
                for before, after in CHANGE.findall(str(message.body)):
                    self.case.assertEqual(before, now, f"history of {link.name}")
                    now = after
            self.case.assertEqual(now, labels[link.state], f"history of {link.name}")

    def every_anomaly_has_an_activity(self):
        """Money that no invoice took, and that was not meant as a credit, calls a person."""
        for attempt in self._attempts().filtered("payment_id"):
            link = attempt.payment_link_id
            lines = attempt.payment_id.move_id.line_ids.filtered(
                lambda line: line.account_id.account_type == "asset_receivable"
            )
            left = -sum(lines.mapped("amount_residual"))
            wanted = link.purpose == "custom" and link.state == "paid"
            if left > 0.001 and not wanted and not self._undone_by_staff(link):
                self.case.assertTrue(self.case.activities(link), f"{left} of {link.name} is unseen")

    def _undone_by_staff(self, link):
        """A payment that was matched and is not any more is what the accountant did."""
        return link.invoice_id.id in self.world.touched

    def _attempts(self):
        return self.world.links.sudo().transaction_ids
