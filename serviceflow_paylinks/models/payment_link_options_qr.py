from odoo import fields, models


class PaymentLinkOptions(models.AbstractModel):
    _inherit = "payment.link.options"

    paylinks_invoice_qr = fields.Boolean(related="company_id.paylinks_invoice_qr", readonly=False)
