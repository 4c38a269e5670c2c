from odoo import fields, models


class ResConfigSettings(models.TransientModel):
    _inherit = "res.config.settings"

    paylinks_expiry_days = fields.Integer(related="company_id.paylinks_expiry_days", readonly=False)
