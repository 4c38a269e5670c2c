from odoo import fields, models


class ResConfigSettings(models.TransientModel):
    _inherit = "res.config.settings"

    paylinks_expiry_days = fields.Integer(related="company_id.paylinks_expiry_days", readonly=False)
    paylinks_reminder_days = fields.Integer(
        related="company_id.paylinks_reminder_days", readonly=False
    )
    paylinks_ledger_days = fields.Integer(
        "Keep Webhook Events",
        config_parameter="serviceflow_paylinks.ledger_days",
        default=180,
        help="Days; at least 31, since Stripe tells of its events for 30.",
    )
