from odoo import fields, models


class PaymentLinkOptions(models.AbstractModel):
    _inherit = "payment.link.options"

    paylinks_auto_create = fields.Boolean(related="company_id.paylinks_auto_create", readonly=False)
    paylinks_auto_send = fields.Selection(related="company_id.paylinks_auto_send", readonly=False)
    paylinks_quiet_from = fields.Float(related="company_id.paylinks_quiet_from", readonly=False)
    paylinks_quiet_until = fields.Float(related="company_id.paylinks_quiet_until", readonly=False)
    paylinks_tell_paid = fields.Boolean(related="company_id.paylinks_tell_paid", readonly=False)
    paylinks_tell_expired = fields.Boolean(
        related="company_id.paylinks_tell_expired", readonly=False
    )
    paylinks_receipt = fields.Selection(
        related="company_id.paylinks_receipt", readonly=False, required=True
    )
