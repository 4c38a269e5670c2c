"""A shop with many customers: real servers, invoices with links, and people who pay them."""

import os
import random
import re
import tempfile
import time
from collections import namedtuple
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path

import psycopg2
import requests

from dev import database, locks, paths, templates
from dev.cluster import own_cluster
from dev.stack import SANDBOX_SECRET_KEY, Stack
from tests.postoffice import MailServer
from tests.processes import Office, eventually

AMOUNT = 100.0
ADDONS = Path(__file__).parent / "addons"
PATIENCE = 90  # seconds after which a customer, or a clerk, gives up
FILL = """
import os
number = int(os.environ["NUMBER"])
quiet = env(context={"tracking_disable": True, "mail_create_nolog": True})
partners = quiet["res.partner"].create(
    [{"name": f"Ada {i}", "email": f"ada-{i}-{number}@example.com"} for i in range(number)]
)
line = {"name": "Boiler service", "price_unit": float(os.environ["PRICE"]), "tax_ids": [(5, 0, 0)]}
invoices = quiet["account.move"].create(
    [
        {"move_type": "out_invoice", "partner_id": p.id, "invoice_line_ids": [(0, 0, line)]}
        for p in partners
    ]
)
invoices.action_post()
if os.environ["LINKED"]:
    invoices.generate_payment_links()
env["ir.mail_server"].search([]).active = False
env.company.email = "office@example.com"
env.cr.commit()
env.cr.execute("ANALYZE")
env.cr.commit()
"""

BOOKED = (
    "SELECT id FROM payment_transaction"
    " WHERE payment_link_id = %s AND state = 'done' AND is_post_processed"
)

Order = namedtuple("Order", "link, token, invoice, partner, email")


class Shop(Office):
    """The office with its stock of links, and what customers and clerks do over and over."""

    def __init__(self, stack, mail, orders):
        super().__init__(stack)
        self.mail = mail
        self.orders = orders  # a folder of orders to die
        self.paid = []  # (when, session) of each payment that Stripe confirmed

    def fill(self, number, linked=True):
        """Make invoices to customers of their own, and their links.

        :param int number: another one each time
        :param bool linked: False: the links are made later
        :return: the orders that are linked so far
        """
        self.stack.shell(FILL, NUMBER=number, PRICE=AMOUNT, LINKED="1" if linked else "")
        return self.find_orders()

    def find_orders(self):
        """Return the orders that have a link."""
        rows = self.stack.query(
            "SELECT l.id, l.token, l.invoice_id, l.partner_id, p.email FROM payment_link l"
            " JOIN res_partner p ON p.id = l.partner_id ORDER BY l.id"
        )
        return [Order(*row) for row in rows]

    # -- what people do, however often they are thrown back --

    def click(self, token):
        """Open the link and press Pay until there is a page to pay on.

        :return: the session's id, or None when there is nothing to pay any more
        """
        deadline = time.monotonic() + PATIENCE
        browser = self.new_browser()
        while time.monotonic() < deadline:
            try:
                page = browser.open(token)
                if page.status_code == 200 and not browser.has_button:
                    return None
                answer = browser.press() if page.status_code == 200 else page
                found = re.search(r"cs_test_\w+", answer.headers.get("Location", ""))
                if answer.status_code == 303 and found:
                    return found[0]
            except requests.RequestException:
                pass  # The server died over it: the customer tries again.
            time.sleep(0.3)
        raise AssertionError(f"no page to pay on after {PATIENCE} seconds")

    def pay(self, session):
        """Pay on Stripe's page, and remember it."""
        self.insist(lambda: self.stripe.pay(session))
        self.paid.append((time.time(), session))

    def come_back(self, token, session):
        """Return from Stripe's page; whoever finds the server dead goes away."""
        try:
            self.new_browser().come_back(token, session)
        except requests.RequestException:
            return

    def insist(self, call):
        """Call until no server is away."""
        deadline = time.monotonic() + PATIENCE
        while True:
            try:
                return call()
            except (requests.RequestException, psycopg2.OperationalError):
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.3)

    def hire(self):
        """A clerk who has logged in, whatever is away as they try."""

        def log_in():
            with suppress(AssertionError, requests.RequestException):
                return self.new_clerk()

        return eventually(log_in, "no clerk could log in", PATIENCE)

    def visit(self, order):
        """One customer: open, pay, and return, or close the window."""
        session = self.click(order.token)
        if session is None:
            return
        time.sleep(random.uniform(0, 0.5))
        self.pay(session)
        if random.random() < 0.7:
            self.come_back(order.token, session)

    def refund(self, clerk, order, amount, choice):
        """A manager gives money back, in one dialog that is pressed until it says something."""
        found = self.insist(lambda: self.column(BOOKED, order.link))
        if not found:
            return
        values = {"link_id": order.link, "transaction_id": found[0]}
        values |= {"amount": amount, "choice": choice}
        wizard = self.ask(clerk, "payment.link.refund", "create", vals_list=[values])
        if wizard:
            self.ask(clerk, "payment.link.refund", "action_refund", wizard)

    def ask(self, clerk, model, method, ids=None, **arguments):
        """Call a method until there is an answer; a refusal is one.

        :return: what the method returned, or None when it was refused
        """
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            try:
                answer = clerk.try_call(model, method, ids, **arguments)
                if answer.status_code < 500:
                    return answer.json() if answer.status_code == 200 else None
            except requests.RequestException:
                pass
            time.sleep(0.3)
        raise AssertionError(f"{method} of {model}: no answer after {PATIENCE} seconds")

    # -- the schedules --

    def wake(self, *schedules):
        """Let schedules be due now, and wake the cron workers."""
        self.stack.query(
            "UPDATE ir_cron SET nextcall = now() AT TIME ZONE 'UTC' WHERE id IN ("
            " SELECT c.id FROM ir_cron c JOIN ir_model_data d"
            " ON d.model = 'ir.cron' AND d.res_id = c.id WHERE d.name IN %s"
            " FOR UPDATE OF c SKIP LOCKED)",
            [schedules],
        )
        database.execute("postgres", "SELECT pg_notify('cron_trigger', %s)", [self.stack.database])

    # -- what Stripe says --

    def list_all(self, what):
        """All objects of a kind at Stripe, page by page."""
        found, more = [], True
        while more:
            answer = self.insist(partial(self._get_page, what, found))
            found += answer["data"]
            more = answer["has_more"]
        return found

    def _get_page(self, what, found):
        params = {"limit": 100}
        if found:
            params["starting_after"] = found[-1]["id"]
        headers = {"Authorization": f"Bearer {SANDBOX_SECRET_KEY}"}
        answer = requests.get(
            f"{self.stripe.url}/v1/{what}", params=params, headers=headers, timeout=30
        )
        answer.raise_for_status()
        return answer.json()


@contextmanager
def opened(name, source, *, faster=1, workers=2, crons=2):
    """Have a shop: a PostgreSQL of its own, Odoo with worker processes, the sandbox, a mail server.

    :param source: Odoo's, as `preparation.ready()` tells
    :param int faster: how many times as fast the schedules' waiting times pass
    :return: (Shop, Cluster)
    """
    with locks.setup_lock():
        template = templates.addon(source)
    base = database.name(f"{name}_p{os.getpid()}")
    with (
        tempfile.TemporaryDirectory() as orders,
        MailServer() as mail,
        own_cluster(template, base) as cluster,
    ):
        options = (
            f"--max-cron-threads={crons}",
            "--load=base,rpc,web,paylinks_kill_points",
            f"--addons-path={paths.ROOT},{ADDONS}",
            "--smtp=127.0.0.1",
            f"--smtp-port={mail.port}",
        )
        stack = Stack(
            base,
            name=name,
            workers=workers,
            options=options,
            env={"PAYLINKS_KILL_ORDERS": orders, "PAYLINKS_TIMES_FASTER": str(faster)},
            # In memory only: the file would be written whole at each change.
            sandbox_options=("--state", "", "--backoff", ",".join("1" * 60)),
        )
        with stack:
            stack.configure_stripe()
            yield Shop(stack, mail, Path(orders)), cluster
