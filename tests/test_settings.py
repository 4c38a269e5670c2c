"""Settings → Payments: for administrators, and the same for managers who are none."""

from unittest.mock import patch

from lxml import etree
from odoo import Command
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import Form, new_test_user
from odoo.tools import mute_logger

from .common import PaylinksCase

MODULE = "serviceflow_paylinks"
WIZARDS = f"odoo.addons.{MODULE}.wizards.payment_link_connect"
TEST_KEYS = {"publishable_key": "pk_test_newnewnew", "secret_key": "sk_test_newnewnew"}
LIVE_KEYS = {"publishable_key": "pk_live_newnewnew", "secret_key": "sk_live_newnewnew"}
MAGIC = {"id", "display_name", "create_uid", "create_date", "write_uid", "write_date"}
# Named as in the settings of Sales: one page never writes two values.
OF_SALES = {"portal_confirmation_pay", "prepayment_percent"}


class TestManagerSettings(PaylinksCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.manager = new_test_user(cls.env, "boss", f"{MODULE}.group_payments_manage")
        cls.clerk = new_test_user(cls.env, "clerk", f"{MODULE}.group_payments_create")
        cls.other_company = cls.env["res.company"].create({"name": "Other Ltd"})

    def _settings(self, user=None):
        return self.env["payment.link.settings"].with_user(user or self.manager)

    def _names_in(self, model, user):
        """The fields of the Payments app of a user's settings page."""
        arch = self.env[model].with_user(user).get_view(None, "form")["arch"]
        (app,) = etree.fromstring(arch).xpath("//app[@name='serviceflow_paylinks']")
        return {field.get("name") for field in app.iter("field")}

    def test_managers_see_every_option_of_the_administrators(self):
        options = {
            name
            for name in self.env["payment.link.options"]._fields
            if name.startswith("paylinks") or name in OF_SALES
        }
        administrators = self._names_in("res.config.settings", self.env.ref("base.user_admin"))
        managers = self._names_in("payment.link.settings", self.manager)
        self.assertEqual(managers, options)
        self.assertLess(options, administrators)

    def test_managers_reach_the_reminders_from_there(self):
        action = self.env.ref(f"{MODULE}.payment_link_reminder_rule_action")
        for model, user in (
            ("res.config.settings", self.env.ref("base.user_admin")),
            ("payment.link.settings", self.manager),
        ):
            arch = etree.fromstring(self.env[model].with_user(user).get_view(None, "form")["arch"])
            (setting,) = arch.xpath(
                "//app[@name='serviceflow_paylinks']//setting[@string='Reminders']"
            )
            (button,) = setting.iter("button")
            self.assertEqual((button.get("type"), button.get("name")), ("action", str(action.id)))
        self.assertTrue(self.env[action.res_model].with_user(self.manager).has_access("write"))
        buttons = arch.xpath("//app[@name='serviceflow_paylinks']//button[@type='object']")
        self.assertFalse(buttons, "what only administrators may do is not there")

    def test_options_are_plain_fields(self):
        """They are written as superuser: a command could reach other records."""
        fields = self.env["payment.link.settings"]._fields
        for name in fields.keys() - MAGIC - {"company_id"}:
            with self.subTest(name):
                self.assertTrue(name.startswith("paylinks_") or name in OF_SALES)
                self.assertNotIn(fields[name].type, ("one2many", "many2many"))

    def test_manager_changes_the_own_company(self):
        with Form(self._settings()) as form:
            self.assertEqual(form.paylinks_expiry_days, self.company.paylinks_expiry_days)
            form.paylinks_expiry_policy = "due"
            form.paylinks_expiry_days = 12
        self.env.invalidate_all()
        self.assertEqual(self.company.paylinks_expiry_policy, "due")
        self.assertEqual(self.company.paylinks_expiry_days, 12)
        form.record.write({"paylinks_part_payments": True})
        self.assertTrue(self.company.paylinks_part_payments)
        self.assertEqual(form.record.execute()["tag"], "reload")
        self.assertEqual(form.record.cancel()["res_model"], "payment.link.settings")

    def test_bad_input_gets_a_sentence(self):
        with self.assertRaisesRegex(ValidationError, "Enter 1 to 3650"):
            self._settings().create({"paylinks_expiry_days": -3})

    def test_another_company_is_out_of_reach(self):
        values = {"company_id": self.other_company.id, "paylinks_expiry_days": 1}
        with self.assertRaises(AccessError):
            self._settings().create(values)
        settings = self._settings().create({})
        with self.assertRaises(AccessError):
            settings.write(values)
        with self.assertRaises(AccessError):
            self._settings().with_context(allowed_company_ids=self.other_company.ids).create({})
        self.assertEqual(self.other_company.paylinks_expiry_days, 30)

    def test_a_manager_of_two_companies_changes_the_selected_one(self):
        self.manager.company_ids = [Command.link(self.other_company.id)]
        ids = (self.other_company | self.company).ids
        settings = self._settings().with_context(allowed_company_ids=ids)
        settings.create({"paylinks_expiry_days": 9})
        self.assertEqual(self.other_company.paylinks_expiry_days, 9)
        self.assertEqual(self.company.paylinks_expiry_days, 30)

    def test_another_managers_form_is_out_of_reach(self):
        second = new_test_user(self.env, "boss2", f"{MODULE}.group_payments_manage")
        settings = self._settings().create({})
        with self.assertRaises(AccessError):
            settings.with_user(second).write({"paylinks_expiry_days": 1})

    def test_nobody_else_may(self):
        for user in (self.clerk, self.env.ref("base.public_user")):
            with self.subTest(user.login), self.assertRaises(AccessError):
                self._settings(user).create({"paylinks_expiry_days": 1})

    def test_the_menu_leads_to_the_route(self):
        action = self.env.ref(f"{MODULE}.payments_settings_action")
        self.assertEqual((action.url, action.target), ("/settings/payments", "self"))


class TestConnect(PaylinksCase):
    def setUp(self):
        super().setUp()
        self.addCleanup(setattr, self.sandbox, "keys", None)
        self.addCleanup(self.sandbox.dashboard.change_account, charges_enabled=True)

    def _enter_keys(self, company=None, mode="test", **keys):
        wizard = self.env["payment.link.connect"].create(
            {"company_id": (company or self.company).id, "mode": mode, **(keys or TEST_KEYS)}
        )
        with mute_logger(WIZARDS):
            wizard.action_connect()
        return wizard

    def _settings(self, company=None):
        return self.env["res.config.settings"].create({"company_id": (company or self.company).id})

    def _assert_nothing_changed(self):
        self.env.invalidate_all()
        self.assertEqual(self.provider.stripe_secret_key, "sk_test_4eC39HqLyjWDarjtT1zdp7dc")
        self.assertEqual(self.provider.state, "test")

    # -- how it stands --

    def test_the_state_in_words(self):
        settings = self._settings()
        self.assertEqual(settings.paylinks_connection, "test")
        self.assertIn("no real money", settings.paylinks_connection_words)
        self.assertFalse(settings.paylinks_webhook_missing)
        self.provider.write({"state": "enabled", "stripe_secret_key": "sk_live_x"})
        self.provider.paylinks_webhook_secret = False
        settings = self._settings()
        self.assertEqual(settings.paylinks_connection, "live")
        self.assertIn("with real money", settings.paylinks_connection_words)
        self.assertTrue(settings.paylinks_webhook_missing)
        self.provider.state = "disabled"
        settings = self._settings()
        self.assertEqual(settings.paylinks_connection, "none")
        self.assertIn("switched off", settings.paylinks_connection_words)
        self.provider.stripe_secret_key = False
        self.assertIn("two keys", self._settings().paylinks_connection_words)

    def test_a_test_key_is_not_live_whatever_the_state_says(self):
        self.provider.state = "enabled"
        self.assertEqual(self._settings().paylinks_connection, "test")

    def test_the_buttons(self):
        settings = self._settings()
        notice = settings.action_paylinks_check_connection()["params"]
        self.assertIn("Connected to", notice["message"])
        self.provider.paylinks_webhook_secret = False
        notice = settings.action_paylinks_create_webhook()["params"]
        self.assertIn("set up", notice["message"])
        self.assertTrue(self.provider.paylinks_webhook_secret)
        self.assertEqual(settings.action_paylinks_open_provider()["res_id"], self.provider.id)
        context = settings.action_paylinks_connect()["context"]
        self.assertEqual(context["default_company_id"], self.company.id)
        self.assertEqual(context["default_mode"], "live", "who tries already may go live")

    # -- connecting --

    def test_all_in_one_go(self):
        self.provider.write({"state": "disabled", "stripe_secret_key": False})
        self.provider.paylinks_webhook_secret = False
        wizard = self._enter_keys()
        self.assertEqual(wizard.result_kind, "success")
        self.assertIn("in test mode", wizard.result)
        self.assertIn("webhook is set up", wizard.result)
        self.assertEqual(self.provider.state, "test")
        self.assertEqual(self.provider.stripe_secret_key, TEST_KEYS["secret_key"])
        self.assertEqual(self.provider.stripe_publishable_key, TEST_KEYS["publishable_key"])
        self.assertTrue(self.provider.paylinks_webhook_secret)
        self.assertFalse(wizard.secret_key, "kept in one place only")
        self.assertEqual(wizard.action_done()["tag"], "reload")
        link = self.make_link()
        self.pay(link)
        self.deliver_webhooks()
        self.assertEqual(link.state, "paid")

    def test_live(self):
        # The sandbox takes no live key, on purpose: for once it looks away.
        with patch.object(self.sandbox, "_authenticate", lambda request: None):
            wizard = self._enter_keys(mode="live", **LIVE_KEYS)
        self.assertIn("real money", wizard.result)
        self.assertEqual(self.provider.state, "enabled")
        self.assertEqual(self.provider._paylinks_connection(), "live")

    def test_spaces_from_copying_do_not_matter(self):
        keys = {name: f" {key[:9]}\n{key[9:]} " for name, key in TEST_KEYS.items()}
        self._enter_keys(**keys)
        self.assertEqual(self.provider.stripe_secret_key, TEST_KEYS["secret_key"])

    def test_wrong_keys_get_a_sentence(self):
        good = TEST_KEYS
        cases = (
            ("test", good | {"secret_key": "sk_live_newnewnew"}, "real money would move"),
            ("test", good | {"secret_key": "rk_live_newnewnew"}, "real money would move"),
            ("test", good | {"publishable_key": "pk_live_newnewnew"}, "real money would move"),
            ("live", good, "no customer could pay"),
            ("live", LIVE_KEYS | {"secret_key": "sk_test_newnewnew"}, "no customer could pay"),
            (
                "test",
                {"publishable_key": good["secret_key"], "secret_key": good["publishable_key"]},
                "swapped",
            ),
            ("test", good | {"secret_key": good["publishable_key"]}, "not a secret key"),
            ("test", good | {"publishable_key": "sk_test_newnewnew"}, "not a publishable key"),
            ("test", good | {"secret_key": ""}, "not a secret key"),
            ("test", good | {"secret_key": "whsec_newnewnew"}, "not a secret key"),
            ("test", good | {"secret_key": "sk_test_'; DROP TABLE"}, "not a secret key"),
            ("test", good | {"secret_key": "sk_test_" + "x" * 10 + "é"}, "not a secret key"),
        )
        for mode, keys, words in cases:
            with self.subTest((mode, keys)):
                with self.assertRaisesRegex(UserError, words) as caught:
                    self._enter_keys(mode=mode, **keys)
                self.assertNotIn("newnewnew", str(caught.exception))
        self._assert_nothing_changed()
        self.assertFalse(self.client.calls, "Stripe was asked nothing")

    def test_a_key_that_stripe_does_not_know_changes_nothing(self):
        self.sandbox.keys = {"sk_test_another1"}
        with self.assertRaisesRegex(UserError, "does not accept this secret key"):
            self._enter_keys()
        self._assert_nothing_changed()

    def test_stripe_out_of_reach_changes_nothing(self):
        self.sandbox.faults.outage()
        with self.assertRaisesRegex(UserError, "Nothing was changed"):
            self._enter_keys()
        self._assert_nothing_changed()

    def test_connected_even_where_stripe_refuses_the_webhook(self):
        self.provider.paylinks_webhook_secret = False
        self.sandbox.faults.add("forbidden", "POST", "/v1/webhook_endpoints", times=None)
        wizard = self._enter_keys()
        self.assertEqual(wizard.result_kind, "warning")
        self.assertIn("could not be set up", wizard.result)
        self.assertEqual(self.provider.stripe_secret_key, TEST_KEYS["secret_key"])
        self.assertTrue(self._settings().paylinks_webhook_missing)

    def test_an_account_that_is_not_activated(self):
        self.sandbox.dashboard.change_account(charges_enabled=False)
        wizard = self._enter_keys()
        self.assertEqual(wizard.result_kind, "warning")
        self.assertIn("Finish its activation", wizard.result)

    # -- companies --

    def test_a_company_of_its_own(self):
        company = self.env["res.company"].create({"name": "Second Ltd"})
        self._enter_keys(company)
        provider = self.env["payment.provider"]._paylinks_of_company(company)
        self.assertEqual(provider.company_id, company)
        self.assertNotEqual(provider, self.provider)
        self._assert_nothing_changed()

    def test_a_company_without_a_provider_gets_one(self):
        company = self.env["res.company"].create({"name": "Third Ltd"})
        self.env["payment.provider"].search([("company_id", "=", company.id)]).unlink()
        settings = self._settings(company)
        self.assertEqual(settings.paylinks_connection, "none")
        self._enter_keys(company)
        provider = self.env["payment.provider"].search([("company_id", "=", company.id)])
        self.assertEqual((provider.code, provider.state), ("stripe", "test"))
        self.assertEqual(self._settings(company).paylinks_connection, "test")
        self._assert_nothing_changed()

    def test_a_branch_uses_its_parents_account(self):
        branch = self.env["res.company"].create({"name": "Branch", "parent_id": self.company.id})
        self.assertEqual(self._settings(branch).paylinks_connection, "test")
        self._enter_keys(branch)
        self.assertEqual(self.provider.stripe_secret_key, TEST_KEYS["secret_key"])

    def test_only_administrators(self):
        manager = new_test_user(self.env, "boss", f"{MODULE}.group_payments_manage")
        with self.assertRaises(AccessError):
            self.env["payment.link.connect"].with_user(manager).create(TEST_KEYS)
        settings = self._settings().with_user(manager)
        for name in (
            "action_paylinks_connect",
            "action_paylinks_create_webhook",
            "action_paylinks_check_connection",
            "action_paylinks_open_provider",
        ):
            with self.subTest(name), self.assertRaises(AccessError):
                getattr(settings, name)()

    def test_two_webhooks_on_the_providers_form(self):
        arch = self.env["payment.provider"].get_view(None, "form")["arch"]
        self.assertIn("Webhook of payment links", arch)
        self.assertIn("Webhook of Odoo's own payment form", arch)
