from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.fields import Domain

# Money on its way: accepted or received at the processor, but not in the books yet.
IN_FLIGHT = Domain("operation", "not in", ("refund", "validation")) & (
    Domain("state", "in", ("pending", "authorized"))
    | Domain(
        [("state", "=", "done"), ("is_post_processed", "=", False), ("payment_id", "=", False)]
    )
)


class PaymentLink(models.Model):
    """What a link asks for: min(the link's remainder, what the document still owes)."""

    _inherit = "payment.link"

    amount_policy = fields.Selection(
        [("balance", "Whatever is still owed"), ("fixed", "An agreed amount")],
        required=True,
        default="balance",
        readonly=True,
    )
    amount_fixed = fields.Monetary("Agreed Amount", readonly=True)
    amount = fields.Monetary(
        compute="_compute_amount",
        inverse="_inverse_amount",
        compute_sudo=True,
        help="What the customer would pay now.",
    )
    # Writable for the ORM alone, which so takes the zeros given on creation as they are: nobody may
    # write them (`_check_given`), and the views show them read-only.
    amount_paid = fields.Monetary(
        "Paid", compute="_compute_amount_paid", store=True, readonly=False, compute_sudo=True
    )
    amount_refunded = fields.Monetary(
        "Refunded", compute="_compute_amount_paid", store=True, readonly=False, compute_sudo=True
    )
    last_payment_at = fields.Datetime(
        "Last Payment",
        compute="_compute_amount_paid",
        store=True,
        readonly=False,
        compute_sudo=True,
        copy=False,
        help="When money last came, be it a part, and whatever became of the link.",
    )
    transaction_ids = fields.One2many(
        "payment.transaction",
        "payment_link_id",
        "Attempts",
        readonly=True,
        groups="serviceflow_paylinks.group_payments_view",
    )

    @api.constrains("amount_policy", "amount_fixed")
    def _check_amount(self):
        for link in self.filtered(lambda link: link.amount_policy == "fixed"):
            if link.currency_id.compare_amounts(link.amount_fixed, 0) <= 0:
                raise ValidationError(self.env._("Enter an amount greater than zero."))
            link._check_minimum(link.amount_fixed)

    @api.depends(
        "amount_policy",
        "amount_fixed",
        "state",
        "transaction_ids.state",
        "transaction_ids.is_post_processed",
        "invoice_id.amount_residual",
        "invoice_id.state",
        "sale_order_id.amount_total",
    )
    def _compute_amount(self):
        owed = self._get_remainders()
        for link in self:
            # A paid link asks for nothing more, also when a refund opens its invoice again.
            closed = link.state in ("paid", "cancelled")
            link.amount = 0.0 if closed else float(owed[link])

    def _inverse_amount(self):
        for link in self:
            link.amount_fixed = link.amount

    @api.depends(
        "transaction_ids.state",
        "transaction_ids.amount",
        "transaction_ids.tip_amount",
        "transaction_ids.checkout_paid_at",
        "transaction_ids.last_state_change",
        "transaction_ids.child_transaction_ids.state",
        "transaction_ids.child_transaction_ids.tip_amount",
    )
    def _compute_amount_paid(self):
        for link in self:
            paid = link.transaction_ids.filtered(lambda tx: tx.state == "done")
            refunds = paid.child_transaction_ids.filtered(
                lambda tx: tx.operation == "refund" and tx.state == "done"
            )
            # A tip is no payment of what is owed.
            link.amount_paid = sum(paid.mapped("amount")) - sum(paid.mapped("tip_amount"))
            link.amount_refunded = sum(refunds.mapped("tip_amount")) - sum(refunds.mapped("amount"))
            moments = [tx.checkout_paid_at or tx.last_state_change for tx in paid]
            link.last_payment_at = max(filter(None, moments), default=False)

    # -- what is owed --

    def _get_remainders(self):
        """Return what each link may ask for now, in steps that its processor can charge.

        :return: {link: Decimal in major units of the link's currency}
        """
        agreed = self.filtered(lambda link: link.amount_policy == "fixed")
        own = self._sum_in_flight("payment_link_id", agreed, pending_only=True)
        invoices = self._sum_in_flight("invoice_ids", self.invoice_id)
        orders = self._sum_in_flight("sale_order_ids", self.sale_order_id)
        result = {}
        for link in self:
            document = link._get_document()
            in_flight = (orders if link.purpose == "deposit" else invoices).get(document.id, 0.0)
            result[link] = link._get_owed(in_flight, own.get(link.id, 0.0))
        return result

    def _get_owed(self, document_in_flight=0.0, own_in_flight=0.0):
        """Return what the link's promise still covers: by default, whatever is in flight.

        :param float document_in_flight: to be taken off what the document owes
        :param float own_in_flight: to be taken off what the link agreed on
        :rtype: Decimal, in steps that the processor can charge
        """
        self.ensure_one()
        parts = []
        if self.amount_policy == "fixed":
            parts.append(self._get_agreed_left(document_in_flight, own_in_flight))
        if self.purpose != "custom":
            document = self._get_document()
            same = document.currency_id == self.currency_id
            due = document._paylinks_amount_due() if same else 0.0
            parts.append(due - document_in_flight)
        return self._chargeable(self.currency_id.round(max(min(parts, default=0.0), 0.0)))

    def _get_agreed_left(self, _document_in_flight, own_in_flight):
        """Return what is left of the agreed amount; parameters as in `_get_owed`."""
        return self.amount_fixed - self.amount_paid - own_in_flight

    @api.model
    def _sum_in_flight(self, field, records, pending_only=False):
        """Sum the attempts in flight, without tips, by the records of one field: {id: float}.

        :param bool pending_only: leave out what `amount_paid` counts already
        """
        if not records.ids:
            return {}
        domain = IN_FLIGHT & Domain(field, "in", records.ids)
        if pending_only:
            domain &= Domain("state", "!=", "done")
        groups = (
            self.env["payment.transaction"]
            .sudo()
            ._read_group(domain, [field], ["amount:sum", "tip_amount:sum"])
        )
        return {record.id: total - (tips or 0.0) for record, total, tips in groups}

    # -- what the processor can charge --

    def _chargeable(self, amount):
        """Return the greatest amount not above this one that the processor can charge.

        :param amount: in the link's currency (float or Decimal)
        :rtype: Decimal
        """
        return self.sudo().provider_id._paylinks_chargeable(amount, self.currency_id)

    def _get_minimum(self):
        """Return the least amount that the processor charges in the link's currency (Decimal)."""
        return self.sudo().provider_id._paylinks_minimum(self.currency_id)

    def _check_minimum(self, amount):
        self.ensure_one()
        provider = self.sudo().provider_id
        if problem := provider._paylinks_minimum_problem(amount, self.currency_id):
            raise ValidationError(problem)
