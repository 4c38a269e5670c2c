from odoo import api, fields, models
from odoo.exceptions import UserError

from .own_context import get_handed_down, hand_down


class AccountMove(models.Model):
    _inherit = "account.move"

    payment_link_ids = fields.One2many(
        "payment.link",
        "invoice_id",
        "Payment Links",
        groups="serviceflow_paylinks.group_payments_view",
    )
    payment_link_count = fields.Integer(
        compute="_compute_payment_link_count", groups="serviceflow_paylinks.group_payments_view"
    )

    @api.depends("payment_link_ids")
    def _compute_payment_link_count(self):
        groups = self.env["payment.link"]._read_group(
            [("invoice_id", "in", self.ids)], ["invoice_id"], ["__count"]
        )
        counts = {invoice.id: count for invoice, count in groups}
        for move in self:
            move.payment_link_count = counts.get(move.id, 0)

    # -- generating --

    def generate_payment_links(self):
        """Return one open balance link for each invoice: the existing one, or a new one.

        One batch for any number of invoices; all or nothing.

        :return: the links, in the order of the invoices
        :raise AccessError: the user may not create payment links, or not see an invoice
        :raise UserError: an invoice cannot be paid by a link, and why
        """
        links, refused = self.browse(dict.fromkeys(self.ids))._generate_payment_links()
        if refused:
            raise UserError("\n".join(refused.values()))
        return links

    def _generate_payment_links(self, **values):
        """Make or find the links; say which invoices cannot have one.

        :param values: further values of new links (``expires_at`` …)
        :return: (links in the order of the invoices, {invoice: why not})
        """
        link_model = self.env["payment.link"]
        link_model.check_access("create")
        self.check_access("read")
        for company in self.company_id:
            self.env["payment.provider"]._paylinks_check_connected(company)
        refused = self._get_paylinks_refusals()
        self._expire_overdue_links()
        existing = self._get_open_balance_links()
        missing = [move for move in self if move not in refused and move.id not in existing]
        created = link_model.create(
            [{"purpose": "invoice", "invoice_id": move.id, **values} for move in missing]
        )
        found = {**existing, **{link.invoice_id.id: link.id for link in created}}
        return link_model.browse([found[m.id] for m in self if m.id in found]), refused

    def _expire_overdue_links(self):
        """A link whose time is over is none to be handed out, even before the schedule has run."""
        links = (
            self.env["payment.link"]
            .sudo()
            .search(
                [
                    ("invoice_id", "in", self.ids),
                    ("state", "=", "active"),
                    ("expires_at", "<=", fields.Datetime.now()),
                ]
            )
        )
        links._set_state("expired", self.env._("its time is over"))
        links._close_checkouts_soon()

    def _get_open_balance_links(self):
        """Return the open link of each invoice that has one: {invoice id: link id}."""
        groups = (
            self.env["payment.link"]
            .sudo()
            ._read_group(
                [
                    ("invoice_id", "in", self.ids),
                    ("amount_policy", "=", "balance"),
                    ("state", "in", ("active", "processing")),
                ],
                ["invoice_id"],
                ["id:max"],
            )
        )
        return {invoice.id: link_id for invoice, link_id in groups}

    def _get_paylinks_refusals(self):
        """Return why invoices cannot have a link: {invoice: sentence for the clerk}.

        :raise AccessError: the user may not see one of them
        """
        self.check_access("read")
        provider = self.env["payment.provider"].sudo()
        refused = {}
        for move in self.sudo():
            why = move._get_nothing_to_collect()
            problem = not why and provider._paylinks_minimum_problem(
                move.amount_residual, move.currency_id
            )
            if problem:
                why = f"{move.display_name}: {problem}"
            if why:
                refused[move.with_env(self.env)] = why
        return refused

    def action_view_payment_links(self):
        """Open the links of the invoice."""
        self.ensure_one()
        self.env["payment.link"].check_access("read")
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "serviceflow_paylinks.payment_link_action"
        )
        return {**action, "domain": [("invoice_id", "=", self.id)], "context": {}}

    # -- what is owed --

    def _paylinks_amount_due(self):
        """Return what the invoice owes today, in its currency; less an early-payment discount.

        As ``_get_invoice_next_payment_values`` of odoo/addons/account/models/account_move.py, whose
        ``amount_due`` is the whole balance also where there are instalments.

        :rtype: float
        """
        self.ensure_one()
        if self.state != "posted" or self.move_type != "out_invoice" or self._paylinks_is_paid():
            return 0.0
        if not self.invoice_payment_term_id.early_discount:
            return self.amount_residual
        due = self._get_invoice_next_payment_values().get("amount_due", self.amount_residual)
        # A discounted amount that cannot be charged to the unit would not be booked as discounted.
        provider = self.env["payment.provider"].sudo()
        exact = float(provider._paylinks_chargeable(due, self.currency_id))
        return due if self.currency_id.compare_amounts(exact, due) == 0 else self.amount_residual

    def _paylinks_is_paid(self):
        """Whether nothing is left to pay; also by a payment that waits for its bank statement."""
        return (
            self.payment_state in ("paid", "in_payment", "reversed")
            or self.currency_id.compare_amounts(self.amount_residual, 0) <= 0
        )

    # -- links follow the invoice --

    def _paylinks_document_changed(self, why):
        """Bring links in line with what the invoices owe now, and mark stale payment pages.

        No call to the processor: this runs inside the document's own transaction.

        :param str why: what happened, for the links' history
        """
        why = get_handed_down(self, "paylinks_why", why)
        if not self:
            return
        # The links of invoices that are being posted follow from the outset.
        link_model = hand_down(self.env["payment.link"].sudo(), paylinks_leave_posted=True)
        links = link_model.search(
            [("invoice_id", "in", self.ids), ("state", "not in", ("paid", "cancelled"))]
        ).with_env(self.sudo().env)
        if links:
            # A click that came meanwhile has changed its link: Odoo runs this transaction again.
            links._lock_rows()
            links._refresh_state(why)
            links._close_stale_checkouts()

    def button_draft(self):
        result = super().button_draft()
        self._paylinks_document_changed(self.env._("the invoice was reset to draft"))
        return result

    def button_cancel(self):
        result = super().button_cancel()
        self._paylinks_document_changed(self.env._("the invoice was cancelled"))
        return result

    def _post(self, soft=True):
        posted = super()._post(soft)
        posted.filtered(lambda move: move.is_sale_document())._paylinks_document_changed(
            self.env._("the invoice was confirmed")
        )
        return posted
