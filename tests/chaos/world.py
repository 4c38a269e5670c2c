"""One history's world: a business, its customer, Stripe, and all that they can do to each other.

An action that cannot be done at the moment (nothing to pay, a rule of Odoo's forbids it) does
nothing: a history is a list of tries. What must never happen is looked at by ``truths.py``.
"""

import re
from datetime import timedelta

from odoo.addons.serviceflow_paylinks.exceptions import ProcessorError
from odoo.exceptions import AccessError, UserError
from stripe import StripeError

from sandbox import Sandbox, SystemClock

from .browser import Killed
from .messengers import Messengers
from .office import Office
from .street import Street

REFUSALS = (UserError, AccessError, ProcessorError, StripeError, Killed)
KEYS = ("sk_test_4eC39HqLyjWDarjtT1zdp7dc", "sk_test_another1zdp7dc4eC39HqLyjW")
SCHEDULES = (
    "cron_expire_links",
    "cron_send_links",
    "cron_send_reminders",
    "cron_send_texts",
    "cron_sweep_events",
    "cron_sync_checkouts",
)
# What moves when time passes: the columns of Odoo's rows, and the times of Stripe's objects.
COLUMNS = {
    "payment_link": ("expires_at",),
    "payment_transaction": (
        "create_date",
        "checkout_check_at",
        "checkout_expires_at",
        "checkout_paid_at",
    ),
    "payment_link_event": ("create_date", "write_date"),
    "payment_provider": ("paylinks_swept_to", "paylinks_sweep_at"),
}
TIMES = ("created", "expires_at")
FROZEN = re.compile(r'("expires_at": ?)(\d+)')


class ImpatientClock(SystemClock):
    """The machine's time, but nobody waits."""

    def sleep(self, seconds):
        """A slow answer is one that the client has given up by then, as told by its length."""


class World(Office, Street, Messengers):
    """What has come to be in one history, and who can do what.

    :param case: the test: Odoo's environment, the helpers and what was prepared for each history
    """

    def __init__(self, case):
        self.case, self.env, self.wire = case, case.env, case.client
        self._before = self.env.cr.savepoint()
        self.wire.clear()
        self.sandbox = Sandbox(ImpatientClock(), settle_after=None, keys=KEYS)
        self.wire.sandbox = self.sandbox
        case.provider.action_paylinks_create_webhook()
        self.customer = case.customer
        self.drawer = case.drawer  # invoices that nobody has heard of yet
        self.links = self.env["payment.link"]
        self.invoices = self.env["account.move"]
        self.orders = self.env["sale.order"]
        self.events_sent = []
        self.corrected = self.env["account.move"]  # invoices that staff credited or reset
        self.undone = set()  # attempts whose payments were taken off an invoice by that
        self.transfers = []  # by bank: (id of the invoice, currency, amount)
        self.debited = set()  # payment intents that are bank debits
        self.locked = False  # no payment can be posted
        self.put_off = 0  # how often one was not, for that reason
        self.deleted = self.env["payment.link"]  # by staff
        self.misreported = set()  # sessions of which Stripe tells another amount
        self.overtaken = False  # somebody did something while a call was on its way
        self.passed = 0  # seconds that time was moved by
        self.begin_step()
        self.confirmed = {}  # payment intent → when the customer confirmed it, in that time

    def begin_step(self):
        """Forget what was done besides payments in the step before."""
        self.otherwise = set()  # ids of documents that were changed otherwise than by a payment
        self.stirred = False  # somebody was overtaken

    def close(self):
        """Leave nothing behind that another history would stumble over."""
        self.wire.clear()
        self._before.close(rollback=True)
        self.env.invalidate_all()

    # -- time --

    def let_time_pass(self, **kwargs):
        """Move all that has a time into the past by so much; the clocks go on as they are."""
        seconds = int(timedelta(**kwargs).total_seconds())
        self.passed += seconds
        self.env.flush_all()
        events = self.env["payment.link.event"].search([])
        transactions = self.links.sudo().transaction_ids | self.links.sudo().refund_ids
        for records in (self.links, transactions, events, self.case.provider):
            columns = COLUMNS[records._table]
            moves = ", ".join(f"{name} = {name} - %(by)s * interval '1 second'" for name in columns)
            if records:
                self.env.cr.execute(
                    f"UPDATE {records._table} SET {moves} WHERE id IN %(ids)s",
                    {"by": seconds, "ids": tuple(records.ids)},
                )
        self._age_requests(transactions, seconds)
        self.env.invalidate_all()
        self._age_stripe(seconds)

    def _age_requests(self, transactions, seconds):
        """What is frozen in a request names a moment, too; Stripe remembers it with its key."""
        if transactions:
            self.env.cr.execute(
                "UPDATE payment_transaction SET checkout_request = jsonb_set(checkout_request,"
                " '{expires_at}', to_jsonb((checkout_request->>'expires_at')::bigint - %s))"
                " WHERE id IN %s AND checkout_request->>'expires_at' IS NOT NULL",
                [seconds, tuple(transactions.ids)],
            )

        def age(found):
            return f"{found[1]}{int(found[2]) - seconds}"

        for record in self.sandbox.idempotency._kept.values():
            record["at"] -= seconds
            record["parameters"] = FROZEN.sub(age, record["parameters"])
            if record["answer"]:
                record["answer"][1] = FROZEN.sub(age, record["answer"][1])

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
        return self._stripe("checkout.session", states)

    def intents(self, *states):
        return self._stripe("payment_intent", states)

    def refunds(self, *states):
        return self._stripe("refund", states)

    def disputes(self):
        return self._stripe("dispute", ())

    def _stripe(self, kind, states):
        found = self.sandbox.store.tables.get(kind, {}).values()
        return [item for item in found if not states or item["status"] in states]

    def attempts(self):
        """Return every attempt of the history's links, as superuser."""
        return self.links.sudo().transaction_ids

    # -- parts --

    def attempt(self, action):
        """Do it, or be told why not; what is refused leaves no trace.

        :return: whether it was done
        """
        try:
            with self.env.cr.savepoint():
                action()
                self.env.flush_all()
        except REFUSALS:
            self.env.invalidate_all()
            return False
        return True

    def in_own_transaction(self, action):
        """Do something that commits, or be told why not.

        :param action: function of an environment
        """
        try:
            with self.case.other_transaction() as env:
                action(env)
        except REFUSALS:
            return
        finally:
            self.env.invalidate_all()

    # -- the end --

    def settle_everything(self, truths):
        """Faults end, banks answer, messages arrive, schedules run, until nothing moves."""
        self.wire.clear()
        self.sandbox.faults.clear()
        self.sandbox.webhooks.clear()
        self.use_key(KEYS[0])
        self.lock_books(False)
        for intent in self.intents("processing"):
            self.settle(intent)
        for refund in self.refunds("pending"):
            self.settle_refund(refund)
        for passing in ({"minutes": 15}, {"days": 2}, {"days": 2}):
            self.deliver()
            truths.hold()
            self.let_time_pass(**passing)
            for schedule in SCHEDULES:
                self.run(schedule)
            truths.hold()
            truths.nothing_unpayable_is_open()
