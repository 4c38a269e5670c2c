from odoo import api, fields, models
from odoo.exceptions import UserError

from ..exceptions import ProcessorError


class PaymentLink(models.Model):
    """What was paid through a link, but is not what was asked for: a person books or refunds it by
    hand, and says so."""

    _inherit = "payment.link"

    has_aside = fields.Boolean(
        "Payment Set Aside",
        compute="_compute_has_aside",
        compute_sudo=True,
        groups="serviceflow_paylinks.group_payments_view",
        help="A payment was set aside for a person.",
    )

    @api.depends(
        "transaction_ids.checkout_aside",
        "transaction_ids.checkout_open",
        "transaction_ids.state",
    )
    def _compute_has_aside(self):
        for link in self:
            link.has_aside = any(tx._is_set_aside() for tx in link.transaction_ids)

    def action_settle_by_hand(self):
        """Say that what was set aside is booked or refunded by hand. For managers.

        Its page at the processor is closed, if it is open still; the link can be paid again.

        :raise AccessError: the user may not manage payment links
        :raise UserError: nothing is set aside, or the processor does not answer
        """
        self.ensure_one()
        self._check_may_manage()
        attempts = self.sudo().transaction_ids.filtered(lambda tx: tx._is_set_aside())
        if not attempts:
            raise UserError(self.env._("No payment of %s is set aside.", self.name))
        for attempt in attempts:
            try:
                attempt._settle_by_hand()
            except ProcessorError as error:
                raise UserError(attempt.provider_id._paylinks_explain(error)) from error
            self._log_history(
                self.env._(
                    "%(user)s has settled payment %(reference)s by hand.",
                    user=self.env.user.name,
                    reference=attempt.reference,
                )
            )
        return True
