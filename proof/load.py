"""Many customers at once through two workers: no error, the books right, and how long they wait."""

import re
import threading
import time
from collections import defaultdict

import requests

from dev.progress import say, step
from tests.processes import at_once, eventually

from . import books, report
from .shop import opened

CUSTOMERS, ROUNDS = 50, 3
INVOICES, BATCH = 1200, 100  # for the clerk who generates links meanwhile
SETTLE = 120
# What Odoo writes of each request: how many queries, seconds in PostgreSQL, seconds in Python.
WEBHOOK = re.compile(
    r'"POST /paylinks/stripe/webhook/\d+ HTTP/1\.\d" (\d+) - \d+ ([\d.]+) ([\d.]+)'
)
ANSWERED = re.compile(r'werkzeug: .* HTTP/1\.\d" (5\d\d) ')
# A statement that PostgreSQL refuses is logged as an error, before Odoo runs the request again.
TROUBLE = {
    "requests that Odoo gave up after five tries": r"maximum number of tries reached",
    "failures that Odoo logged": r" ERROR (?!.*(?:odoo\.sql_db: bad query|Request timed out))",
}
RETRIED = {
    "run again by Odoo (a customer's click and an event met)": "tries left, try again in",
    "of these for a deadlock": "DEADLOCK_DETECTED",
}


class Run:
    """One run: its customers, its clerk, and their stop-watches."""

    def __init__(self, shop):
        self.shop = shop
        self.seconds = defaultdict(list)
        self.problems = []
        self.cut = 0  # connections that Odoo did not take

    def play(self):
        orders = self.shop.fill(CUSTOMERS * ROUNDS)
        self.shop.fill(INVOICES, linked=False)
        self.shop.stripe.control("POST", "webhooks/repeat", {"count": 2})
        clerk = threading.Thread(target=self._generate, daemon=True)
        self._warm_up()
        clerk.start()
        for number in range(ROUNDS):
            some = orders[number * CUSTOMERS : (number + 1) * CUSTOMERS]
            at_once(*[lambda order=order: self._pay(order) for order in some])
        clerk.join()
        eventually(self._is_quiet, "not everything was delivered and booked", SETTLE)
        self._read_log()
        self.problems += books.compare(self.shop)

    def _warm_up(self):
        """Each worker has built its caches."""
        browser = self.shop.new_browser()
        at_once(*[lambda: browser.open("0" * 22)] * 8)

    def _timed(self, what, status, call, *arguments):
        started = time.monotonic()
        answer = self._insist(call, *arguments)
        self.seconds[what].append(time.monotonic() - started)
        if answer.status_code != status:
            self.problems.append(f"{what}: {answer.status_code} instead of {status}")
        return answer

    def _insist(self, call, *arguments):
        """Call again where the connection was cut before an answer, as a browser does."""
        for _try in range(3):
            try:
                return call(*arguments)
            except requests.ConnectionError:
                self.cut += 1
        return call(*arguments)

    def _pay(self, order):
        browser = self.shop.new_browser()
        self._timed("page", 200, browser.open, order.token)
        answer = self._timed("click", 303, browser.press)
        [session] = re.findall(r"cs_test_\w+", answer.headers.get("Location", ""))[:1] or [None]
        if session:
            self.shop.pay(session)
            self._timed("return", 303, browser.come_back, order.token, session)

    def _generate(self):
        """The clerk: one batch of links after another while the customers pay."""
        clerk = self.shop.new_clerk()
        invoices = self.shop.column(
            "SELECT id FROM account_move m WHERE move_type = 'out_invoice' AND NOT EXISTS"
            " (SELECT FROM payment_link WHERE invoice_id = m.id) ORDER BY id"
        )
        for start in range(0, len(invoices), BATCH):
            some = invoices[start : start + BATCH]
            self._timed(
                "clerk", 200, clerk.try_call, "account.move", "generate_payment_links", some
            )

    def _is_quiet(self):
        return not self.shop.stripe.control("GET", "webhooks")["queue"] and not any(
            self.shop.column(statement) for statement in books.HANGING.values()
        )

    def _read_log(self):
        self.log = self.shop.stack.odoo.output()
        for status, database, python in WEBHOOK.findall(self.log):
            self.seconds["webhook"].append(float(database) + float(python))
            if status != "200":
                self.problems.append(f"webhook: {status}")
        self.problems += [f"answered {status}" for status in ANSWERED.findall(self.log)]
        for what, words in TROUBLE.items():
            if number := len(re.findall(words, self.log)):
                self.problems.append(f"{number} {what}")


def prove(source):
    """Make a run and report on it.

    :return: (report's lines, whether everything held)
    """
    with opened("load", source, crons=1) as (shop, _cluster):
        run = Run(shop)
        with step(f"{ROUNDS} times {CUSTOMERS} customers at once"):
            run.play()
        lines = report.on_load(run, RETRIED)
    for problem in run.problems:
        say(f"    {problem}")
    return lines, not run.problems
