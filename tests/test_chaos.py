"""Random histories against Odoo, PostgreSQL and the sandbox: nothing lost, nothing twice.

``CHAOS_HISTORIES`` asks for more of them, ``CHAOS_SEED`` for others, ``CHAOS_SHRINK`` tells a
failure by the shortest history that shows it: ``make chaos`` sets all three.
"""

import os
import time
from unittest.mock import patch

import stripe
from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis.internal.conjecture.engine import ConjectureRunner
from hypothesis.stateful import run_state_machine_as_test
from odoo import fields
from odoo.addons.serviceflow_paylinks.models import payment_link_checkout
from odoo.tests import tagged

from .chaos.browser import Browser
from .chaos.errors import Errors
from .chaos.machine import Histories
from .chaos.office import prepare_order
from .chaos.tally import Tally
from .chaos.wire import Wire
from .common import PaylinksCase

HISTORIES, STEPS, SEED = 200, 12, 20261122
FEW = 100  # histories, in which not everything needs to come to be


@tagged("post_install", "-at_install")
class TestChaos(PaylinksCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.client = Wire(cls.sandbox, timeout=10)
        cls.stripe = stripe.StripeClient(
            cls.provider.stripe_secret_key, http_client=cls.client, max_network_retries=0
        ).v1
        accounts, company = cls.env["account.account"], cls.company
        cls.fees = accounts.search(
            [("account_type", "=", "expense"), *accounts._check_company_domain(company)], limit=1
        )
        cls.tips = company.paylinks_tip_account_id = accounts.create(
            {"name": "Tips", "code": "T1PS", "account_type": "income_other"}
        )
        cls.bank = cls.provider.journal_id  # Read once, it stays the provider's.
        cls.env.flush_all()

    def setUp(self):
        super().setUp()
        # What each history begins with: it is rolled back to this.
        eur, jpy = self.activate("EUR", 0.9), self.activate("JPY", 151.37)
        self.drawer = self.env["account.move"].union(
            *map(self.make_invoice, (100.0, 19.99, 1.0, 100.0)),
            *(self.make_invoice(amount, currency=eur) for amount in (1234.56, 60.0)),
            self.make_invoice(15000, currency=jpy),
        )
        self.orders = prepare_order(self) | prepare_order(self, require_signature=True)
        self.browser = Browser(self)
        self.browser.post_form("/pay/none/checkout")
        # A click that finds another one's call under way waits for its page: not here for long.
        self.startPatcher(patch.object(payment_link_checkout, "PATIENCE", 0))
        self.errors = Errors()
        self.errors.attach(self)

    def now(self):
        return fields.Datetime.now()

    def test_histories(self):
        number = int(os.environ.get("CHAOS_HISTORIES") or HISTORIES)
        begun = time.monotonic()
        self._play(int(os.environ.get("CHAOS_SEED") or SEED), number)
        seconds = time.monotonic() - begun
        self.assertGreaterEqual(self.played, number, "so many were asked for")
        print(f"\n{self.played} histories in {seconds:.0f} seconds: {self.tally}")
        self._enough_happened()

    def _enough_happened(self):
        """A product in which nothing can be done breaks no truth: this asks for deeds."""
        if self.tally.histories >= FEW and (missing := self.tally.find_missing()):
            print(f"failed after history {self.played}", flush=True)
            self.fail(f"too little came to be: {missing}")

    def _play(self, chosen, number):
        shrink = (Phase.shrink,) if "CHAOS_SHRINK" in os.environ else ()
        machine = type("Histories", (Histories,), {"case": self})
        # hypothesis would play each history five times more, with one piece of it put in the place
        # of another: of two hundred, forty would be histories of their own.
        self.startPatcher(patch.object(ConjectureRunner, "generate_mutations_from"))
        self.played = self.failed_in = 0
        self.tally = Tally()
        print(f"\nCHAOS_SEED={chosen}: {number} histories", flush=True)
        try:
            run_state_machine_as_test(
                seed(chosen)(machine),
                settings=settings(
                    max_examples=number,
                    stateful_step_count=STEPS,
                    deadline=None,
                    database=None,
                    print_blob=False,
                    report_multiple_bugs=False,
                    suppress_health_check=list(HealthCheck),
                    phases=(Phase.generate, *shrink),
                ),
            )
        finally:
            if self.failed_in:
                print(f"failed in history {self.failed_in}", flush=True)
