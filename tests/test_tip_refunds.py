"""Refunds made in Odoo of payments with a tip: the books balance, whatever part is given back."""

import json
from unittest.mock import patch
from urllib.parse import urlencode

from odoo.addons.payment.models.payment_provider import PaymentProvider

from .payer import TipsCase


class TestRefundedTips(TipsCase):
    """Refunds made in Odoo: the tip is given back last, and to the account it came from."""

    def setUp(self):
        super().setUp()
        sandbox = self.sandbox

        def send(provider, method, endpoint, *, data=None, **_kwargs):
            """Stock Odoo's own way to Stripe, led to the sandbox."""
            headers = {
                "Authorization": f"Bearer {provider.stripe_secret_key}",
                "Content-Type": "application/x-www-form-urlencoded",
            }
            body = urlencode(data).encode()
            answer = sandbox.handle(method, f"/v1/{endpoint}", body, headers)
            return json.loads(answer.body)

        self.startPatcher(patch.object(PaymentProvider, "_send_api_request", send))

    def refund(self, payment, amount=None):
        with self.other_transaction() as env:
            attempt = env["payment.transaction"].browse(payment.payment_transaction_id.id)
            attempt.action_refund(amount_to_refund=amount)
        refund = payment.payment_transaction_id.child_transaction_ids.sorted("id")[-1]
        self.assertEqual(refund.state, "done")
        refund._post_process()
        self.env.invalidate_all()
        return refund

    def paid_link(self, amount=100, tip="20", **values):
        link = self.make_link(amount, **values)
        self.pay_with(link, tip_other=tip)
        return link, link.transaction_ids.payment_id

    def balance_of_tips(self):
        lines = self.env["account.move.line"].search(
            [("account_id", "=", self.tips_account.id), ("parent_state", "=", "posted")]
        )
        return round(sum(lines.mapped("balance")), 2)

    def test_all_of_it(self):
        link, payment = self.paid_link()
        refund = self.refund(payment)
        self.assertEqual((refund.amount, refund.tip_amount), (-120, -20))
        self.assert_books(refund.payment_id, money=(-120, -120), customer=(100, 100), tip=(20, 20))
        self.assertEqual(self.balance_of_tips(), 0)
        self.assertEqual((link.amount_refunded, link.amount_tip, link.amount_paid), (100, 0, 100))

    def test_a_part_leaves_the_tip(self):
        """As much as was refunded of the work: it agrees with the credit note."""
        link, payment = self.paid_link()
        refund = self.refund(payment, 50)
        self.assert_books(refund.payment_id, money=(-50, -50), customer=(50, 50))
        self.assertEqual((link.amount_refunded, link.amount_tip), (50, 20))

    def test_in_parts(self):
        link, payment = self.paid_link()
        tips = [self.refund(payment, amount).tip_amount for amount in (60, 45, 15)]
        self.assertEqual(tips, [0, -5, -15])
        self.assertEqual(self.balance_of_tips(), 0)
        self.assertEqual((link.amount_refunded, link.amount_tip), (100, 0))

    def test_failed_refund_gave_nothing_back(self):
        link, payment = self.paid_link()
        failed = self.refund(payment, 110)
        failed.state = "error"
        self.assertEqual(link.amount_tip, 20)
        attempt = payment.payment_transaction_id
        again = attempt._create_child_transaction(120, is_refund=True)
        self.assertEqual(again.tip_amount, -20)

    def test_foreign_currency(self):
        _link, payment = self.paid_link(33.33, "3.33", currency=self.activate("EUR", 0.7))
        refund = self.refund(payment)
        self.assertEqual(refund.tip_amount, -3.33)
        tips = self.lines(refund.payment_id)["tip"], self.lines(payment)["tip"]
        self.assertEqual(tips[0], (-tips[1][0], -tips[1][1]))
        self.assertEqual(self.balance_of_tips(), 0)

    def test_to_the_account_it_came_from(self):
        _link, payment = self.paid_link()
        other = self.tips_account.copy({"code": "T2PS"})
        self.company.paylinks_tip_account_id = other
        self.refund(payment)
        self.assertEqual(self.balance_of_tips(), 0)

    def test_account_archived_before_the_refund(self):
        link, payment = self.paid_link()
        self.company.write({"paylinks_tips": False, "paylinks_tip_account_id": False})
        self.tips_account.active = False
        refund = self.refund(payment)
        self.assertEqual(
            self.lines(refund.payment_id), {"money": (-120, -120), "customer": (120, 120)}
        )
        notes = " ".join(str(activity.note) for activity in self.activities(link))
        self.assertIn("gave a tip back", notes)

    def test_without_a_tip_nothing_changes(self):
        link, payment = self.paid_link(tip="")
        refund = self.refund(payment)
        self.assertEqual(
            self.lines(refund.payment_id), {"money": (-100, -100), "customer": (100, 100)}
        )
        self.assertEqual(link.amount_refunded, 100)
