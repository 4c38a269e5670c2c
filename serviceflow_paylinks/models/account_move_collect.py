from odoo import api, models
from odoo.exceptions import UserError
from odoo.tools import format_date

# So many sentences fit a message.
MOST_SENTENCES = 10


class AccountMove(models.Model):
    """Where staff collect: what an invoice offers to be paid now, and the dialogs on it."""

    _inherit = "account.move"

    @api.depends("amount_residual")
    @api.depends_context("paylinks_show_balance")
    def _compute_display_name(self):
        """With customer and balance where an invoice is chosen to be collected."""
        super()._compute_display_name()
        if not self.env.context.get("paylinks_show_balance"):
            return
        # Odoo reads the name of what a field points at as superuser, for anybody.
        shown = self & self.sudo(False)._filtered_access("read")
        for move, amount in shown._get_collectables().items():
            parts = (move.name, move.partner_id.name, move.currency_id.format(amount))
            move.display_name = " · ".join(part for part in parts if part)

    @api.model
    def _paylinks_open_domain(self):
        """Return the domain of the customer invoices that may be collected."""
        return [
            ("move_type", "=", "out_invoice"),
            ("state", "=", "posted"),
            ("payment_state", "in", ("not_paid", "partial")),
            ("amount_residual", ">", 0),
        ]

    # -- what can be collected now --

    def _get_nothing_to_collect(self):
        """Return why nothing can be collected on the invoice, for the clerk; empty if it can."""
        self.ensure_one()
        is_open = self.move_type == "out_invoice" and self.state == "posted"
        if is_open and not self._paylinks_is_paid():
            return ""
        name = self.display_name  # Not before: it would cost a sixth of making a link.
        if self.move_type == "out_refund":
            return self.env._(
                "%s is a credit note, not a customer invoice: choose an invoice.", name
            )
        if self.move_type in ("in_invoice", "in_refund", "in_receipt"):
            return self.env._(
                "%s is a vendor bill, not a customer invoice: pay it with its own Pay button.", name
            )
        if self.move_type != "out_invoice":
            return self.env._("%s is not a customer invoice: choose one.", name)
        if self.state == "draft":
            return self.env._("%s is a draft: confirm it first.", name)
        if self.state == "cancel":
            return self.env._("%s is cancelled: there is nothing to pay.", name)
        return self.env._("%s is paid: there is nothing left to pay.", name)

    def _get_collectables(self):
        """Return what each invoice owes and nobody is paying at this moment, in its currency.

        :return: {invoice: float}
        """
        in_flight = self.env["payment.link"]._sum_in_flight("invoice_ids", self._origin)
        result = {}
        for move in self:
            due = move.sudo()._paylinks_amount_due() - in_flight.get(move._origin.id, 0.0)
            result[move] = move.currency_id.round(max(due, 0.0))
        return result

    def _get_collectable(self):
        self.ensure_one()
        return self._get_collectables()[self]

    def _get_next_instalment(self):
        """Return the instalment that is due next, or all that are overdue.

        :return: (amount in the invoice's currency, date); (0.0, None) where the invoice has no
            instalments, or the next one is all that is left
        """
        self.ensure_one()
        move = self.sudo()
        values = move._get_invoice_next_payment_values() if move.state == "posted" else {}
        amount = values.get("next_amount_to_pay") or 0.0
        if (
            values.get("installment_state") not in ("next", "overdue")
            or self.currency_id.compare_amounts(amount, self._get_collectable()) >= 0
            or self.currency_id.compare_amounts(amount, 0) <= 0
        ):
            return 0.0, None
        return amount, values["next_due_date"]

    def _describe_instalment(self):
        """Return in words what the next instalment is, in the customer's language."""
        move = self.with_context(lang=self.partner_id.lang)
        _amount, due = move._get_next_instalment()
        return move.env._("Instalment due on %s", format_date(move.env, due)) if due else ""

    # -- the dialogs --

    def action_collect_payment(self):
        """Open the dialog that collects on this invoice: directly, or by a payment link.

        :return: an action that opens over the invoice's form as well as by itself
        :raise AccessError: the user may not create payment links, or not see the invoice
        :raise UserError: there is nothing to collect, and why
        """
        self.ensure_one()
        self._check_may_collect()
        if why := self.sudo()._get_nothing_to_collect():
            raise UserError(why)
        return self._open_collect("payment_collect_action")

    def action_generate_payment_link(self):
        """Open the wizard for the selected invoices.

        :raise UserError: none of them can have a link, and why
        """
        self._check_may_collect()
        refused = self._get_paylinks_refusals()
        if self and len(refused) == len(self):
            raise UserError(self._join_sentences(list(refused.values())))
        return self._open_collect("payment_link_generate_action")

    def _check_may_collect(self):
        self.env["payment.link"].check_access("create")
        self.check_access("read")

    def _open_collect(self, name):
        action = self.env["ir.actions.act_window"]._for_xml_id(f"serviceflow_paylinks.{name}")
        context = {
            "default_invoice_ids": self.ids,
            "default_purpose": "invoice",
            "default_is_collect": name == "payment_collect_action",
            "dialog_size": "medium",
        }
        return {**action, "context": context}

    @api.model
    def _join_sentences(self, sentences):
        """Return so many of the sentences as fit a message, a line each, and how many are left."""
        shown = sentences[:MOST_SENTENCES]
        if len(sentences) > len(shown):
            shown.append(self.env._("… and %s more.", len(sentences) - len(shown)))
        return "\n".join(shown)
