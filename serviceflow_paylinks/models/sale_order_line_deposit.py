from odoo import models


class SaleOrderLine(models.Model):
    """A down payment that was credited in part."""

    _inherit = "sale.order.line"

    def _prepare_qty_invoiced(self):
        """Override of ``sale``: a down payment that was credited in part is invoiced still."""
        result = super()._prepare_qty_invoiced()
        for line in self.filtered("is_downpayment"):
            result[line] += line._get_part_credits(("draft", "posted"), result[line])
        return result

    def _compute_qty_invoiced_posted(self):
        result = super()._compute_qty_invoiced_posted()
        for line in self.filtered("is_downpayment"):
            line.qty_invoiced_posted += line._get_part_credits(
                ("posted",), line.qty_invoiced_posted
            )
        return result

    def _get_part_credits(self, states, counted):
        """Return which quantity credit notes of a part of the down payment took off too much.

        :param tuple states: of the credit notes that were counted
        :param float counted: the quantity that was arrived at with them
        """
        parts = self.invoice_lines.filtered(
            lambda line: line.move_id.paylinks_part_credit and line.move_id.state in states
        )
        if not parts:
            return 0.0
        others = self.order_id.order_line.filtered(lambda line: not line.is_downpayment)
        final_invoices = set(others.invoice_lines.move_id)
        left = self._get_downpayment_line_price_unit(final_invoices)
        if self.currency_id.compare_amounts(left, 0) <= 0:
            return -counted  # Credited in full, in parts: nothing is left to deduct.
        return sum(parts.mapped("quantity"))
