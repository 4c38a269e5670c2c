from odoo import Command, models


class AccountMove(models.Model):
    """What a refund needs to know of an invoice."""

    _inherit = "account.move"

    def _paylinks_receivable_lines(self):
        """Return the lines that the customer owes, or is owed."""
        return self.line_ids.filtered(lambda line: line.display_type == "payment_term")

    def _paylinks_uncredited(self):
        """Return how much of the invoice no confirmed credit note has taken back yet (float)."""
        self.ensure_one()
        notes = self.reversal_move_ids.filtered(lambda move: move.state == "posted")
        return self.currency_id.round(self.amount_total - sum(notes.mapped("amount_total")))

    def _paylinks_part_lines(self, amount):
        """Return values of lines that make up a part of the invoice, with its taxes and accounts.

        As a down payment of an order: one line for each combination of taxes and account, to the
        unit exactly this amount in all (`_prepare_down_payment_lines` of `account.tax`).

        :param float amount: taxes included, in the invoice's currency
        """
        self.ensure_one()
        taxes = self.env["account.tax"]
        base_lines, _tax_lines = self._get_rounded_base_and_tax_lines()
        parts = taxes._prepare_down_payment_lines(
            base_lines=base_lines,
            company=self.company_id,
            amount_type="fixed",
            amount=amount,
            computation_key=f"refund,{self.id}",
            grouping_function=lambda line: {
                "tax_ids": line["tax_ids"],
                "account_id": line["account_id"],
            },
        )
        return [
            {
                "name": self.env._("Refund of %s", self.name),
                "quantity": part["quantity"],
                "price_unit": part["price_unit"],
                "tax_ids": [Command.set(part["tax_ids"].ids)],
                "account_id": part["account_id"].id,
                "analytic_distribution": part["analytic_distribution"],
                "extra_tax_data": taxes._export_base_line_extra_tax_data(part),
            }
            for part in parts
        ]
