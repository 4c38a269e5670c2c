"""What staff do in Odoo."""

from datetime import timedelta

from odoo import Command, fields


class Office:
    """The clerk, the accountant and the manager. A part of ``World``."""

    # -- documents --

    def bill(self, number):
        """Hand an invoice to the customer, and make its link."""
        left = self.drawer - self.invoices
        if left:
            invoice = left[number % len(left)]
            self.invoices |= invoice
            self.generate(invoice)

    def quote(self):
        """Hand the order to the customer that wants a deposit, and make its link."""
        if not self.orders:
            self.orders = self.case.order
        self.attempt(lambda: self._keep(self.orders.generate_deposit_links()))

    def cancel_order(self):
        if self.orders and self.orders.state != "cancel":
            self.attempt(self.orders._action_cancel)

    def pay_by_bank(self, invoice, share):
        """Register a bank transfer of a share of what is open."""
        amount = invoice.currency_id.round(invoice.amount_residual * share)
        if amount > 0 and invoice.state == "posted":
            self.attempt(lambda: self._book_transfer(invoice, amount))

    def _book_transfer(self, invoice, amount):
        payment = self.env["account.payment"].create(
            {
                "partner_id": self.customer.id,
                "amount": amount,
                "currency_id": invoice.currency_id.id,
                "payment_type": "inbound",
                "journal_id": self.case.bank.id,
                "memo": "transfer",
            }
        )
        payment.action_post()
        lines = (payment.move_id | invoice).line_ids.filtered(
            lambda line: line.account_id.account_type == "asset_receivable" and not line.reconciled
        )
        lines.reconcile()

    def credit(self, invoice):
        """Reverse the invoice by a credit note."""
        if invoice.state != "posted" or invoice.payment_state in ("paid", "reversed"):
            return
        self.touched.add(invoice.id)
        self.attempt(lambda: invoice._reverse_moves(cancel=True))

    def reset(self, invoice):
        """Reset it to draft, which takes its payments off it."""
        if invoice.state == "posted":
            self.touched.add(invoice.id)
            self.attempt(invoice.button_draft)

    def confirm(self, invoice):
        if invoice.state == "draft":
            self.attempt(invoice.action_post)

    def cancel_invoice(self, invoice):
        self.reset(invoice)
        if invoice.state == "draft":
            self.attempt(invoice.button_cancel)

    # -- links --

    def generate(self, invoice):
        """Make the invoice's link."""
        self.attempt(lambda: self._keep(invoice.generate_payment_links()))

    def generate_part(self, invoice, share):
        """Make another link for a part of the invoice; refused where it owes nothing."""
        amount = invoice.currency_id.round(invoice.amount_total * share)
        values = {"purpose": "invoice", "invoice_id": invoice.id, "amount": amount}
        self.attempt(lambda: self._keep(self.env["payment.link"].create(values)))

    def generate_custom(self, amount):
        """Make a link for no document."""
        values = {"purpose": "custom", "partner_id": self.customer.id, "amount": amount}
        self.attempt(lambda: self._keep(self.env["payment.link"].create(values)))

    def _keep(self, links):
        self.links |= links

    def delete(self, link):
        if link.state != "paid":
            self.attempt(link.cancel)
            self.deleted |= link

    def rotate(self, link):
        self.attempt(link.rotate_token)

    def edit_expiry(self, link, hours):
        """Let the link expire so many hours from now; None: never."""
        moment = fields.Datetime.now() + timedelta(hours=hours) if hours else False
        self.attempt(lambda: link.write({"expires_at": moment}))

    def charge_card(self, link):
        """Charge the card that the customer has saved."""

        def charge(env):
            there = env["payment.link"].browse(link.id)
            there.charge_saved_card(self._get_card(env).id)

        self.in_own_transaction(charge)

    def _get_card(self, env):
        """Return the customer's saved card: at Stripe, and Odoo's token of it."""
        tokens = env["payment.token"]
        found = tokens.search([("partner_id", "=", self.customer.id)], limit=1)
        if found:
            return found
        owner = self.case.stripe.customers.create({"name": self.customer.name})
        card = self.case.stripe.payment_methods.attach("pm_card_visa", {"customer": owner.id})
        return tokens.create(
            {
                "provider_id": self.case.provider.id,
                "payment_method_id": self.case.provider._paylinks_payment_method().id,
                "partner_id": self.customer.id,
                "payment_details": card.card.last4,
                "provider_ref": owner.id,
                "stripe_payment_method": card.id,
            }
        )

    # -- money that goes back --

    def refund(self, attempt, share, choice):
        """Refund a share of what is refundable by the link's dialog, as the accountant chooses."""
        amount = attempt.currency_id.round(attempt._get_refundable() * share)

        def give_back(env):
            wizard = self._fill_refund(env, attempt, amount=amount)
            if choice:
                wizard.choice = choice
            wizard.action_refund()

        if amount > 0:
            self.in_own_transaction(give_back)

    def book_refund(self, refund, choice):
        """Say what becomes of the invoice, for a refund that was made at Stripe."""

        def book(env):
            wizard = self._fill_refund(env, refund.source_transaction_id, refund_id=refund.id)
            if choice:
                wizard.choice = choice
            wizard.action_book()

        self.in_own_transaction(book)

    def _fill_refund(self, env, attempt, **values):
        return env["payment.link.refund"].create(
            {"link_id": attempt.payment_link_id.id, "transaction_id": attempt.id, **values}
        )

    def book_dispute(self, dispute, choice):
        """Approve what Stripe moved for a dispute."""

        def book(env):
            row = env["payment.link.dispute"].browse(dispute.id)
            row.write({"fee_account_id": self.case.fees.id, "choice": choice})
            row.action_book()

        self.in_own_transaction(book)

    # -- settings --

    def choose_options(self, parts, tips):
        """Let customers pay a part, or add a tip; or not any more."""
        self.env.company.write({"paylinks_part_payments": parts, "paylinks_tips": tips})

    def make_webhook(self):
        """Ask Stripe for a new webhook; the secret before it is still good."""
        self.attempt(self.case.provider.action_paylinks_create_webhook)

    def roll_secret(self, overlap):
        """Roll the secret in Stripe's dashboard and write it down here."""
        endpoints = self._stripe("webhook_endpoint", ("enabled",))
        if endpoints:
            provider = self.case.provider
            secret = self.sandbox.dashboard.roll_secret(endpoints[-1], overlap)
            provider.write(
                {
                    "paylinks_webhook_secret": secret,
                    "paylinks_webhook_secret_previous": provider.paylinks_webhook_secret,
                }
            )

    def use_key(self, key):
        """Write another secret key into the settings; Stripe may not know it."""
        if self.case.provider.stripe_secret_key != key:
            self.case.provider.stripe_secret_key = key


def prepare_order(case):
    """An order that wants a third in advance."""
    product = case.env["product.product"].create({"name": "Boiler", "type": "service"})
    line = {"product_id": product.id, "price_unit": 300.0, "tax_ids": [Command.clear()]}
    return case.env["sale.order"].create(
        {
            "partner_id": case.customer.id,
            "require_payment": True,
            "prepayment_percent": 1 / 3,
            "order_line": [Command.create(line)],
        }
    )
