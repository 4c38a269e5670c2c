from odoo import api, models


class AccountPartialReconcile(models.Model):
    _inherit = "account.partial.reconcile"

    @api.model_create_multi
    def create(self, vals_list):
        partials = super().create(vals_list)
        partials._paylinks_invoices()._paylinks_document_changed(
            self.env._("a payment or credit was matched with the invoice")
        )
        return partials

    def unlink(self):
        invoices = self._paylinks_invoices()
        result = super().unlink()
        invoices.exists()._paylinks_document_changed(
            self.env._("a payment or credit was taken off the invoice")
        )
        return result

    def _paylinks_invoices(self):
        """Return the customer invoices on either side."""
        moves = (self.debit_move_id | self.credit_move_id).move_id
        return moves.filtered(lambda move: move.move_type == "out_invoice")
