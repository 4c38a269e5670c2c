"""Faults to put into a copy of the addon on purpose: each must be found (`make mutate`).

By the histories, mostly. One process cannot get in its own way, so the row locks are looked for by
real servers, and what stands behind them, the unique index, by a test that goes around them. What
Stripe does not let happen, or undoes, is looked for by a test, too.
"""

from typing import NamedTuple

HISTORIES = ""


class Fault(NamedTuple):
    """A change of one place in a file of the addon, or of the database."""

    name: str
    path: str
    before: str
    after: str
    found_by: str = HISTORIES  # or the tests that find it, as pytest is told them
    sql: str = ""
    in_process: bool = False  # those tests run the fault themselves, and start no servers


# The addon as it is: whatever finds this finds nothing.
CONTROL = Fault("none: the addon as it is", "", "", "")
LINK, TX = "models/payment_link", "models/payment_transaction"
FAULTS = (
    Fault(
        "the amount is not capped by the document",
        f"{LINK}_amount.py",
        'if self.purpose != "custom":\n            document',
        'if self.amount_policy == "balance":\n            document',
    ),
    Fault(
        "what is on its way is asked for again",
        f"{LINK}_amount.py",
        "parts.append(due - document_in_flight)",
        "parts.append(due)",
    ),
    Fault(
        "late money pays the invoice",
        f"{TX}.py",
        'late = attempt._detach_if_late() if attempt.state == "done" else ""',
        'late = ""',
    ),
    Fault(
        "nobody is called for late money or a surplus",
        f"{TX}_credit.py",
        "        if not reason:\n            return\n        self.payment_link_id._flag(",
        "        if True:\n            return\n        self.payment_link_id._flag(",
    ),
    Fault(
        "a cancelled attempt cannot be paid",
        f"{TX}_checkout.py",
        'self._set_done(extra_allowed_states=("cancel",))',
        "self._set_done()",
        # Stripe takes no money on a page that it has closed, not even in the histories.
        found_by="test_late_money.py::TestLateMoney::test_on_a_cancelled_attempt",
        in_process=True,
    ),
    Fault(
        "the signature of a webhook is not checked",
        "providers/stripe.py",
        '        self._check_signature(text, signature or "")\n',
        "",
    ),
    Fault(
        "live events touch test data",
        f"{LINK}_event.py",
        "if self.live != (attempt.is_live if attempt else self.provider_id._paylinks_is_live()):",
        "if False:",
    ),
    Fault(
        "another amount than was asked for is booked",
        f"{TX}_checkout.py",
        '            (checkout.amount == request["amount"], "amount"),\n',
        "",
    ),
    Fault(
        "a payment is booked each time it is told",
        f"{TX}.py",
        "            if attempt.is_post_processed:\n",
        # Odoo's own code would look at it, too.
        "            attempt.payment_id = False\n            if False:\n",
    ),
    Fault(
        "a refund is not known again by its id",
        f"{TX}_refund.py",
        "tx.provider_reference == refund.ref\n",
        "False\n",
    ),
    Fault(
        "a refund is not known again by its key",
        f"{TX}_refund.py",
        "and tx.checkout_key == refund.key)",
        "and False)",
    ),
    Fault(
        "refunds under way do not count",
        f"{TX}_refund.py",
        "tx.state not in NO_EFFECT",
        'tx.state == "done"',
        # The books stay right: Stripe refuses to give back more than came.
        found_by="test_refund_trouble.py::TestRefundTrouble::test_no_answer_though_it_was_made",
        in_process=True,
    ),
    Fault(
        "a failed refund stays in the books",
        f"{TX}_refund_books.py",
        "if payment and payment.state not in UNDONE:",
        "if False:",
    ),
    Fault(
        "nobody is called for a refund made at Stripe",
        f"{TX}_refund_books.py",
        'self.refund_link_id._flag(self.env._("Refund to be booked"), note, self.reference)',
        "pass",
    ),
    Fault(
        "a dispute can be booked again",
        f"{LINK}_dispute_books.py",
        '                "booked": dispute.withdrawn,\n',
        "",
    ),
    Fault(
        "the older page is not closed at Stripe",
        f"{LINK}_checkout.py",
        "                other._close_checkout()\n            if older:",
        "                other.checkout_open = False\n            if older:",
    ),
    Fault(
        "what is no longer payable stays open",
        f"{TX}_checkout.py",
        "        return not link._is_payable() or not link._still_asks(self)",
        "        return False",
    ),
    Fault(
        "an attempt is not committed before the call",
        f"{LINK}_checkout.py",
        "            attempt, older = self._reserve_attempt(amount, tip)\n"
        "            # pylint: disable-next=invalid-commit\n            self.env.cr.commit()\n",
        "            attempt, older = self._reserve_attempt(amount, tip)\n",
    ),
    Fault(
        "a repeated call has a new key",
        f"{TX}_checkout.py",
        "                self.checkout_key,\n            )\n        except FinalError",
        '                __import__("uuid").uuid4().hex,\n            )\n        except FinalError',
    ),
    Fault(
        "the history does not tell of a change of state",
        f"{LINK}_state.py",
        "        changing.sudo()._message_log_batch(bodies)\n",
        "",
    ),
    Fault(
        "the schedule asks about no attempt",
        f"{LINK}_schedule.py",
        "self._work_through(due, lambda attempt: attempt._sync_checkout())",
        "pass",
    ),
    Fault(
        "what went wrong is not tried again",
        f"{LINK}_schedule.py",
        "self._work_through(events._get_to_retry(), lambda event: event._process())",
        "pass",
    ),
    Fault(
        "no row is locked",
        "models/locking.py",
        "    if not records.ids:\n",
        "    if True:\n",
        found_by="test_real_processes.py",
    ),
    Fault(
        "two pages may be open for one document",
        f"{TX}.py",
        '"A payment page is open for this already."',
        '""',
        found_by="test_click.py::TestClick::test_the_index_alone_keeps_a_second_attempt_out",
        sql="DROP INDEX payment_transaction_checkout_scope_open_unique",
    ),
    Fault(
        "an event may be in the ledger twice",
        f"{LINK}_event.py",
        "                ON CONFLICT (provider_id, event_ref) DO NOTHING\n",
        "",
        sql="DROP INDEX payment_link_event_event_unique",
    ),
    Fault(
        "a part of it makes the link paid",
        f"{LINK}_state.py",
        "if self._get_owed() <= 0 and not self._is_document_on_hold():",
        "if (self._get_owed() <= 0 or self.amount_paid) and not self._is_document_on_hold():",
    ),
    Fault(
        "every currency has cents",
        "providers/money.py",
        "    if currency in ZERO_DECIMAL:\n        return 0\n",
        "",
    ),
    Fault(
        "two links of a document have a page each",
        f"{LINK}_checkout.py",
        '        return f"{document._name},{document.id}" if document else '
        'f"{self._name},{self.id}"',
        '        return f"{self._name},{self.id}"',
    ),
    Fault(
        "money that was paid in time is late once the link is over",
        f"{TX}_credit.py",
        "        paid_at = self.checkout_paid_at or fields.Datetime.now()",
        "        paid_at = fields.Datetime.now()",
    ),
    Fault(
        "what could not be booked is not tried again",
        f"{TX}_checkout.py",
        "            self.invalidate_recordset()\n"
        "            self.checkout_check_at = fields.Datetime.now() + FIRST_CHECKS[1]\n",
        "            self.invalidate_recordset()\n            self.checkout_check_at = False\n",
    ),
    Fault(
        "a refund meets nothing in the books",
        f"{TX}_refund_books.py",
        "            credit_lines = self._find_credit_for(amount)",
        '            credit_lines = self.env["account.move.line"]',
    ),
    Fault(
        "a page is asked for that lives longer than Stripe lets it",
        f"{LINK}_checkout.py",
        "timedelta(hours=23, minutes=55)",
        "timedelta(hours=24, minutes=30)",
    ),
    Fault(
        "nobody is called for the money of a dispute",
        f"{LINK}_dispute_books.py",
        "        self.ensure_one()\n        return not (\n",
        "        self.ensure_one()\n        return False and not (\n",
    ),
    Fault(
        "an invoice has two open links for whatever it owes",
        "models/account_move.py",
        "        existing = self._get_open_balance_links()",
        "        existing = {}",
        sql="DROP INDEX payment_link_invoice_open_balance_unique",
    ),
    Fault(
        "an invoice that was paid through its link was settled otherwise",
        f"{LINK}_state.py",
        '            return "paid" if self.amount_paid else "settled"',
        '            return "paid" if self.amount_paid and not self.invoice_id else "settled"',
    ),
    Fault(
        "nobody is told of a bank debit that came to nothing",
        f"{TX}_given_up.py",
        '        if self.state == "pending" or (self.state == "draft" and not self.token_id):',
        "        if False:",
    ),
    Fault(
        "an attempt that does not fit is not set aside",
        f"{TX}_checkout.py",
        "        if problem := attempt._find_mismatch(checkout):\n"
        "            return attempt._set_aside(problem)\n",
        "        if attempt._find_mismatch(checkout):\n            return ''\n",
    ),
)
