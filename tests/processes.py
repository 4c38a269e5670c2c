"""The people and machines that come to a running Odoo at once, on connections of their own.

For tests with real servers (`dev.stack`): nothing in here runs inside Odoo's process.
"""

import json
import threading
import time
from collections import Counter, namedtuple
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from html import unescape
from re import search
from secrets import token_hex

import psycopg2
import requests

from dev.stack import SANDBOX_SECRET_KEY
from sandbox.signing import signature_header

SECONDS = 60  # for an answer; Odoo waits up to 30 between its five tries of a request
IMPATIENT = "SET lock_timeout = '300ms';"
SYNC = "cron_sync_checkouts"


def at_once(*calls):
    """Call all of them at the same instant, each in a thread of its own.

    :return: what they returned, in their order
    """
    barrier = threading.Barrier(len(calls))

    def run(call):
        barrier.wait(SECONDS)
        return call()

    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(run, calls))


@contextmanager
def meanwhile(call, *arguments):
    """Run a call in a thread while the block runs; yields its future and waits for it after."""
    with ThreadPoolExecutor(1) as pool:
        yield pool.submit(call, *arguments)


def eventually(look, what, seconds=20):
    """Look until there is something true to see, and return it."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if found := look():
            return found
        time.sleep(0.02)
    raise AssertionError(f"after {seconds} seconds: {what}")


def _new_session():
    """Cookies of one's own, and a connection for each request, as a proxy before Odoo makes them
    (nginx's default): Odoo's worker does not wait for what the same visitor asks next."""
    session = requests.Session()
    session.headers["Connection"] = "close"
    return session


class Browser:
    """A customer's browser, with its own cookies."""

    def __init__(self, url):
        self._url = url
        self._http = _new_session()
        self._button = None

    @property
    def has_button(self):
        """Whether the page that is open can be paid from."""
        return self._button is not None

    def open(self, token):
        """Open the link's page; remember its button."""
        page = self._http.get(f"{self._url}/pay/{token}", timeout=SECONDS)
        csrf = search(r'name="csrf_token" value="([^"]+)"', page.text)
        self._button = (token, unescape(csrf[1])) if csrf else None
        return page

    def press(self):
        """Press the button of the page that is open; return the answer, not following it."""
        assert self._button, "the page has no button"
        token, csrf = self._button
        return self._http.post(
            f"{self._url}/pay/{token}/checkout",
            data={"csrf_token": csrf},
            allow_redirects=False,
            timeout=SECONDS,
        )

    def click(self, token):
        """Open the page and press its button."""
        self.open(token)
        return self.press()

    def come_back(self, token, session):
        """Return from Stripe's page."""
        return self._http.get(
            f"{self._url}/pay/{token}/return",
            params={"session_id": session},
            allow_redirects=False,
            timeout=SECONDS,
        )


class Clerk:
    """A user of the backend, over `/json/2`."""

    # What a browser sends with a call from its address bar: a session is enough then, without key.
    HEADERS = {
        "Sec-Fetch-Dest": "document",
        "Sec-Fetch-Mode": "navigate",
        "Sec-Fetch-Site": "none",
        "Sec-Fetch-User": "?1",
    }

    def __init__(self, url, db, login="admin", password="admin"):
        self._url = url
        self._http = _new_session()
        login = {"db": db, "login": login, "password": password}
        answer = self._http.post(
            f"{url}/web/session/authenticate", json={"params": login}, timeout=SECONDS
        )
        assert answer.json().get("result", {}).get("uid"), answer.text

    def call(self, model, method, ids=None, **arguments):
        """Call a method, and return what it returns; records come as ids."""
        answer = self.try_call(model, method, ids, **arguments)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def try_call(self, model, method, ids=None, **arguments):
        """Call a method, and return the answer, which may be that it is refused."""
        if ids is not None:
            arguments["ids"] = ids
        return self._http.post(
            f"{self._url}/json/2/{model}/{method}",
            json=arguments,
            headers=self.HEADERS,
            timeout=SECONDS,
        )

    def create(self, model, **values):
        """Create one record and return its id."""
        return self.call(model, "create", vals_list=[values])[0]


class Stripe:
    """The sandbox, its controls, and the genuine events that it made."""

    def __init__(self, url):
        self.url = url

    def control(self, method, path, data=None):
        """Use one of the controls of `sandbox/README.md`."""
        body = None if data is None else json.dumps(data)
        url = f"{self.url}/_sandbox/{path}"
        answer = requests.request(method, url, data=body, timeout=SECONDS)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def sessions(self, invoice, status=None):
        """The sessions that were ever opened for an invoice: for its customer."""
        return [
            session
            for session in self.control("GET", "sessions")
            if session["customer_email"] == invoice.email and status in (None, session["status"])
        ]

    def pay(self, session):
        """The customer pays on Stripe's page."""
        outcome = self.control("POST", f"sessions/{session}/pay", {})
        assert outcome["status"] == "succeeded", outcome

    def order_fault(self, kind, method, path="/v1/checkout/sessions", **options):
        """Order a fault; it strikes once unless `times` says otherwise."""
        data = {"kind": kind, "method": method, "path": path, **options}
        self.control("POST", "faults", data)

    def await_fault(self):
        """Wait until every fault on order has struck: somebody waits for Stripe's answer now."""
        eventually(lambda: not self.control("GET", "faults"), "nobody called Stripe")

    def hush(self):
        """From now on Stripe sends no events."""
        self.control("POST", "webhooks/lose", {})

    def events(self, session, event_type="checkout.session.completed"):
        """The events of a session, as Stripe's API tells them."""
        answer = requests.get(
            f"{self.url}/v1/events",
            params={"type": event_type},
            headers={"Authorization": f"Bearer {SANDBOX_SECRET_KEY}"},
            timeout=SECONDS,
        )
        events = answer.json()["data"]
        return [event for event in events if event["data"]["object"]["id"] == session]

    @contextmanager
    def watch(self, invoice):
        """Count an invoice's open sessions all the time; yields a list of the greatest count."""
        most, done = [0], threading.Event()

        def look():
            while not done.is_set():
                most[0] = max(most[0], len(self.sessions(invoice, "open")))
                done.wait(0.005)

        with meanwhile(look) as watching:
            try:
                yield most
            finally:
                done.set()
        watching.result()

    def list_refunds(self):
        """The newest refunds, as Stripe's API tells them."""
        answer = requests.get(
            f"{self.url}/v1/refunds",
            params={"limit": 100},
            headers={"Authorization": f"Bearer {SANDBOX_SECRET_KEY}"},
            timeout=SECONDS,
        )
        return answer.json()["data"]

    def violations(self):
        """What broke Stripe's contract since the last time; forgets it."""
        found = [violation["text"] for violation in self.control("GET", "violations")]
        self.control("DELETE", "violations")
        return found


Invoice = namedtuple("Invoice", "id, partner, email")


class Office:
    """A stack with a clerk at work: makes invoices and links, and reads the books by SQL."""

    def __init__(self, stack):
        self.stack = stack
        self.stripe = Stripe(stack.sandbox_url)
        self.clerk = self.new_clerk()

    def new_clerk(self):
        return Clerk(self.stack.odoo_url, self.stack.database)

    def new_browser(self):
        return Browser(self.stack.odoo_url)

    # -- work --

    def make_invoice(self, amount=100.0):
        """Post an invoice to a customer of its own."""
        email = f"ada-{token_hex(4)}@example.com"
        partner = self.clerk.create("res.partner", name="Ada Payer", email=email)
        line = {"name": "Boiler service", "price_unit": amount, "tax_ids": [[5, 0, 0]]}
        invoice = self.clerk.create(
            "account.move",
            move_type="out_invoice",
            partner_id=partner,
            invoice_line_ids=[[0, 0, line]],
        )
        self.clerk.call("account.move", "action_post", [invoice])
        return Invoice(invoice, partner, email)

    def make_link(self, invoice):
        """Make the invoice's balance link and return its id."""
        return self.clerk.call("account.move", "generate_payment_links", [invoice.id])[0]

    def make_part_link(self, invoice, amount):
        """Make a link for a part of the invoice and return its id."""
        return self.clerk.create(
            "payment.link", purpose="invoice", invoice_id=invoice.id, amount=amount
        )

    def run_schedule(self, name=SYNC):
        """Run a scheduled action now, as the button in Odoo does."""
        cron = self.value("SELECT res_id FROM ir_model_data WHERE name = %s", name)
        self.clerk.call("ir.cron", "method_direct_trigger", [cron])

    def let_schedule_be_due(self, attempt):
        """Let the time pass that the schedule gives the other messengers."""
        self.stack.query(
            "UPDATE payment_transaction SET checkout_check_at = '2020-01-01' WHERE id = %s",
            [attempt],
        )

    def post_event(self, event):
        """Post an event to our endpoint with the genuine signature, as Stripe does."""
        provider, secret = self.row(
            "SELECT id, paylinks_webhook_secret FROM payment_provider"
            " WHERE paylinks_webhook_secret IS NOT NULL"
        )
        body = json.dumps(event).encode()
        signature = signature_header(body, [secret], int(time.time()))
        return requests.post(
            f"{self.stack.odoo_url}/paylinks/stripe/webhook/{provider}",
            data=body,
            headers={"Content-Type": "application/json", "Stripe-Signature": signature},
            timeout=SECONDS,
        )

    # -- crashes --

    def crash(self):
        """Odoo dies at once, in the middle of whatever it does."""
        self.stack.kill_odoo()

    def recover(self):
        """Odoo starts again on the same database."""
        self.stack.start_odoo()

    def count_logged(self, words):
        """How many times Odoo's log has these words, since it started."""
        return self.stack.odoo.output().count(words)

    # -- other transactions --

    def change_elsewhere(self, table, ref):
        """Let another transaction change a row now; fails if somebody holds the row's lock."""
        self.stack.query(f"{IMPATIENT} UPDATE {table} SET id = id WHERE id = %s", [ref])

    @contextmanager
    def held_up(self, table, column, ref, change=False):
        """While the block runs, another transaction holds rows; fails if somebody has them.

        :param change: it has changed them in the end, not only held: PostgreSQL then refuses those
            who waited
        :return: what tells whether somebody waits for the rows
        """
        connection = psycopg2.connect(dbname=self.stack.database)
        try:
            with connection.cursor() as cursor:
                cursor.execute(f"{IMPATIENT} UPDATE {table} SET id = id WHERE {column} = %s", [ref])
            yield lambda: self.column(
                "SELECT pid FROM pg_stat_activity WHERE %s = ANY(pg_blocking_pids(pid))",
                connection.info.backend_pid,
            )
            if change:
                connection.commit()
        finally:
            connection.close()

    # -- the books --

    def row(self, statement, *parameters):
        [row] = self.stack.query(statement, parameters)
        return row

    def value(self, statement, *parameters):
        return self.row(statement, *parameters)[0]

    def column(self, statement, *parameters):
        return [row[0] for row in self.stack.query(statement, parameters)]

    def token(self, link):
        return self.value("SELECT token FROM payment_link WHERE id = %s", link)

    def attempts(self, invoice):
        """The ids of the invoice's attempts, the oldest first."""
        return self.column(
            "SELECT id FROM payment_transaction WHERE checkout_scope = %s ORDER BY id",
            f"account.move,{invoice.id}",
        )

    def checkout_ref(self, attempt):
        return self.value("SELECT checkout_ref FROM payment_transaction WHERE id = %s", attempt)

    def ledger(self, attempt):
        """How many events of an attempt the ledger holds: {state: count}."""
        statement = "SELECT state FROM payment_link_event WHERE transaction_id = %s"
        return Counter(self.column(statement, attempt))

    def payments(self, invoice):
        """The amounts of the customer's payments in the books."""
        return self.column(
            "SELECT amount::float FROM account_payment"
            " WHERE partner_id = %s AND state IN ('in_process', 'paid')",
            invoice.partner,
        )

    def payment_state(self, invoice):
        return self.value("SELECT payment_state FROM account_move WHERE id = %s", invoice.id)
