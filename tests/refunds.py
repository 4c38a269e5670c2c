"""What the tests of refunds and disputes share: the manager's dialog, and the books."""

from .common import PaylinksCase


class RefundCase(PaylinksCase):
    def setUp(self):
        super().setUp()
        self.addCleanup(self.sandbox.webhooks.reorder, None)
        self.addCleanup(self.sandbox.webhooks.clear)

    def paid_link(self, amount=100.0, card=None, **values):
        link = self.make_link(amount, **values)
        self.pay(link, **({"card": card} if card else {}))
        self.deliver_webhooks()
        self.assertEqual(link.state, "paid")
        return link

    # -- the manager --

    def fill(self, env, link, **values):
        """The dialog as the link's button opens it, filled in."""
        action = env["payment.link"].browse(link.id).action_refund()
        return env["payment.link.refund"].with_context(action["context"]).create(values)

    def refund(self, link, user=None, **values):
        """Refund from the link's form; return what the manager is told."""
        try:
            with self.other_transaction() as env:
                if user:
                    env = env(user=user.id)
                return self.fill(env, link, **values).action_refund()["params"]
        finally:
            self.env.invalidate_all()

    def book(self, link, **values):
        """Say what becomes of the invoice, for a refund made elsewhere."""
        with self.other_transaction() as env:
            action = env["payment.link"].browse(link.id).action_book_refund()
            wizard = env["payment.link.refund"].with_context(action["context"]).create(values)
            return wizard.action_book()

    def run_sync(self):
        self.env.flush_all()
        self.env.cr.execute(
            "UPDATE payment_transaction SET checkout_check_at = '2020-01-01'"
            " WHERE checkout_check_at IS NOT NULL AND refund_link_id IS NOT NULL"
        )
        self.env.invalidate_all()
        self.run_schedule("cron_sync_checkouts")

    # -- the books --

    def stripe_refunds(self, link):
        """The refunds of the link's payments at Stripe, the newest first."""
        payments = link.transaction_ids.mapped("provider_reference")
        return [
            refund
            for refund in self.sandbox.store.all("refund")
            if refund["payment_intent"] in payments
        ]

    def refund_payments(self, partner=None):
        return self.payments(partner).filtered(lambda p: p.payment_type == "outbound")

    def customer_balance(self, partner=None):
        """What the customer owes in the books, in the company's currency."""
        lines = self.env["account.move.line"].search(
            [
                ("partner_id", "=", (partner or self.customer).id),
                ("account_id.account_type", "=", "asset_receivable"),
                ("parent_state", "=", "posted"),
            ]
        )
        return self.company.currency_id.round(sum(lines.mapped("balance")))

    def open_lines(self, partner=None):
        """The residuals that wait for something to meet."""
        lines = self.env["account.move.line"].search(
            [
                ("partner_id", "=", (partner or self.customer).id),
                ("account_id.account_type", "=", "asset_receivable"),
                ("parent_state", "=", "posted"),
                ("reconciled", "=", False),
            ]
        )
        return sorted(lines.mapped("amount_residual_currency"))

    def assert_refunded_once(self, link, amount):
        payment = self.refund_payments()
        self.assertEqual(len(payment), 1, "exactly one payment back")
        self.assertAlmostEqual(payment.amount, amount)
        self.assertAlmostEqual(link.amount_refunded, amount)
        self.assertEqual(link.refund_ids.mapped("state"), ["done"])
