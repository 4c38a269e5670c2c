from odoo import api, models
from odoo.exceptions import AccessError
from odoo.tools.misc import clean_context

MODULE = "serviceflow_paylinks"


class PaymentTransaction(models.Model):
    """Nobody changes an attempt by hand, whatever rights Odoo's invoicing gives on transactions: it
    is what the processor has told, and says what is in the books.

    Our code, and Odoo's own buttons, change it as superuser.
    """

    _inherit = "payment.transaction"

    @api.model_create_multi
    def create(self, vals_list):
        """Override of ``payment``: nothing is made that looks like an attempt; and what is made, by
        whomever, is what was given: a `default_…` in the context fills in nothing."""
        if not self.env.su:
            for vals in vals_list:
                self._paylinks_check_by_hand(vals)
        clean = self.with_env(self.env(context=clean_context(self.env.context)))
        return super(PaymentTransaction, clean).create(vals_list).with_env(self.env)

    def write(self, vals):
        if not self.env.su:
            self._paylinks_check_by_hand(vals)
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_except_ours(self):
        if not self.env.su:
            self._paylinks_check_by_hand({})

    def action_post_process(self):
        """Override of ``payment``, which books for whoever may read: our groups lend that."""
        self.check_access("write")
        return super().action_post_process()

    def _paylinks_check_by_hand(self, vals):
        """Refuse a change of an attempt or a refund of ours, and what would make one of another.

        :raise AccessError: what cannot be changed, and what can be done instead
        """
        source = self.sudo().browse(vals.get("source_transaction_id") or [])
        if (self.sudo() | source)._paylinks_are_ours() or self._paylinks_own_fields() & vals.keys():
            raise AccessError(
                self.env._(
                    "Payments through payment links follow what Stripe reports, and cannot be"
                    " changed by hand. Open the payment link to refund one or to see how it stands."
                )
            )

    def _paylinks_are_ours(self):
        return bool(self.filtered(lambda tx: tx.payment_link_id or tx.refund_link_id))

    @api.model
    def _paylinks_own_fields(self):
        """Return the names of the fields that this addon has added."""
        return {name for name, field in self._fields.items() if field._modules[:1] == (MODULE,)}
