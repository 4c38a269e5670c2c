"""The rules by which random histories are made."""

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from .truths import Truths
from .world import SCHEDULES, World

AMOUNTS = st.sampled_from([1.0, 19.99, 100.0, 1234.56])
SHARES = st.sampled_from([0.25, 0.5, 1.0])
CARDS = st.sampled_from(["4242424242424242", "4000000000000002", "4000002760003184"])
ACCOUNTS = st.sampled_from(["000123456789", "000111111116"])
TIMES = st.sampled_from(
    [{"minutes": 3}, {"minutes": 11}, {"minutes": 40}, {"hours": 2}, {"days": 1}, {"days": 31}]
)
EXPIRIES = st.sampled_from([None, 1, 24 * 40])
FAULTS = st.sampled_from(
    [
        {"kind": "refused"},
        {"kind": "timeout", "after_effect": True},
        {"kind": "reset", "after_effect": True},
        {"kind": "error"},
        {"kind": "error", "after_effect": True},
        {"kind": "rate_limit"},
        {"kind": "lock"},
        {"kind": "slow", "seconds": 20},
        {"kind": "garbage"},
    ]
)
CALLS = st.sampled_from(
    [("*", "*"), ("POST", "/v1/checkout/sessions"), ("POST", "*/expire"), ("GET", "*")]
)
EVENTS = st.sampled_from(["*", "checkout.session.*", "payment_intent.*"])
NUMBERS = st.integers(min_value=0, max_value=50)


def chosen(items, number):
    """Return one of the items: the newest are the likeliest."""
    return items[-1 - number % min(len(items), 4)]


class Histories(RuleBasedStateMachine):
    """Random histories of one customer's links. ``case`` is set by the test that runs them."""

    case = None

    def __init__(self):
        super().__init__()
        self.world = World(self.case)
        self.truths = Truths(self.world)

    def teardown(self):
        try:
            self.world.settle_everything()
            self.truths.everything_is_right()
        finally:
            self.world.close()

    # -- staff --

    @initialize(amount=AMOUNTS)
    def begin(self, amount):
        self.world.bill(amount)
        self.world.generate(self.world.invoices)

    @rule(amount=AMOUNTS)
    def bill(self, amount):
        self.world.bill(amount)
        self.world.generate(self.world.invoices[-1:])

    @rule(number=NUMBERS)
    def generate(self, number):
        self.world.generate(chosen(self.world.invoices, number))

    @rule(number=NUMBERS, share=SHARES)
    def generate_part(self, number, share):
        self.world.generate_part(chosen(self.world.invoices, number), share)

    @rule(amount=AMOUNTS)
    def generate_custom(self, amount):
        self.world.generate_custom(amount)

    @rule(number=NUMBERS)
    def delete(self, number):
        self._with_link(number, self.world.delete)

    @rule(number=NUMBERS)
    def rotate(self, number):
        self._with_link(number, self.world.rotate)

    @rule(number=NUMBERS, hours=EXPIRIES)
    def edit_expiry(self, number, hours):
        self._with_link(number, self.world.edit_expiry, hours)

    @rule(number=NUMBERS, share=SHARES)
    def pay_by_bank(self, number, share):
        self.world.pay_by_bank(chosen(self.world.invoices, number), share)

    @rule(number=NUMBERS)
    def credit(self, number):
        self.world.credit(chosen(self.world.invoices, number))

    @rule(number=NUMBERS)
    def reset(self, number):
        self.world.reset(chosen(self.world.invoices, number))

    @rule(number=NUMBERS)
    def confirm(self, number):
        self.world.confirm(chosen(self.world.invoices, number))

    @rule(number=NUMBERS)
    def cancel_invoice(self, number):
        self.world.cancel_invoice(chosen(self.world.invoices, number))

    @rule()
    def rotate_keys(self):
        self.world.rotate_keys()

    # -- the customer: clicks and payments come often --

    @rule(number=NUMBERS)
    def open_page(self, number):
        self._with_link(number, self.world.open_page)

    @rule(number=NUMBERS)
    def click(self, number):
        self._with_link(number, self.world.click)

    @rule(number=NUMBERS)
    def click_twice(self, number):
        self._with_link(number, self.world.click, 2)

    @rule(number=NUMBERS)
    def click_and_pay(self, number):
        self._with_link(number, self.world.click)
        self._with_session(number, self.world.pay, "4242424242424242")

    @precondition(lambda self: self.world.sessions("open"))
    @rule(number=NUMBERS, card=CARDS)
    def pay(self, number, card):
        self._with_session(number, self.world.pay, card)

    @precondition(lambda self: self.world.sessions("open"))
    @rule(number=NUMBERS, account=ACCOUNTS)
    def debit(self, number, account):
        self._with_session(number, self.world.debit, account)

    @precondition(lambda self: self.world.sessions())
    @rule(number=NUMBERS)
    def come_back(self, number):
        self.world.come_back(chosen(self.world.sessions(), number))

    # -- the bank, Stripe, the network --

    @precondition(lambda self: self.world.intents("processing"))
    @rule(number=NUMBERS)
    def settle(self, number):
        self.world.settle(chosen(self.world.intents("processing"), number))

    @precondition(lambda self: self.world.intents("processing"))
    @rule(number=NUMBERS)
    def bounce(self, number):
        self.world.bounce(chosen(self.world.intents("processing"), number))

    @precondition(lambda self: self.world.sessions("open"))
    @rule(number=NUMBERS)
    def expire_session(self, number):
        self._with_session(number, self.world.expire_session)

    @rule(fault=FAULTS, call=CALLS, times=st.integers(1, 4))
    def break_stripe(self, fault, call, times):
        self.world.sandbox.faults.add(fault["kind"], *call, times=times, **_options(fault))

    @rule()
    def mend_stripe(self):
        self.world.sandbox.faults.clear()

    # -- messengers --

    @rule()
    def deliver(self):
        self.world.deliver()

    @rule(types=EVENTS)
    def lose(self, types):
        self.world.sandbox.webhooks.lose(types, times=2)

    @rule(types=EVENTS)
    def repeat(self, types):
        self.world.sandbox.webhooks.repeat(2, types, times=2)

    @rule(types=EVENTS)
    def delay(self, types):
        self.world.sandbox.webhooks.delay(3600, types, times=2)

    @rule(how=st.sampled_from(["shuffle", "reverse", None]))
    def reorder(self, how):
        self.world.sandbox.webhooks.reorder(how)

    @rule(number=NUMBERS)
    def replay(self, number):
        self.world.replay(number)

    @precondition(lambda self: self.world.sessions("open"))
    @rule(number=NUMBERS)
    def forge(self, number):
        self._with_session(number, self.world.forge)

    @rule(schedule=st.sampled_from(SCHEDULES))
    def run(self, schedule):
        self.world.run(schedule)

    @rule(time=TIMES)
    def let_time_pass(self, time):
        self.world.let_time_pass(**time)

    # -- always --

    @invariant()
    def is_safe(self):
        self.truths.one_open_session_each()
        self.truths.nobody_is_asked_too_much()

    # -- parts --

    def _with_link(self, number, action, *args):
        if self.world.links:
            action(chosen(self.world.links, number), *args)

    def _with_session(self, number, action, *args):
        if sessions := self.world.sessions("open"):
            action(chosen(sessions, number), *args)


def _options(fault):
    return {name: value for name, value in fault.items() if name != "kind"}
