from odoo import Command, fields, models


class AccountMove(models.Model):
    """Deposits and the invoices of their order."""

    _inherit = "account.move"

    paylinks_part_credit = fields.Boolean(
        readonly=True,
        copy=False,
        help="A credit note of a part of a down payment: the final invoice deducts the rest.",
    )

    def _paylinks_document_changed(self, why):
        """What is paid of an order's invoices is not asked for as its deposit again."""
        result = super()._paylinks_document_changed(why)
        links = self.env["payment.link"].sudo()
        orders = self.sudo().line_ids.sale_line_ids.order_id
        if orders and links.search_count(
            [("sale_order_id", "in", orders.ids), ("state", "not in", ("paid", "cancelled"))],
            limit=1,
        ):
            orders._paylinks_document_changed(why)
        return result

    def _paylinks_part_lines(self, amount):
        """Lines that credit a part of a down payment belong to it on the order, too."""
        lines = super()._paylinks_part_lines(amount)
        if not self._is_downpayment():
            return lines
        ordered = {
            (frozenset(line.tax_ids.ids), line.account_id.id): line.sale_line_ids
            for line in self.invoice_line_ids.filtered("sale_line_ids")
        }
        for line in lines:
            [(_set, _zero, taxes)] = line["tax_ids"]
            found = ordered.get((frozenset(taxes), line["account_id"]))
            if found:
                line["sale_line_ids"] = [Command.set(found.ids)]
                line["is_downpayment"] = True
        return lines
