from odoo import fields, models


class ResCompany(models.Model):
    _inherit = "res.company"

    # On: it costs nothing, shows only where staff made a link, and is where people pay paper from.
    paylinks_invoice_qr = fields.Boolean(
        "QR Code on Invoices",
        default=True,
        help="An invoice that has an open payment link carries it as a QR code.",
    )
