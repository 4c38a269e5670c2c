"""What the tests of rights share: the users, and one of each thing they might lay hands on."""

import contextlib
import functools

import stripe
from odoo import Command
from odoo.tests import new_test_user

from . import rights, rights_of_money
from .common import PaylinksCase
from .rights import GROUPS, STAFF

TABLE = [*rights.TABLE, *rights_of_money.TABLE]
QUIET = ("odoo.http", "odoo.models", "odoo.addons.base.models.ir_rule", "odoo.sql_db")


class RightsCase(PaylinksCase):
    """The users, and one of each thing that they might lay hands on."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.other_company = cls.env["res.company"].create({"name": "Other Ltd"})
        cls.users = {name: cls._make_user(name) for name in GROUPS if name != "public"}
        cls.users["public"] = cls.env.ref("base.public_user")
        cls.order = cls.make_boiler_order()
        cls.spare_provider = cls.provider.copy()

    @classmethod
    def _make_user(cls, name):
        values = {}
        if name == "stranger":
            company = cls.other_company
            values = {"company_id": company.id, "company_ids": [Command.set(company.ids)]}
        groups = GROUPS[name]
        if name in STAFF:
            groups += ",base.group_allow_export"
        return new_test_user(cls.env, f"paylinks_{name}", groups, **values)

    def setUp(self):
        super().setUp()
        # What a test did is undone here, but not at the sandbox.
        self.provider.action_paylinks_create_webhook()
        self.link = self.make_link()
        self.invoice = self.link.invoice_id
        self.attempt = self.pay(self.make_link())
        self.deliver_webhooks()
        self.event = self.env["payment.link.event"].search([], limit=1)
        self.partial = self.env["account.partial.reconcile"].search([], limit=1)
        self.assertTrue(self.event and self.partial)
        self._give_back()
        self.card = self._save_card(self.customer)
        self.card_of_another = self._save_card(self.env["res.partner"].create({"name": "Bea"}))
        self.rule = self.env["payment.link.reminder.rule"].create({"company_id": self.company.id})
        self.notification = self.env["mail.notification"].create(
            {
                "mail_message_id": self.link.message_post(body="Hello").id,
                "res_partner_id": self.customer.id,
                "notification_type": "email",
            }
        )

    @functools.cached_property
    def message(self):
        return self.env["payment.link.message"]._ask([{"link": self.link, "channel": "email"}])

    def _give_back(self):
        """A refund made at Stripe that nobody has booked, and a dispute."""
        refunded, disputed = self.pay(self.make_link()), self.pay(self.make_link())
        self.deliver_webhooks()
        self.sandbox.dashboard.refund(refunded.provider_reference)
        self.sandbox.bank.open_dispute(disputed.provider_reference)
        self.deliver_webhooks()
        self.refund = refunded.payment_link_id.refund_ids
        self.dispute = disputed.payment_link_id.dispute_ids
        self.assertTrue(self.refund and self.dispute)
        domain = self.env["account.account"]._check_company_domain(self.company)
        self.dispute.fee_account_id = self.env["account.account"].search(
            [("account_type", "=", "expense"), *domain], limit=1
        )

    def _save_card(self, partner):
        """A card that the partner has saved, at Stripe as well."""
        at_stripe = stripe.StripeClient(
            self.provider.stripe_secret_key, http_client=self.client, max_network_retries=0
        ).v1
        owner = at_stripe.customers.create({"name": partner.name})
        card = at_stripe.payment_methods.attach("pm_card_visa", {"customer": owner.id})
        self.client.calls.clear()
        return self.env["payment.token"].create(
            {
                "provider_id": self.provider.id,
                "payment_method_id": self.provider._paylinks_payment_method().id,
                "partner_id": partner.id,
                "payment_details": card.card.last4,
                "provider_ref": owner.id,
                "stripe_payment_method": card.id,
            }
        )

    @contextlib.contextmanager
    def undone(self):
        """What is done in it is undone in the database."""
        with self.env.cr.savepoint() as savepoint:
            yield
            self.env.flush_all()
            savepoint.rollback()
        self.env.invalidate_all()
        self.client.calls.clear()

    # -- what a row's call is made of --

    def on(self, records, **kwargs):
        return records.ids, kwargs

    def call(self, **kwargs):
        return None, kwargs

    def own(self, model, values):
        """A wizard that belongs to the user at hand, who may or may not be able to make one."""
        return self.env[model].with_user(self.user).sudo().create(values)

    def _make_key(self, user):
        expiry = self.env.cr.now().replace(year=2099)
        keys = self.env["res.users.apikeys"].with_user(user).sudo()
        return keys._generate("rpc", "test", expiry)

    def fill(self, model, values):
        """As ``own``, where nobody makes one by hand, too."""
        dialog = self.env[model].create(values)
        self.env.flush_all()
        self.env.cr.execute(
            f"UPDATE {dialog._table} SET create_uid = %s WHERE id = %s", [self.user.id, dialog.id]
        )
        dialog.invalidate_recordset()
        return dialog
