from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import UserError


class PaymentLink(models.Model):
    """Sending the link: by email and by text message, through Odoo's own queues."""

    _inherit = "payment.link"

    send_waiting = fields.Selection(
        [("email", "Email"), ("sms", "SMS"), ("both", "Email and SMS")],
        "Waits to Be Sent",
        readonly=True,
        copy=False,
    )
    sent_channel = fields.Selection(
        [
            ("email", "Email"),
            ("sms", "SMS"),
            ("both", "Email and SMS"),
            ("other", "Another way"),
        ],
        "Sent By",
        readonly=True,
        copy=False,
    )
    reminded_at = fields.Datetime("Reminded", readonly=True, copy=False)

    _send_waiting_idx = models.Index("(id) WHERE send_waiting IS NOT NULL")

    def send_by_email(self):
        """Queue the email with the link's address for each link's customer.

        :raise AccessError: the user may not create payment links
        :raise UserError: a link cannot be paid any more, or its customer has no email
        """
        self.check_access("write")
        self._check_can_be_sent("email", self.env._("email address"))
        self._send_email()
        return True

    def send_by_sms(self):
        """Queue the text message with the link's address for each link's customer.

        :raise AccessError: the user may not create payment links
        :raise UserError: a link cannot be paid any more, or its customer has no phone number
        """
        self.check_access("write")
        self._check_can_be_sent("phone", self.env._("phone number"))
        self._send_sms()
        return True

    def _check_can_be_sent(self, contact, label):
        for link in self:
            if link.state != "active" or link._is_past_expiry():
                raise UserError(
                    self.env._(
                        "%s can no longer be paid, so it is not sent. Generate a new link, or edit"
                        " its expiry if it has expired.",
                        link.name,
                    )
                )
            if not link[contact]:
                raise UserError(
                    self.env._(
                        "%(customer)s has no %(contact)s. Enter it on link %(link)s and send it"
                        " again.",
                        customer=link.partner_id.display_name,
                        contact=label,
                        link=link.name,
                    )
                )

    def _send_email(self):
        template = self.env.ref("serviceflow_paylinks.mail_template_payment_link").sudo()
        template.send_mail_batch(self.ids)
        self._note_sent("email")
        self._log_history(self.env._("Email queued."))

    def _send_sms(self):
        template = self.env.ref("serviceflow_paylinks.sms_template_payment_link").sudo()
        bodies = template._render_field("body", self.ids, compute_lang=True)
        values = [
            {"number": link.phone, "partner_id": link.partner_id.id, "body": bodies[link.id]}
            for link in self
        ]
        self.env["sms.sms"].sudo().create(values)
        self._note_sent("sms")
        self._log_history(self.env._("Text message queued."))

    def _note_sent(self, channel):
        """Remember when and how the links were sent; what was sent both ways says so."""
        other = "sms" if channel == "email" else "email"
        both = self.filtered(lambda link: link.sent_channel in (other, "both"))
        now = fields.Datetime.now()
        both.sudo().write({"sent_at": now, "sent_channel": "both"})
        (self - both).sudo().write({"sent_at": now, "sent_channel": channel})

    # -- for the schedules --

    @api.model
    def _to_send_domain(self):
        return [("send_waiting", "!=", False)]

    def _send_waiting(self):
        """Send one link that waits, if it can still be paid; note why not, otherwise."""
        self.ensure_one()
        channels, self.sudo().send_waiting = self.send_waiting, False
        if self.state != "active":
            return self._log_history(self.env._("Not sent: it can no longer be paid."))
        if channels in ("email", "both"):
            if self.email:
                self._send_email()
            else:
                self._log_history(self.env._("Not sent: the customer has no email address."))
        if channels in ("sms", "both"):
            if self.phone:
                self._send_sms()
            else:
                self._log_history(self.env._("Not sent: the customer has no phone number."))
        return None

    @api.model
    def _to_remind_domain(self, company):
        """Return the company's links that expire within its reminder's days and were sent."""
        now = fields.Datetime.now()
        return [
            *self._not_in_dispute_domain(),
            ("company_id", "=", company.id),
            ("state", "=", "active"),
            ("sent_at", "!=", False),
            ("reminded_at", "=", False),
            ("expires_at", ">", now),
            ("expires_at", "<=", now + timedelta(days=company.paylinks_reminder_days)),
        ]

    def _remind(self):
        """Send one link's email again, as a reminder."""
        self.ensure_one()
        self.sudo().reminded_at = fields.Datetime.now()
        if self.email:
            self._send_email()
