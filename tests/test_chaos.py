"""Random histories against Odoo, PostgreSQL and the sandbox: nothing lost, nothing twice.

``CHAOS_HISTORIES`` asks for more of them, ``CHAOS_SEED`` for others; with ``CHAOS_SHRINK`` a
failure is told by the shortest history that shows it.
"""

import logging
import os
from unittest.mock import patch

from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis.stateful import run_state_machine_as_test
from odoo import fields
from odoo.addons.serviceflow_paylinks.models import payment_link_checkout
from odoo.tools import mute_logger

from .chaos.machine import Histories
from .common import PaylinksCase

NOISY = ("odoo.addons.serviceflow_paylinks", "odoo.http", "werkzeug", "odoo.sql_db")


class TestChaos(PaylinksCase):
    def setUp(self):
        super().setUp()
        self.usd_country = self.env.ref("base.us")
        # A click that finds another one's call under way waits for its page: not here for long.
        self.startPatcher(patch.object(payment_link_checkout, "PATIENCE", 0))
        for name in NOISY:
            self._quiet(name)

    def _quiet(self, name):
        logger = logging.getLogger(name)
        before = logger.level
        logger.setLevel(logging.CRITICAL)
        self.addCleanup(logger.setLevel, before)

    def now(self):
        return fields.Datetime.now()

    def use_sandbox(self, sandbox):
        """Let a history's own sandbox play Stripe from now on."""
        self.client.sandbox = sandbox
        self.env["payment.link.event"].search([]).unlink()
        self.provider.action_paylinks_create_webhook()

    @mute_logger("odoo.tests")
    def test_histories(self):
        number = int(os.environ.get("CHAOS_HISTORIES") or 25)
        phases = (
            (Phase.generate, Phase.shrink) if "CHAOS_SHRINK" in os.environ else (Phase.generate,)
        )
        chosen = int(os.environ.get("CHAOS_SEED") or 20261122)
        machine = type("Histories", (Histories,), {"case": self})
        run_state_machine_as_test(
            seed(chosen)(machine),
            settings=settings(
                max_examples=number,
                stateful_step_count=30,
                deadline=None,
                database=None,
                print_blob=False,
                suppress_health_check=list(HealthCheck),
                phases=phases,
            ),
        )
