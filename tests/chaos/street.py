"""What happens outside of the office: the customer, the bank, Stripe's dashboard."""

import re
import time

from sandbox.errors import ApiError
from sandbox.sessions import Closed

AT_STRIPE = "https://checkout.stripe.com/"


class Street:
    """The customer, the bank, and Stripe itself. A part of ``World``."""

    # -- the customer --

    def open_page(self, link):
        """Look at the page: whatever the link's state, it is a page, and nothing happens."""
        calls = len(self.wire.calls)
        answer = self.case.browser.get(self.case.path(link))
        expected = 404 if link.state == "cancelled" else 200
        self.case.assertEqual(answer.status, expected)
        self.case.assertEqual(len(self.wire.calls), calls, "a visit asks Stripe for nothing")

    def click(self, link, times=1, part=None, tip=None):
        """Press Pay, once or more, as the page's form does.

        :param float part: the share of what is owed that is typed, where parts may be paid
        :param float tip: the tip that is typed, where tips may be given
        """
        typed, places = {}, link.currency_id.decimal_places
        if part and link._allows_parts():
            amount = link.amount * part
            typed = {"amount": f"{amount:.{places}f}", "shown": f"{link.amount:.{places}f}"}
        if tip and link._offers_tips():
            typed["tip_other"] = f"{tip:.{places}f}"
        path = self.case.path(link, "/checkout")
        for _time in range(times):
            self.overtaken = False
            answer = self.case.browser.post_form(path, **typed)
            known = (0, 303, 404, 422, 503)
            self.case.assertIn(answer.status, known, answer.text[-600:])
            if answer.headers.get("Location", "").startswith(AT_STRIPE):
                self.case.truths.asks_for_what_is_owed(link, answer.headers["Location"])

    def pay(self, session, card):
        outcome = self.at_stripe(lambda: self.sandbox.customer.pay(session["id"], card=card))
        if outcome and outcome.status == "requires_action":
            self.at_stripe(lambda: self.sandbox.customer.authenticate(session["id"]))
        self._note_confirmation(session)

    def debit(self, session, account):
        """Pay by a bank debit, which takes its time."""
        self.at_stripe(lambda: self.sandbox.customer.pay_by_bank(session["id"], account))
        self._note_confirmation(session)
        self.debited.add(session["payment_intent"])

    def _note_confirmation(self, session):
        intent = self.sandbox.store.look(session["payment_intent"])
        if intent and intent["status"] in ("succeeded", "processing"):
            self.confirmed.setdefault(intent["id"], time.time() + self.passed)

    def come_back(self, session):
        """Return from Stripe's page by the address that Stripe was given."""
        path = re.sub(r"^https?://[^/]+", "", self.sandbox.sessions.return_url(session))
        answer = self.case.browser.get(path)
        self.case.assertIn(answer.status, (0, 303, 404))

    # -- the bank and Stripe's dashboard --

    def settle(self, intent):
        self.at_stripe(lambda: self.sandbox.bank.settle(intent))

    def bounce(self, intent):
        self.at_stripe(lambda: self.sandbox.bank.fail(intent))

    def expire_session(self, session):
        self.at_stripe(lambda: self.sandbox.dashboard.expire(session))

    def misreport(self, session, what):
        """Stripe tells something else than Odoo asked for: a discount was given there, or the
        session is not the one it was. Once: told wrongly twice it may be right again."""
        if session["id"] in self.misreported:
            return
        if what == "amount" and session["amount_total"] > 200:
            session["amount_total"] -= 100
            session["amount_subtotal"] -= 100
        elif what == "currency":
            session["currency"] = "eur" if session["currency"] == "usd" else "usd"
        elif what == "livemode":
            session["livemode"] = True
        else:
            return
        self.misreported.add(session["id"])

    def refund_at_stripe(self, intent, share):
        amount = max(int(intent["amount_received"] * share), 1)
        self.at_stripe(lambda: self.sandbox.dashboard.refund(intent, amount))

    def settle_refund(self, refund):
        self.at_stripe(lambda: self.sandbox.bank.settle_refund(refund))

    def fail_refund(self, refund):
        self.at_stripe(lambda: self.sandbox.bank.fail_refund(refund))

    def dispute(self, intent, share, inquiry):
        amount = max(int(intent["amount_received"] * share), 1)
        charge = self.sandbox.store.look(intent["latest_charge"])
        if charge and not charge["disputed"] and not charge["amount_refunded"]:
            self.at_stripe(
                lambda: self.sandbox.bank.open_dispute(intent, amount=amount, inquiry=inquiry)
            )

    def withdraw(self, dispute):
        """An inquiry becomes a chargeback."""
        if dispute["status"].startswith("warning") and not dispute["balance_transactions"]:
            self.at_stripe(lambda: self.sandbox.bank.withdraw_funds(dispute))

    def close_dispute(self, dispute, won):
        if dispute["status"] in ("needs_response", "under_review", "warning_needs_response"):
            self.at_stripe(lambda: self.sandbox.bank.close_dispute(dispute, won))

    def at_stripe(self, action):
        """Do it where Stripe lets one; return what came of it."""
        try:
            return action()
        except (Closed, ApiError, ValueError):
            return None
