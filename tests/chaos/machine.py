"""The rules by which random histories are made."""

import sys

from hypothesis import strategies as st
from hypothesis.errors import StopTest
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from .choices import (
    ACCOUNTS,
    BEGINNINGS,
    BOOKINGS,
    CALLS,
    CARDS,
    DECLINED,
    EVENTS,
    EXPIRIES,
    FAULTS,
    FORGERIES,
    HOW_OFTEN,
    MISREPORTS,
    NUMBERS,
    SHARES,
    TIMES,
    chosen,
)
from .means import Means
from .truths import Truths
from .world import KEYS, SCHEDULES, World

BOOL = st.booleans()


class Histories(Means, RuleBasedStateMachine):
    """Random histories of one customer's links. ``case`` is set by the test that runs them."""

    case = None

    def __init__(self):
        super().__init__()
        self.case.played += 1
        self.world = World(self.case)
        self.case.errors.begin(self.world)
        self.truths = self.case.truths = Truths(self.world)

    def teardown(self):
        try:
            if sys.exc_info()[0]:
                self._note_failure()
            else:
                self.world.settle_everything(self.truths)
                self.truths.everything_is_right()
                self.truths.contract_was_kept()
                self.case.tally.add(self.world, self.truths)
        except Exception:
            self._note_failure()
            raise
        finally:
            self.world.close()

    def _note_failure(self):
        if not isinstance(sys.exc_info()[1], StopTest):
            self.case.failed_in = self.case.failed_in or self.case.played

    @invariant()
    def is_safe(self):
        self.truths.hold()

    # -- staff: links --

    @initialize(
        number=NUMBERS,
        what=st.sampled_from(["invoice", "invoice", "invoice", "deposit", "custom"]),
        how_far=st.sampled_from(BEGINNINGS),
        choice=BOOKINGS,
    )
    def begin(self, number, what, how_far, choice):
        """A link, of an invoice mostly; most histories begin with more than that."""
        if what == "invoice":
            self.world.bill(number)
        elif what == "deposit":
            self.world.quote(0)
        else:
            self.world.generate_custom(50.0)
        self._go_on(number, how_far, choice)

    @rule(number=NUMBERS)
    def bill(self, number):
        self.world.bill(number)

    @rule(number=NUMBERS)
    def generate(self, number):
        if self.world.invoices:
            self.world.generate(chosen(self.world.invoices, number))

    @rule(number=NUMBERS, share=SHARES)
    def generate_part(self, number, share):
        if self.world.invoices:
            self.world.generate_part(chosen(self.world.invoices, number), share)

    @rule(amount=st.sampled_from([1.0, 19.99, 100.0]))
    def generate_custom(self, amount):
        self.world.generate_custom(amount)

    @rule(number=NUMBERS)
    def quote(self, number):
        self.world.quote(number)

    @rule(number=NUMBERS)
    def sign(self, number):
        if self.world.orders:
            self.world.sign(chosen(self.world.orders, number))

    @rule(number=NUMBERS)
    def delete(self, number):
        self.world.delete(self._link(number))

    @rule(number=NUMBERS)
    def rotate(self, number):
        self.world.rotate(self._link(number))

    @rule(number=NUMBERS, hours=EXPIRIES)
    def edit_expiry(self, number, hours):
        self.world.edit_expiry(self._link(number), hours)

    @rule(number=NUMBERS)
    def charge_card(self, number):
        self.world.charge_card(self._link(number))

    # -- staff: documents --

    @rule(number=NUMBERS, share=SHARES)
    def pay_by_bank(self, number, share):
        if self.world.invoices:
            self.world.pay_by_bank(chosen(self.world.invoices, number), share)

    @rule(number=NUMBERS)
    def credit(self, number):
        if self.world.invoices:
            self.world.credit(chosen(self.world.invoices, number))

    @rule(number=NUMBERS)
    def reset(self, number):
        if self.world.invoices:
            self.world.reset(chosen(self.world.invoices, number))

    @rule(number=NUMBERS)
    def confirm(self, number):
        if self.world.invoices:
            self.world.confirm(chosen(self.world.invoices, number))

    @rule(number=NUMBERS)
    def cancel_invoice(self, number):
        if self.world.invoices:
            self.world.cancel_invoice(chosen(self.world.invoices, number))

    @rule(number=NUMBERS)
    def cancel_order(self, number):
        if self.world.orders:
            self.world.cancel_order(chosen(self.world.orders, number))

    # -- staff: refunds, disputes, settings --

    @rule(number=NUMBERS, share=SHARES, choice=BOOKINGS)
    def refund(self, number, share, choice):
        if attempts := self._paid(number).filtered(lambda tx: tx._get_refundable() > 0):
            self.world.refund(chosen(attempts, number), share, choice)

    @rule(number=NUMBERS, share=SHARES, choice=BOOKINGS)
    def book_refund(self, number, share, choice):
        """Say what becomes of a refund that was made at Stripe."""
        if not self.world.links.sudo()._get_refunds_to_book():
            self.refund_at_stripe(number, share)
            self.world.deliver()
        if refunds := self.world.links.sudo()._get_refunds_to_book():
            self.world.book_refund(chosen(refunds, number), choice)

    @rule(number=NUMBERS, share=SHARES, choice=st.sampled_from(["outstanding", "debit"]))
    def book_dispute(self, number, share, choice):
        if not self.world.links.sudo().dispute_ids:
            self.dispute(number, share, False)
            self.world.deliver()
        if disputes := self.world.links.sudo().dispute_ids:
            dispute = chosen(disputes, number)
            self.world.book_dispute(dispute, choice)
            self.truths.dispute_is_booked(dispute)

    @rule(parts=BOOL, tips=BOOL)
    def choose_options(self, parts, tips):
        self.world.choose_options(parts, tips)

    @rule(locked=BOOL)
    def lock_books(self, locked):
        self.world.lock_books(locked)

    @rule()
    def make_webhook(self):
        self.world.make_webhook()

    @rule(overlap=st.sampled_from([0, 86_400]))
    def roll_secret(self, overlap):
        self.world.roll_secret(overlap)

    @rule(key=st.sampled_from([*KEYS, "sk_test_of_nobody"]))
    def use_key(self, key):
        self.world.use_key(key)

    # -- the customer --

    @rule(number=NUMBERS)
    def open_page(self, number):
        self.world.open_page(self._link(number))

    @rule(number=NUMBERS, times=st.sampled_from([1, 2]))
    def click(self, number, times):
        self.world.click(self._link(number), times)

    @rule(number=NUMBERS, share=SHARES)
    def click_each(self, number, share):
        """Press Pay on two links of one invoice."""
        if self.world.invoices:
            invoice = chosen(self.world.invoices, number)
            self.world.generate_part(invoice, share)
            for link in self.world.links.filtered(lambda link: link.invoice_id == invoice)[-2:]:
                self.world.click(link)

    @rule(number=NUMBERS, part=SHARES, tip=st.sampled_from([None, 0.5]), then=BOOL)
    def click_with_choice(self, number, part, tip, then):
        """Type a part to pay, or a tip, and press Pay; then pay that, or not."""
        self.world.choose_options(True, True)
        self.world.click(self._link(number), 1, part, tip)
        if then and (sessions := self.world.sessions("open")):
            self.world.pay(sessions[-1], "4242424242424242")
            self.world.deliver()

    @rule(number=NUMBERS, card=CARDS, again=BOOL)
    def pay(self, number, card, again):
        if session := self._session(number):
            self.world.pay(session, card)
            if again:
                self.world.come_back(session)

    @rule(number=NUMBERS, card=CARDS)
    def pay_and_be_told(self, number, card):
        if session := self._session(number):
            self.world.pay(session, card)
            self.world.deliver()

    @rule(number=NUMBERS, card=DECLINED)
    def decline(self, number, card):
        if session := self._session(number):
            self.world.pay(session, card)

    @rule(number=NUMBERS, account=ACCOUNTS)
    def debit(self, number, account):
        if session := self._session(number):
            self.world.debit(session, account)

    @rule(number=NUMBERS)
    def come_back(self, number):
        if sessions := self.world.sessions():
            self.world.come_back(chosen(sessions, number))

    @rule(number=NUMBERS)
    def pay_late(self, number):
        """The page is open, and all that was owed is paid or gone before it is paid."""
        if session := self._session(number):
            link = self.truths._attempt_of(session).payment_link_id
            if number % 3 == 0:
                self.world.delete(link)
            elif number % 3 == 1 and link.invoice_id:
                self.world.pay_by_bank(link.invoice_id, 0.5)
            else:
                self.world.edit_expiry(link, 1)
                self.world.let_time_pass(hours=2)
            self.world.pay(session, "4242424242424242")

    @rule(number=NUMBERS)
    def pay_just_in_time(self, number):
        """The link expires after the customer has paid, and before Odoo hears of it."""
        if session := self._session(number):
            self.world.edit_expiry(self.truths._attempt_of(session).payment_link_id, 1)
            self.world.pay(session, "4242424242424242")
            self.world.let_time_pass(hours=2)

    # -- the bank, Stripe, the network --

    @rule(number=NUMBERS, settles=BOOL)
    def end_debit(self, number, settles):
        if not self.world.intents("processing"):
            self.debit(number, "000123456789")
            self.world.deliver()
        if intents := self.world.intents("processing"):
            (self.world.settle if settles else self.world.bounce)(chosen(intents, number))

    @rule(number=NUMBERS)
    def expire_session(self, number):
        if session := self._session(number):
            self.world.expire_session(session)

    @rule(number=NUMBERS, what=MISREPORTS)
    def misreport(self, number, what):
        if session := self._session(number):
            self.world.misreport(session, what)

    @rule(number=NUMBERS, share=SHARES)
    def refund_at_stripe(self, number, share):
        if intents := self._succeeded(number):
            self.world.refund_at_stripe(chosen(intents, number), share)

    @rule(number=NUMBERS, arrives=BOOL)
    def end_refund(self, number, arrives):
        if refunds := self.world.refunds("pending", "succeeded"):
            refund = chosen(refunds, number)
            (self.world.settle_refund if arrives else self.world.fail_refund)(refund)

    @rule(number=NUMBERS, share=SHARES, inquiry=BOOL)
    def dispute(self, number, share, inquiry):
        if intents := self._succeeded(number):
            self.world.dispute(chosen(intents, number), share, inquiry)

    @rule(number=NUMBERS, won=st.sampled_from([True, False, None]))
    def end_dispute(self, number, won):
        if not self.world.disputes():
            self.dispute(number, 1.0, False)
        if disputes := self.world.disputes():
            dispute = chosen(disputes, number)
            if won is None:
                self.world.withdraw(dispute)
            else:
                self.world.close_dispute(dispute, won)

    @rule(fault=FAULTS, call=CALLS, times=HOW_OFTEN)
    def break_stripe(self, fault, call, times):
        self.world.sandbox.faults.clear()
        options = {name: value for name, value in fault.items() if name != "kind"}
        self.world.sandbox.faults.add(fault["kind"], *call, times=times, **options)

    @rule()
    def mend_stripe(self):
        self.world.sandbox.faults.clear()

    @rule(call=CALLS, after_effect=BOOL)
    def kill_worker(self, call, after_effect):
        self.world.wire.die(call, after_effect)

    @rule(call=CALLS, after_effect=BOOL, number=NUMBERS)
    def be_overtaken(self, call, after_effect, number):
        """While the next call is on its way, somebody else does something."""
        link = self._link(number)
        self.world.overtake(call, after_effect, link, number)

    # -- messengers --

    @rule()
    def deliver(self):
        self.world.deliver()

    @rule(how=st.sampled_from(["lose", "repeat", "delay", "shuffle", "reverse"]), types=EVENTS)
    def disturb(self, how, types):
        """The next deliveries are lost, come twice, late, or in another order."""
        webhooks = self.world.sandbox.webhooks
        if how == "lose":
            webhooks.lose(types, times=2)
        elif how == "repeat":
            webhooks.repeat(2, types, times=2)
        elif how == "delay":
            webhooks.delay(3600, types, times=2)
        else:
            webhooks.reorder(how)

    @rule(number=NUMBERS)
    def replay(self, number):
        self.world.replay(number)

    @rule(number=NUMBERS, how=FORGERIES)
    def forge(self, number, how):
        if session := self._session(number):
            self.world.forge(session, how)

    @rule(schedule=st.sampled_from(SCHEDULES))
    def run(self, schedule):
        self.world.run(schedule)

    @rule(time=TIMES)
    def let_time_pass(self, time):
        self.world.let_time_pass(**time)
