from odoo import api, fields, models


class PaymentLinkOptions(models.AbstractModel):
    _inherit = "payment.link.options"

    paylinks_part_payments = fields.Boolean(
        related="company_id.paylinks_part_payments", readonly=False
    )
    paylinks_part_minimum = fields.Integer(
        related="company_id.paylinks_part_minimum", readonly=False
    )


class ResConfigSettings(models.TransientModel):
    """Tips are posted to an account, which is an administrator's to choose."""

    _inherit = "res.config.settings"

    paylinks_tip_presets = fields.Char(related="company_id.paylinks_tip_presets", readonly=False)
    # Two fields, one inverse: related fields are written one after the other, and tips that are
    # turned on before their account is there are refused.
    paylinks_tips = fields.Boolean(
        "Tips", compute="_compute_paylinks_tips", inverse="_inverse_paylinks_tips"
    )
    paylinks_tip_account_id = fields.Many2one(
        "account.account",
        "Account for Tips",
        compute="_compute_paylinks_tips",
        inverse="_inverse_paylinks_tips",
        check_company=True,
    )

    @api.depends("company_id")
    def _compute_paylinks_tips(self):
        for settings in self:
            settings.paylinks_tips = settings.company_id.paylinks_tips
            settings.paylinks_tip_account_id = settings.company_id.paylinks_tip_account_id

    def _inverse_paylinks_tips(self):
        for settings in self:
            settings.company_id.write(
                {
                    "paylinks_tips": settings.paylinks_tips,
                    "paylinks_tip_account_id": settings.paylinks_tip_account_id.id,
                }
            )
