"""What the histories of a run brought about: a product that refuses everything must not pass."""

from collections import Counter

# The least that a hundred histories bring about: a third of what was measured, and less of what is
# rare, so that chance alone does not fail a run of another seed.
FLOORS = {
    "sessions": 60,
    "paid: invoice": 35,
    "paid: deposit": 6,
    "paid: custom": 5,
    "paid in USD": 35,
    "paid in EUR": 8,
    "paid in JPY": 2,
    "money in time": 20,
    "late money": 4,
    "bookings put off": 2,
    "tips": 1,
    "bank debits that settled": 6,
    "bank debits that failed": 3,
    "refunded: credit_note": 4,
    "refunded: outstanding": 1,
    "refunded: credit": 1,
    "refunded: nobody has chosen": 4,
    "refunds that came back": 0.5,
    "refunds with their invoice": 1,
    "disputes": 10,
    "disputes booked": 3,
    "invoices reckoned": 35,
}


class Tally(Counter):
    """Counts over the histories of one run that ended well."""

    def __init__(self):
        super().__init__()
        self.histories = 0

    def add(self, world, truths):
        """Count what came to be in a history: Stripe's records, and what Odoo made of them."""
        self.histories += 1
        self["sessions"] += len(world.sessions())
        self.update(truths.seen)
        self["bookings put off"] += bool(world.put_off)
        self._add_payments(world)
        self._add_money_back(world)

    def _add_payments(self, world):
        for attempt in world.attempts().filtered("payment_id"):
            self[f"paid: {attempt.payment_link_id.purpose}"] += 1
            self[f"paid in {attempt.currency_id.name}"] += 1
            self["tips"] += bool(attempt.tip_amount)
            self["bank debits that settled"] += attempt.provider_reference in world.debited
        failed = world.attempts().filtered(lambda tx: tx.state == "error")
        refs = set(failed.mapped("provider_reference")) & world.debited
        self["bank debits that failed"] += len(refs)

    def _add_money_back(self, world):
        for refund in world.links.sudo().refund_ids.filtered("provider_reference"):
            if refund.state == "done":
                self[f"refunded: {refund.refund_choice or 'nobody has chosen'}"] += 1
            else:
                self["refunds that came back"] += 1
        disputes = world.links.sudo().dispute_ids
        self["disputes"] += len(disputes)
        self["disputes booked"] += len(disputes.filtered("move_ids"))

    def __str__(self):
        return ", ".join(f"{what} {number}" for what, number in sorted(self.items()))

    def find_missing(self):
        """Return what happened too seldom, in words: {what: (how often, how often at least)}."""
        least = {what: int(floor * self.histories / 100) for what, floor in FLOORS.items()}
        return {what: (self[what], low) for what, low in least.items() if self[what] < low}
