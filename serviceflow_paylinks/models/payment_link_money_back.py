from odoo import api, fields, models


class PaymentLink(models.Model):
    """Money that went back, or that somebody wants back, told in one word beside the state."""

    _inherit = "payment.link"

    money_back = fields.Selection(
        [
            ("disputed", "Disputed"),
            ("lost", "Dispute lost"),
            ("refunded", "Refunded"),
            ("part", "Part refunded"),
        ],
        compute="_compute_money_back",
        compute_sudo=True,
        exportable=False,
        groups="serviceflow_paylinks.group_payments_view",
    )

    _refunded_idx = models.Index("(id) WHERE amount_refunded > 0")

    @api.depends("dispute_state", "amount_paid", "amount_refunded")
    def _compute_money_back(self):
        for link in self:
            if link.dispute_state == "open":
                link.money_back = "disputed"
            elif link.dispute_state == "lost":
                link.money_back = "lost"
            elif link.currency_id.is_zero(link.amount_refunded):
                link.money_back = False
            else:
                part = link.currency_id.compare_amounts(link.amount_refunded, link.amount_paid) < 0
                link.money_back = "part" if part else "refunded"
