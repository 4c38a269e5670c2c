"""Turning tips on: with an account to post them to, and a list that can be read."""

from odoo.exceptions import ValidationError

from .payer import PayerCase


class TestTipSettings(PayerCase):
    def test_tips_need_an_account(self):
        with self.assertRaisesRegex(ValidationError, "Choose the account"):
            self.company.paylinks_tips = True
        with self.assertRaisesRegex(ValidationError, "Choose the account"):
            self.env["res.config.settings"].create({"paylinks_tips": True})

    def test_settings_turn_them_on_in_any_order_of_fields(self):
        values = {
            "paylinks_tips": True,
            "paylinks_tip_account_id": self.tips_account.id,
            "paylinks_tip_presets": "5, 10",
        }
        for names in (list(values), list(values)[::-1]):
            self.company.write({"paylinks_tips": False, "paylinks_tip_account_id": False})
            self.env["res.config.settings"].create({name: values[name] for name in names}).execute()
            self.assertTrue(self.company.paylinks_tips)
            self.assertEqual(self.company.paylinks_tip_account_id, self.tips_account)
        settings = self.env["res.config.settings"].create({})
        self.assertEqual(settings.paylinks_tip_account_id, self.tips_account)
        self.assertEqual(settings.paylinks_tip_presets, "5, 10")

    def test_account_of_a_wrong_kind(self):
        for kind in ("asset_receivable", "asset_cash", "expense", "liability_payable"):
            account = self.env["account.account"].search([("account_type", "=", kind)], limit=1)
            with self.subTest(kind), self.assertRaisesRegex(ValidationError, "cannot be posted to"):
                self.company.paylinks_tip_account_id = account

    def test_list_of_presets(self):
        for text, percents in (
            ("10, 15, 20", [10, 15, 20]),
            ("10 15 20", [10, 15, 20]),
            ("5%; 100 %", [5, 100]),
            ("", []),
            (False, []),
        ):
            with self.subTest(text):
                self.company.paylinks_tip_presets = text
                self.assertEqual(self.company._paylinks_read_tip_presets(), percents)
        for text in ("ten", "0", "101", "-5", "12.5", "10, 10", "1 2 3 4 5", "1e1", "10-20", "٪"):
            with self.subTest(text), self.assertRaisesRegex(ValidationError, "no list of tips"):
                self.company.paylinks_tip_presets = text
