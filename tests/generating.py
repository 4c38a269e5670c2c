"""The dialog that makes links: what its tests have in common."""

from odoo import Command
from odoo.tests import Form, new_test_user

from .common import PaylinksCase


class WizardCase(PaylinksCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.clerk = new_test_user(
            cls.env,
            "paylinks_clerk",
            "account.group_account_invoice,serviceflow_paylinks.group_payments_create",
        )

    def open_wizard(self, action, user=None):
        """The dialog as an action opens it, in the web client's way."""
        wizards = self.env[action["res_model"]].with_user(user or self.clerk)
        return Form(wizards.with_context(**action["context"]))

    def open_on(self, records, user=None):
        """The dialog on invoices, or on a customer."""
        action = records.with_user(user or self.clerk).action_generate_payment_link()
        return self.open_wizard(action, user)

    def generate(self, form):
        wizard = form.save()
        wizard.action_generate()
        return wizard

    def make_term(self, *percents):
        """A payment term of so many instalments, a month apart."""
        return self.env["account.payment.term"].create(
            {
                "name": "Instalments",
                "line_ids": [
                    Command.create({"value": "percent", "value_amount": p, "nb_days": 30 * n})
                    for n, p in enumerate(percents, start=1)
                ],
            }
        )
