"""What staff do in Odoo."""

from datetime import timedelta

from odoo import Command, fields

# A picture of one pixel.
SIGNATURE = "R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7"


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

    def quote(self, number):
        """Hand an order to the customer that wants a deposit, and make its link."""
        order = self.case.orders[number % len(self.case.orders)]
        self.orders |= order
        self.attempt(lambda: self._keep(order.generate_deposit_links()))

    def sign(self, order):
        """The customer signs the quotation in the portal, as its page writes it down."""
        if order.require_signature and not order.signature:
            values = {"signed_by": self.customer.name, "signed_on": fields.Datetime.now()}
            self.attempt(lambda: order.write({**values, "signature": SIGNATURE}))

    def cancel_order(self, order):
        if order.state != "cancel":
            self.attempt(order._action_cancel)

    def pay_by_bank(self, invoice, share):
        """Register a bank transfer of a share of what is open."""
        amount = invoice.currency_id.round(invoice.amount_residual * share)
        if amount <= 0 or invoice.state != "posted":
            return
        if self.attempt(lambda: self._book_transfer(invoice, amount)):
            self.otherwise.add(invoice.id)
            self.transfers.append((invoice.id, invoice.currency_id, amount))

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
        if invoice.state == "posted" and invoice.payment_state not in ("paid", "reversed"):
            self._correct(invoice, lambda: invoice._reverse_moves(cancel=True))

    def reset(self, invoice):
        """Reset it to draft, which takes its payments off it."""
        if invoice.state == "posted":
            self._correct(invoice, invoice.button_draft)

    def _correct(self, invoice, action):
        """Do what takes the invoice's payments off it."""
        lines = invoice.line_ids.matched_credit_ids.credit_move_id
        paying = self.attempts().filtered(lambda tx: tx.payment_id.move_id & lines.move_id)
        if self.attempt(action):
            self.otherwise.add(invoice.id)
            self.corrected |= invoice
            self.undone |= set(paying.ids)

    def confirm(self, invoice):
        if invoice.state == "draft" and self.attempt(invoice.action_post):
            self.otherwise.add(invoice.id)

    def cancel_invoice(self, invoice):
        self.reset(invoice)
        if invoice.state == "draft" and self.attempt(invoice.button_cancel):
            self.otherwise.add(invoice.id)

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

    def lock_books(self, locked):
        """Archive the journal of the payments, in which nothing can be posted then; or bring it
        back."""
        if self.attempt(lambda: self.case.bank.write({"active": not locked})):
            self.locked = locked

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


def prepare_order(case, **values):
    """An order that wants a third in advance.

    :param values: what else it wants
    """
    product = case.env["product.product"].create({"name": "Boiler", "type": "service"})
    line = {"product_id": product.id, "price_unit": 300.0, "tax_ids": [Command.clear()]}
    return case.env["sale.order"].create(
        {
            "partner_id": case.customer.id,
            "require_payment": True,
            "require_signature": False,
            "prepayment_percent": 1 / 3,
            "order_line": [Command.create(line)],
            **values,
        }
    )
