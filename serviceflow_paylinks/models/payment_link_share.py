import base64
import io

import qrcode
from odoo import api, fields, models
from odoo.exceptions import UserError

QR_SQUARE = 10  # pixels


class PaymentLink(models.Model):
    """What passes the address on: a picture to scan, and a text to send from one's own device."""

    _inherit = "payment.link"

    qr_code = fields.Binary(
        "QR Code", compute="_compute_qr_code", help="A picture of the address (PNG)."
    )
    share_title = fields.Char(compute="_compute_share", help="What is paid, and to whom.")
    share_text = fields.Text(compute="_compute_share", help="In the customer's language.")

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

    @api.depends("url", "amount", "partner_id.lang")
    def _compute_share(self):
        """What a person would write: the business, what for, how much, where."""
        for link in self:
            theirs = link.with_context(lang=link.partner_id.lang or self.env.lang)
            title = theirs.sudo()._get_title()
            link.share_title = f"{theirs.sudo().company_id.name}: {title}"
            link.share_text = theirs.env._(
                "%(company)s: %(title)s, %(amount)s. Pay here: %(url)s",
                company=theirs.sudo().company_id.name,
                title=title,
                amount=theirs.currency_id.format(link.amount),
                url=link.url or "",
            )

    def get_share_values(self):
        """Return what the dialog that passes one link on shows.

        :return: dict of ``id``, ``name``, ``customer``, ``amount`` (formatted), ``document``,
            ``title``, ``text``, ``url``, ``qr_code`` (base64 of a PNG), ``email``, ``phone``
            (E.164), ``problem`` (why nobody can pay it, empty if it can be paid)
        :raise AccessError: the user may not create payment links
        """
        self.ensure_one()
        self.check_access("write")
        return {
            "id": self.id,
            "name": self.name,
            "customer": self.partner_id.display_name,
            "amount": self.currency_id.format(self.amount),
            "document": self.sudo()._get_document().display_name or self.description or "",
            "title": self.share_title,
            "text": self.share_text,
            "url": self.url,
            "qr_code": self.qr_code.decode(),
            "email": self.email or "",
            "phone": self.phone or "",
            "problem": self._get_share_problem(),
        }

    def _get_share_problem(self):
        """Return why it is no use to pass the link on; empty where it can be paid."""
        if self._is_payable():
            return ""
        label = dict(self._fields["state"]._description_selection(self.env))[self.state]
        return self.env._("Nobody can pay this link now: its status is “%s”.", label)

    def note_shared(self, channel):
        """Note on the link's history that the clerk passes it on from the own device.

        Whether it was sent in the end is not known to us, so it does not count as sent.

        :param str channel: ``email``, ``sms``, ``whatsapp`` or ``device``
        :raise AccessError: the user may not create payment links
        """
        self.check_access("write")
        labels = {
            "email": self.env._("email"),
            "sms": self.env._("SMS"),
            "whatsapp": self.env._("WhatsApp"),
            "device": self.env._("another app"),
        }
        if channel not in labels:
            raise UserError(self.env._("A link is shared by %s.", ", ".join(labels.values())))
        self._log_history(
            self.env._(
                "%(user)s shared the link by %(channel)s from the own device.",
                user=self.env.user.name,
                channel=labels[channel],
            )
        )
        return True
