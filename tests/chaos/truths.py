"""What must be true: at every moment of a history, and when everything has settled."""

import re
from collections import Counter

from .books import BookTruths
from .money import MoneyTruths

CHANGE = re.compile(r"(Active|Processing|Paid|Settled otherwise|Expired|Deleted) → ([\w ]+?):")


class Truths(MoneyTruths, BookTruths):
    """The invariants of DESIGN, asked of Odoo's books and of Stripe's own records.

    :param World world: the history that is looked at
    """

    def __init__(self, world):
        self.world, self.case = world, world.case
        self.seen = Counter()  # what was there to be judged
        self._booked = set()  # attempts whose booking was looked at
        self._begin_books()
        self._look_around()

    # -- at every moment --

    def hold(self):
        """What must be true after each step."""
        self.nothing_went_wrong_unseen()
        self.one_open_session_each()
        self.one_open_link_each()
        self.nobody_is_asked_too_much()
        self.money_goes_where_it_belongs()
        self.refunds_are_as_chosen()
        self.paid_is_what_owes_nothing()
        self.settled_is_what_was_paid_otherwise()
        self._look_around()

    def nothing_went_wrong_unseen(self):
        """Odoo has logged no error: what it catches and goes on from counts as much."""
        if told := self.case.errors.take():
            self.case.fail("Odoo logged an error: " + "\n".join(told))

    def _look_around(self):
        """Remember how things stand, to judge the next step by."""
        self._links = {link.id: link.state for link in self.world.links}
        documents = [*self.world.invoices, *self.world.orders]
        self._documents = {(doc._name, doc.id): doc.state for doc in documents}
        self._look_at_books()
        self.world.begin_step()

    def one_open_session_each(self):
        """Never two open sessions for one document, or for one link without a document."""
        scopes = []
        for session in self.world.sessions("open"):
            attempt = self._attempt_of(session)
            self.case.assertEqual(len(attempt), 1, "an attempt is written down before it is opened")
            link = attempt.payment_link_id
            scopes.append(link.invoice_id or link.sale_order_id or link)
        self.case.assertEqual(len(scopes), len(set(scopes)), "two open sessions for one document")

    def one_open_link_each(self):
        """Never two open links for whatever one invoice still owes."""
        links = self.world.links.filtered(
            lambda link: link.amount_policy == "balance" and link.state in ("active", "processing")
        )
        self.case.assertEqual(len(links), len(links.invoice_id), "two open links of one invoice")

    def nobody_is_asked_too_much(self):
        """A link asks for no more than its document owes, less what is on its way."""
        for link in self.world.links:
            self.case.assertGreaterEqual(link.amount, 0)
            self.case.assertLessEqual(link.amount, self._owed(link) + 0.001, link.name)

    def asks_for_what_is_owed(self, link, url):
        """The page that a click leads to asks for no more than is owed at that moment."""
        for session in self.world.sessions("open"):
            if session["url"] != url or self.world.overtaken:
                continue
            if session["id"] not in self.world.misreported:
                asked = self._asked(session, self._attempt_of(session))
                self.case.assertLessEqual(asked, self._owed(link) + 0.001, link.name)

    def paid_is_what_owes_nothing(self):
        """A link that has become paid asked for no more than that: a part of it is not enough.

        What went back since may be owed again: a refund or a dispute makes no paid link unpaid.
        """
        for link in self.world.links.filtered(lambda link: link.state == "paid"):
            came_back = link.sudo().refund_ids or link.sudo().dispute_ids
            if self._links.get(link.id) != "paid" and not came_back:
                left = self._left(link)
                self.case.assertLessEqual(left, 0.001, f"{left} of {link.name} is not paid")

    def settled_is_what_was_paid_otherwise(self):
        """A link that has become settled was not paid through; asked where nothing was done to its
        document besides, in the same step."""
        for link in self.world.links.filtered(lambda link: link.state == "settled"):
            document = link.invoice_id or link.sale_order_id
            besides = self.world.stirred or document.id in self.world.otherwise
            if self._links.get(link.id) == "settled":
                continue
            paid = link.sudo().transaction_ids.filtered("payment_id")
            before = paid.filtered(lambda tx: tx.id in self._credits)
            self.case.assertFalse(before if besides else paid, f"{link.name} was paid through")

    def _owed(self, link):
        """What a link may ask for at most, told in other words than the addon's."""
        invoice = link.invoice_id
        flying = [
            tx.amount - tx.tip_amount
            for tx in self.world.attempts()
            if invoice in tx.invoice_ids
            and (tx.state == "pending" or (tx.state == "done" and not tx.is_post_processed))
        ]
        return self._left(link, on_its_way=sum(flying))

    def _left(self, link, on_its_way=0.0):
        """What of the link's amount is not paid, and its document still owes."""
        parts = [10.0**9]
        if link.purpose == "invoice":
            invoice = link.invoice_id
            owed = invoice.amount_residual if invoice.state == "posted" else 0.0
            parts.append(max(owed - on_its_way, 0))
        elif link.purpose == "deposit":
            order = link.sale_order_id
            parts.append(self._left_of_deposit(order) if order.state != "cancel" else 0.0)
        if link.amount_policy == "fixed" and link.purpose != "deposit":
            parts.append(max(link.amount_fixed - link.amount_paid, 0))
        return min(parts)

    def _left_of_deposit(self, order):
        """A third of the order, less what its deposits' links have brought; at most the total."""
        paid = order.transaction_ids.filtered(lambda tx: tx.state == "done")
        return max(order.amount_total / 3 - sum(paid.mapped("amount")), 0.0)

    def nothing_unpayable_is_open(self):
        """After the schedule has run with Stripe there: no page asks for what is not owed."""
        for session in self.world.sessions("open"):
            attempt = self._attempt_of(session)
            link = attempt.payment_link_id
            if session["id"] in self.world.misreported:
                continue
            self.case.assertEqual(link.state, "active", f"the page of {link.name} is open")
            asked = self._asked(session, attempt)
            self.case.assertLessEqual(asked, self._owed(link) + 0.001, link.name)

    # -- when everything has settled --

    def everything_is_right(self):
        self.every_payment_is_booked_once()
        self.every_refund_is_booked_once()
        self.every_dispute_is_known()
        self.nobody_owes_a_tip()
        self.links_sum_up_right()
        self.the_customer_owes_what_is_right()
        self.each_invoice_owes_what_is_right()
        self.each_event_is_known_once()
        self.nothing_is_left_over()
        self.states_follow_from_the_facts()
        self.history_explains_the_state()
        self.every_anomaly_has_an_activity()

    def nothing_is_left_over(self):
        """Nothing is processing for ever, no attempt waits, no session is open unwatched."""
        self.case.assertNotIn("processing", self.world.links.mapped("state"))
        self.case.assertFalse(self.world.sessions("open"), "a page is open for ever")
        for attempt in self.world.attempts():
            self.case.assertNotIn(attempt.state, ("pending", "authorized"))
            self.case.assertFalse(attempt.state == "done" and not attempt.is_post_processed)
            if not self._is_misreported(attempt):
                self.case.assertFalse(attempt.checkout_open, f"{attempt.reference} is open")
        for event in self.world.env["payment.link.event"].search([("state", "=", "failed")]):
            known = self._is_misreported(event.transaction_id)
            self.case.assertTrue(known, f"{event.event_type} failed for good: {event.error}")
        self.case.assertFalse(
            self.world.env["payment.link.event"].search_count([("state", "=", "received")])
        )

    def each_event_is_known_once(self):
        """An event has one row in the ledger, however often it came."""
        refs = self.world.env["payment.link.event"].search([]).mapped("event_ref")
        self.case.assertEqual(len(refs), len(set(refs)), "an event is in the ledger twice")

    def states_follow_from_the_facts(self):
        """Told again, in other words than the addon's: what each state means."""
        for link in self.world.links:
            past = link.expires_at and link.expires_at <= self.case.now()
            paid = link.sudo().transaction_ids.filtered(lambda tx: tx.state == "done")
            if link in self.world.deleted and not paid:
                self.case.assertEqual(link.state, "cancelled", f"{link.name} was deleted")
            invoice = link.invoice_id
            if (
                link.state != "cancelled"
                and invoice.state == "posted"
                and not invoice.amount_residual
            ):
                told = ("paid", "settled") if paid else ("settled",)
                self.case.assertIn(link.state, told, f"{invoice.name} owes nothing")
            if link.state == "active":
                self.case.assertFalse(past, "an active link is within its time")
                if not link._is_document_on_hold():
                    self.case.assertGreater(link.amount, 0, f"{link.name} is active for nothing")
            elif link.state == "expired":
                self.case.assertTrue(past)
            elif link.state == "paid":
                self.case.assertTrue(paid)
                self.case.assertTrue(link.paid_at)
            elif link.state == "settled":
                self.case.assertEqual(link.amount, 0)
            else:
                self._is_cancelled_with_reason(link)

    def _is_cancelled_with_reason(self, link):
        reason = link.sudo().cancel_reason
        self.case.assertTrue(reason, f"nobody knows why {link.name} is cancelled")
        if reason == "deleted":
            self.case.assertIn(link, self.world.deleted, "deleted by nobody")
        elif reason == "replaced":
            others = link.invoice_id.payment_link_ids - link
            self.case.assertTrue(others, f"{link.name} was replaced by nothing")

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

    def contract_was_kept(self):
        """Every exchange kept to Stripe's contract. A call that is repeated after some time names a
        moment that is too near by then, or past: Stripe refuses it, and the attempt is given up."""
        broken = [v for v in self.world.sandbox.violations if not self._is_repeated_too_late(v)]
        self.case.assertFalse(broken, "the exchange with Stripe broke its contract")

    def _is_repeated_too_late(self, violation):
        problem = violation.problem
        too_near = problem.where == "expires_at" and "at least 30 minutes" in problem.message
        return too_near and self.world.passed

    # -- parts --

    def _asked(self, session, attempt):
        """What a session asks for besides the tip, in its currency."""
        currency = attempt.currency_id
        self.case.assertEqual(session["currency"], currency.name.lower())
        return session["amount_total"] / self.minor(1, currency) - attempt.tip_amount

    def _attempt_of(self, session):
        key = session["metadata"]["paylinks_key"]
        return self.world.attempts().filtered(lambda tx: tx.checkout_key == key)

    def _is_misreported(self, attempt):
        """By the key: Odoo may never have heard which session it opened."""
        told_otherwise = [s for s in self.world.sessions() if s["id"] in self.world.misreported]
        return attempt in [self._attempt_of(session) for session in told_otherwise]
