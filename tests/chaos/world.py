"""One history's world: a business, its customer, Stripe, and all that they can do to each other.

An action that cannot be done at the moment (nothing to pay, a rule of Odoo's forbids it) does
nothing: a history is a list of tries. What must never happen is looked at by ``truths.py``.
"""

import re
from datetime import timedelta

from odoo import fields
from odoo.addons.serviceflow_paylinks.exceptions import ProcessorError
from odoo.exceptions import AccessError, UserError

from sandbox import Sandbox, SystemClock
from sandbox.errors import ApiError
from sandbox.sessions import Closed

REFUSALS = (UserError, AccessError, ProcessorError)
SCHEDULES = ("cron_sync_checkouts", "cron_expire_links", "cron_send_links", "cron_send_reminders")
# What moves when time passes: the columns of Odoo's rows, and the times of Stripe's objects.
COLUMNS = {
    "payment_link": ("expires_at",),
    "payment_transaction": ("create_date", "checkout_check_at", "checkout_expires_at"),
    "payment_link_event": ("create_date", "write_date"),
}
TIMES = ("created", "expires_at")


class ImpatientClock(SystemClock):
    """The machine's time, but nobody waits."""

    def sleep(self, seconds):
        """A slow answer is one that the client has given up by then, as told by its length."""


class World:
    """What has come to be in one history, and who can do what.

    :param case: the `PaylinksCase` that holds Odoo's environment and the helpers
    """

    def __init__(self, case):
        self.case = case
        self.sandbox = Sandbox(ImpatientClock(), settle_after=None)
        case.use_sandbox(self.sandbox)
        self.env = case.env
        self.customer = self.env["res.partner"].create(
            {"name": "Ada Payer", "email": "ada@example.com", "country_id": case.usd_country.id}
        )
        self.links = self.env["payment.link"]
        self.invoices = self.env["account.move"]
        self.events_sent = []
        self.touched = set()  # invoices whose payments staff may have unmatched

    def close(self):
        """Leave nothing behind that another history would stumble over."""
        self.sandbox.faults.clear()
        self.case.assertFalse(list(self.sandbox.violations), "Stripe's contract was kept")

    # -- staff --

    def bill(self, amount):
        """Post an invoice."""
        self.invoices |= self.case.make_invoice(amount, partner=self.customer)

    def generate(self, invoice):
        """Make the invoice's link."""
        self._attempt(lambda: self._keep(invoice.generate_payment_links()))

    def generate_part(self, invoice, share):
        """Make another link for a part of the invoice."""
        amount = round(invoice.amount_total * share, 2)
        values = {"purpose": "invoice", "invoice_id": invoice.id, "amount": amount}
        self._attempt(lambda: self._keep(self.env["payment.link"].create(values)))

    def generate_custom(self, amount):
        """Make a link for no document."""
        values = {"purpose": "custom", "partner_id": self.customer.id, "amount": amount}
        self._attempt(lambda: self._keep(self.env["payment.link"].create(values)))

    def delete(self, link):
        self._attempt(link.cancel)

    def rotate(self, link):
        self._attempt(link.rotate_token)

    def edit_expiry(self, link, hours):
        """Let the link expire so many hours from now; None: never."""
        moment = fields.Datetime.now() + timedelta(hours=hours) if hours else False
        self._attempt(lambda: link.write({"expires_at": moment}))

    def pay_by_bank(self, invoice, share):
        """Register a bank transfer of a share of what is open."""
        amount = invoice.currency_id.round(invoice.amount_residual * share)
        if amount > 0 and invoice.state == "posted":
            self._attempt(lambda: self.case.pay_by_bank_transfer(invoice, amount))

    def credit(self, invoice):
        """Reverse the invoice by a credit note."""
        if invoice.state != "posted" or invoice.payment_state in ("paid", "reversed"):
            return
        self._attempt(lambda: invoice._reverse_moves(cancel=True))

    def reset(self, invoice):
        if invoice.state == "posted":
            self._attempt(invoice.button_draft)

    def confirm(self, invoice):
        if invoice.state == "draft":
            self._attempt(invoice.action_post)

    def cancel_invoice(self, invoice):
        if invoice.state == "draft":
            self._attempt(invoice.button_cancel)

    def rotate_keys(self):
        """Ask Stripe for a new webhook; the secret before it is still good."""
        self._attempt(self.case.provider.action_paylinks_create_webhook)

    # -- the customer --

    def open_page(self, link):
        """Look at the page: whatever the link's state, it is a page."""
        answer = self.case.open_page(link)
        expected = 404 if link.state == "cancelled" else 200
        self.case.assertEqual(answer.status_code, expected)
        self.env.invalidate_all()

    def click(self, link, times=1):
        """Press Pay, once or more, as the page's form does."""
        for _time in range(times):
            answer = self._post(self.case.path(link, "/checkout"))
            self.case.assertIn(answer.status_code, (303, 404, 503), answer.text[-600:])

    def _post(self, path):
        """Post the page's form, whichever page gave its token."""
        blank = self.case.url_open("/web/login")
        token = re.search(r'csrf_token: "([^"]+)"|name="csrf_token" value="([^"]+)"', blank.text)
        data = {"csrf_token": token[1] or token[2]}
        answer = self.case.url_open(path, data=data, allow_redirects=False)
        self.env.invalidate_all()
        return answer

    def pay(self, session, card):
        self._at_stripe(lambda: self.sandbox.customer.pay(session["id"], card=card))

    def debit(self, session, account):
        self._at_stripe(lambda: self.sandbox.customer.pay_by_bank(session["id"], account))

    def come_back(self, session):
        """Return from Stripe's page by the address that Stripe was given."""
        path = re.sub(r"^https?://[^/]+", "", self.sandbox.sessions.return_url(session))
        answer = self.case.url_open(path)
        self.case.assertIn(answer.status_code, (200, 404))
        self.env.invalidate_all()

    # -- the bank and Stripe's dashboard --

    def settle(self, intent):
        self._at_stripe(lambda: self.sandbox.bank.settle(intent))

    def bounce(self, intent):
        self._at_stripe(lambda: self.sandbox.bank.fail(intent))

    def expire_session(self, session):
        self._at_stripe(lambda: self.sandbox.dashboard.expire(session))

    # -- messengers --

    def deliver(self):
        """Deliver what is due; the answers count: all but 2xx comes again."""

        def post(url, body, headers):
            answer = self.case.url_open(
                re.sub(r"^https?://[^/]+", "", url), data=body, headers=headers
            )
            self.case.assertLess(answer.status_code, 500, "the webhook never fails")
            self.events_sent.append((body, headers))
            return answer.status_code

        self.sandbox.webhooks.deliver(post)
        self.env.invalidate_all()

    def replay(self, number):
        """Somebody posts an old delivery once more, as it was."""
        if self.events_sent:
            body, headers = self.events_sent[number % len(self.events_sent)]
            self._notify(body, headers)

    def forge(self, session):
        """Somebody without the secret claims that a session was paid."""
        paid = {**session, "status": "complete", "payment_status": "paid"}
        body, headers = self.sandbox.webhooks.craft(
            "checkout.session.completed", paid, secret="whsec_of_somebody_else"
        )
        self.case.assertEqual(self._notify(body, headers), 400)

    def _notify(self, body, headers):
        path = f"/paylinks/stripe/webhook/{self.case.provider.id}"
        answer = self.case.url_open(path, data=body, headers=headers)
        self.env.invalidate_all()
        return answer.status_code

    def run(self, schedule):
        self.case.run_schedule(schedule)

    # -- time --

    def let_time_pass(self, **kwargs):
        """Move all that has a time into the past by so much; the clocks go on as they are."""
        seconds = int(timedelta(**kwargs).total_seconds())
        self.env.flush_all()
        transactions = self.links.sudo().transaction_ids
        events = self.env["payment.link.event"].search(
            [("provider_id", "=", self.case.provider.id)]
        )
        for records in (self.links, transactions, events):
            columns = COLUMNS[records._table]
            moves = ", ".join(f"{name} = {name} - %(by)s * interval '1 second'" for name in columns)
            if records:
                self.env.cr.execute(
                    f"UPDATE {records._table} SET {moves} WHERE id IN %(ids)s",
                    {"by": seconds, "ids": tuple(records.ids)},
                )
        self.env.invalidate_all()
        self._age_stripe(seconds)

    def _age_stripe(self, seconds):
        store = self.sandbox.store
        for table in store.tables.values():
            for item in table.values():
                for name in TIMES:
                    if isinstance(item.get(name), int):
                        item[name] -= seconds
        for job in store._jobs:
            job[0] -= seconds
        for delivery in self.sandbox.webhooks.queue:
            delivery.due_at -= seconds
        self.sandbox.tick()

    # -- what there is --

    def sessions(self, *states):
        """Return Stripe's sessions in these states, the oldest first."""
        found = reversed(self.sandbox.store.all("checkout.session"))
        return [session for session in found if not states or session["status"] in states]

    def intents(self, *states):
        found = reversed(self.sandbox.store.all("payment_intent"))
        return [intent for intent in found if not states or intent["status"] in states]

    # -- parts --

    def _attempt(self, action):
        """Do it, or be told why not; what is refused leaves no trace."""
        try:
            with self.env.cr.savepoint():
                action()
                self.env.flush_all()
        except REFUSALS:
            self.env.invalidate_all()

    def _at_stripe(self, action):
        try:
            action()
        except (Closed, ApiError, ValueError):
            return

    def _keep(self, links):
        self.links |= links

    def settle_everything(self):
        """Faults end, banks answer, messages arrive, schedules run, until nothing moves."""
        self.sandbox.faults.clear()
        self.sandbox.webhooks.clear()
        for intent in self.intents("processing"):
            self.settle(intent)
        for _round in range(3):
            self.deliver()
            self.let_time_pass(days=2)
            for schedule in SCHEDULES:
                self.run(schedule)
