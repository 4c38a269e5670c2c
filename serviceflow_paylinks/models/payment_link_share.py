import base64

from odoo import api, fields, models

QR_PIXELS = 400


class PaymentLink(models.Model):
    """What passes the address on: a picture to scan, and a text to send."""

    _inherit = "payment.link"

    qr_code = fields.Binary(
        "QR Code", compute="_compute_qr_code", help="A picture of the address (PNG)."
    )

    @api.depends("url")
    def _compute_qr_code(self):
        barcode = self.env["ir.actions.report"].barcode
        for link in self:
            picture = link.url and barcode("QR", link.url, width=QR_PIXELS, height=QR_PIXELS)
            link.qr_code = base64.b64encode(picture) if picture else False
