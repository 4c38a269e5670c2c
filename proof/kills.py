"""Customers pay and managers refund while processes are killed; then the books are checked."""

import os
import random
import signal
import threading
import time
from contextlib import ExitStack, suppress
from itertools import zip_longest

from dev.progress import say, step
from tests.processes import eventually

from . import books, report
from .monitor import Monitor
from .shop import opened

# Where a worker kills itself (proof/addons/paylinks_kill_points), in words for the report.
POINTS = {
    "checkout-before-call": "Click: before the call to Stripe",
    "checkout-after-call": "Click: after the call, before the commit",
    "webhook-written": "Webhook: event written, not processed",
    "webhook-before-commit": "Webhook: processed, before the commit",
    "asked-before-books": "Any messenger: Stripe has answered, nothing applied",
    "post-processing": "Post-processing: payment posted, before the commit",
    "refund-before-call": "Refund: written down, before the call",
    "refund-after-call": "Refund: after the call, before the books",
    "refund-post-processing": "Refund: payment posted, before the commit",
    "send-taken": "Send queue: message taken, not sent",
    "send-handed-over": "Send queue: mail server has it, not noted",
}
WHOLE = "All of Odoo at once (kill -9)"
DATABASE = "PostgreSQL: immediate shutdown, start"
SILENT = "Stripe answers nobody for 4 s"
REFUSED = "Stripe refuses every connection for 4 s"

FASTER = 24  # the schedules' two minutes are five seconds
CUSTOMERS, CLERKS = 6, 2
AWAY = 4  # seconds
STRIKE = 60  # seconds at most until somebody comes to the point
SETTLE = 240
SCHEDULES = ("cron_sync_checkouts", "cron_send_links")


def kind(point):
    """Return what dies at a point of ``POINTS``: the words before the colon."""
    return POINTS[point].partition(":")[0]


class Run:
    """One run: its people, its kills, its figures."""

    def __init__(self, shop, cluster, seed):
        self.shop, self.cluster = shop, cluster
        self.chance = random.Random(seed)
        self.errors = []
        self.found = []
        self.monitor = Monitor(shop)
        self.struck = set()  # files of orders that were carried out
        self._open = threading.Event()
        self._open.set()
        self._orders = iter(())
        self._lock = threading.Lock()
        self._visited = []

    def play(self, kills):
        """Open the shop, kill so often, close it, let everything settle, check the books."""
        orders = self.shop.fill(60 + 12 * kills)
        self._orders = iter(orders)
        roles = [self._be_customer] * CUSTOMERS + [self._be_clerk] * CLERKS + [self._be_clock]
        people = [threading.Thread(target=role, daemon=True) for role in roles]
        with self.monitor:
            for person in people:
                person.start()
            try:
                for point in self._plan(kills):
                    self._supervise()
                    self._strike(point)
                    time.sleep(self.chance.uniform(0.1, 0.5))
                self.close(people[:-1])
                self._settle()
            finally:
                self.close(people[:-1])
                self._open.clear()
                people[-1].join()
            self.found = books.compare(self.shop)

    def close(self, people):
        """No new customers; those who are in may finish."""
        self._closing = True
        for person in people:
            person.join()

    _closing = False

    def _plan(self, kills):
        """The kills in a random order, each point as often; and some greater misfortunes."""
        names = self._deal()
        plan = [names[number % len(names)] for number in range(kills)]
        for other in (WHOLE, DATABASE, SILENT, REFUSED):
            plan += [other] * max(kills // 25, 1)
        self.chance.shuffle(plan)
        return plan

    def _deal(self):
        """All points in a random order, yet one of each kind first: so that few kills, too, strike
        whatever there is to strike."""
        kinds = {}
        for point in self.chance.sample(list(POINTS), len(POINTS)):
            kinds.setdefault(kind(point), []).append(point)
        rounds = zip_longest(*kinds.values())
        return [point for dealt in rounds for point in dealt if point]

    # -- people --

    def _be_customer(self):
        while not self._closing and (order := self._next()):
            try:
                self.shop.visit(order)
                with self._lock:
                    self._visited.append(order)
            except Exception as error:
                self.errors.append(f"customer of link {order.link}: {error!r}")

    def _next(self):
        with self._lock:
            return next(self._orders, None)

    def _be_clerk(self):
        clerk = self.shop.hire()
        while not self._closing:
            with self._lock:
                paid = self._visited.pop(0) if len(self._visited) > 2 else None
                fresh = [o for o in (next(self._orders, None), next(self._orders, None)) if o]
            try:
                if fresh:
                    links = [order.link for order in fresh]
                    self.shop.ask(clerk, "payment.link", "send_by_email", links)
                if paid and self.chance.random() < 0.7:
                    amount = self.chance.choice([100.0, 30.0, 12.34])
                    choice = self.chance.choice(["credit_note", "outstanding"])
                    self.shop.refund(clerk, paid, amount, choice)
            except Exception as error:
                self.errors.append(f"clerk: {error!r}")
            time.sleep(0.4)

    def _be_clock(self):
        """The schedules are due, over and over; now and then Stripe's messages get lost."""
        tick = 0
        while self._open.is_set():
            tick += 1
            with suppress(Exception):  # A server is away.
                self.shop.wake(*SCHEDULES, *(["cron_sweep_events"] if tick % 20 == 0 else []))
                if tick % 10 == 5 and not self._closing:
                    self.shop.stripe.control("POST", "webhooks/lose", {"times": 3})
            time.sleep(2)

    # -- kills --

    def _strike(self, point):
        if point == WHOLE:
            self.shop.crash()
            self.monitor.note(point)
            self.shop.recover()
        elif point == DATABASE:
            self.cluster.crash()
            self.monitor.note(point)
            self.cluster.start()
            time.sleep(1)  # Odoo's master process ends when it finds no database.
        elif point == SILENT:
            self.monitor.note(point)
            self.shop.stack.sandbox.process.send_signal(signal.SIGSTOP)
            time.sleep(AWAY)
            self.shop.stack.sandbox.process.send_signal(signal.SIGCONT)
        elif point == REFUSED:
            self.monitor.note(point)
            fault = {"kind": "refused", "times": None}
            self.shop.stripe.control("POST", "faults", fault)
            time.sleep(AWAY)
            self.shop.stripe.control("DELETE", "faults")
        else:
            self._kill_worker(point)

    def _supervise(self):
        """Start Odoo again when it has ended, as systemd would."""
        if not self.shop.stack.odoo.running:
            self.shop.recover()

    def _kill_worker(self, point):
        """Order a death and wait until somebody has died there."""
        order = self.shop.orders / point
        order.touch()

        def find_corpse():
            self._supervise()
            return set(self.shop.orders.glob(f"{point}.*")) - self.struck

        corpse = eventually(find_corpse, f"nobody came to {point}", STRIKE)
        self.monitor.note(point)
        self.struck |= corpse
        [pid] = {int(path.suffix[1:]) for path in corpse}
        eventually(lambda: not _lives(pid), f"process {pid} survived {point}")

    def _settle(self):
        """Nobody comes any more: the schedules alone bring everything to its end."""
        deadline = time.monotonic() + SETTLE
        while self.monitor.waiting or not self._is_quiet():
            self._supervise()
            if time.monotonic() > deadline:
                self.errors.append(f"not settled after {SETTLE} seconds")
                return
            time.sleep(0.5)

    def _is_quiet(self):
        queue = self.shop.stripe.control("GET", "webhooks")["queue"]
        return not queue and not any(
            self.shop.column(statement) for statement in books.HANGING.values()
        )


def _lives(pid):
    try:
        os.kill(pid, 0)
        with open(f"/proc/{pid}/stat") as stat:
            return stat.read().rpartition(")")[2].split()[0] != "Z"
    except (ProcessLookupError, FileNotFoundError):
        return False


def prove(source, kills, seed):
    """Make a run and report on it.

    :return: (report's lines, whether everything held)
    """
    with ExitStack() as servers:
        with step("PostgreSQL of its own, Odoo with workers, sandbox"):
            shop, cluster = servers.enter_context(opened("kills", source, faster=FASTER))
        run = Run(shop, cluster, seed)
        started = time.monotonic()
        with step(f"{kills} workers killed, and worse"):
            run.play(kills)
        lines = report.on_kills(run, POINTS, time.monotonic() - started, seed)
    for problem in [*run.errors, *run.found]:
        say(f"    {problem}")
    return lines, not run.errors and not run.found
