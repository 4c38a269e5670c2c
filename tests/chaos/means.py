"""What a rule works on."""

from .choices import chosen


class Means:
    """hypothesis leaves some of the rules out of each history, so a rule brings about what it
    needs: to pay, the customer clicks first if no page is open. A part of ``Histories``."""

    def _link(self, number):
        return chosen(self.world.links, number)

    def _session(self, number):
        """An open session; the customer clicks if there is none."""
        if not self.world.sessions("open"):
            active = self.world.links.filtered(lambda link: link.state == "active")
            if not active:
                self.world.bill(number)
                active = self.world.links[-1:]
            self.world.click(chosen(active, number))
        sessions = self.world.sessions("open")
        return chosen(sessions, number) if sessions else None

    def _succeeded(self, number):
        """Stripe's payments that succeeded; the customer pays if there is none."""
        if not self.world.intents("succeeded") and (session := self._session(number)):
            self.world.pay(session, "4242424242424242")
        return self.world.intents("succeeded")

    def _paid(self, number):
        """The attempts that are paid in Odoo."""
        if not (paid := self.world.attempts().filtered(lambda tx: tx.state == "done")):
            self._succeeded(number)
            self.world.deliver()
            paid = self.world.attempts().filtered(lambda tx: tx.state == "done")
        return paid

    def _go_on(self, number, how_far, choice):
        """Bring a new link so far."""
        if how_far == "locked":
            self._succeeded(number)
            self.lock_books(True)
            self.world.deliver()
        elif how_far in ("settled", "bounced"):
            self.end_debit(number, how_far == "settled")
        else:
            ways = {
                "made": lambda: None,
                "clicked": lambda: self._session(number),
                "clicked each": lambda: self.click_each(number, 0.5),
                "paid": lambda: self._succeeded(number),
                "booked": lambda: self._paid(number),
                "tipped": lambda: self.click_with_choice(number, 0.5, 0.5, True),
                "refunded": lambda: self.refund(number, 0.5, choice),
                "refunded at Stripe": lambda: self.book_refund(number, 0.5, choice),
                "disputed": lambda: self.book_dispute(number, 1.0, "outstanding"),
            }
            ways[how_far]()
