"""How long it takes after a kill until everything that had happened before it is settled."""

import statistics
import threading
import time
from collections import namedtuple
from contextlib import suppress

EVERY = 0.5
Kill = namedtuple("Kill", "point, at")

OPEN = """
SELECT extract(epoch FROM min(create_date)) FROM payment_link_event
 WHERE state IN ('received', 'failed')
 UNION
SELECT extract(epoch FROM min(claimed_at)) FROM payment_link_message WHERE state = 'sending'
"""
BOOKED = """
SELECT checkout_ref, provider_reference FROM payment_transaction
 WHERE state = 'done' AND is_post_processed AND payment_id IS NOT NULL
"""


class Monitor:
    """Looks at Stripe and at the books, twice a second, until every kill is settled."""

    def __init__(self, shop):
        self.kills = []
        self.settled = {}  # number of the kill → seconds
        self._shop = shop
        self._refunds = {}  # Stripe's id → when it was first seen
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_error):
        self._done.set()
        self._thread.join()

    def note(self, point):
        """Somebody was killed just now."""
        self.kills.append(Kill(point, time.time()))

    @property
    def waiting(self):
        """The kills that are not settled yet."""
        return [n for n in range(len(self.kills)) if n not in self.settled]

    def _run(self):
        while not self._done.wait(EVERY):
            with suppress(Exception):  # A server is away.
                self._look()

    def _look(self):
        now = time.time()
        unsettled = self._find_unsettled(now)
        for number in self.waiting:
            if self.kills[number].at < unsettled:
                self.settled[number] = max(now - self.kills[number].at, EVERY)

    def _find_unsettled(self, now):
        """Return since when something is not settled; now when everything is."""
        for refund in self._shop.stripe.list_refunds():
            self._refunds.setdefault(refund["id"], now)
        booked = {ref for row in self._shop.stack.query(BOOKED) for ref in row}
        times = [when for when, session in list(self._shop.paid) if session not in booked]
        times += [when for ref, when in self._refunds.items() if ref not in booked]
        times += [float(since) for since in self._shop.column(OPEN) if since]
        return min(times, default=now)

    def summarize(self, point):
        """Return (median, longest) seconds until the kills at a point were settled."""
        seconds = [
            self.settled[number]
            for number, kill in enumerate(self.kills)
            if kill.point == point and number in self.settled
        ]
        return (statistics.median(seconds), max(seconds)) if seconds else (0.0, 0.0)
