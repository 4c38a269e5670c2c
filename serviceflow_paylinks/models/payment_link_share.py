import base64
import io

import qrcode
from odoo import api, fields, models

QR_SQUARE = 10  # pixels


class PaymentLink(models.Model):
    """What passes the address on: a picture to scan, and a text to send."""

    _inherit = "payment.link"

    qr_code = fields.Binary(
        "QR Code", compute="_compute_qr_code", help="A picture of the address (PNG)."
    )

    @api.depends("url")
    def _compute_qr_code(self):
        for link in self:
            link.qr_code = link._draw_qr_code() if link.url else False

    def _draw_qr_code(self):
        """Return the address as a picture: PNG in base64.

        As auth_totp draws its own. `ir.actions.report.barcode` wants a part of ReportLab that is
        missing where Odoo was installed by pip.
        """
        picture = io.BytesIO()
        qrcode.make(self.url, box_size=QR_SQUARE).save(picture, format="PNG", optimize=True)
        return base64.b64encode(picture.getvalue())
