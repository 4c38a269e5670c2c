from odoo import models

from .payment_link_message import HELD_UNTIL


class PaymentLink(models.Model):
    """An email that a clerk wrote, in Odoo's composer or the chatter, and that holds the link."""

    _inherit = "payment.link"

    def _notify_thread_by_email(self, message, recipients_data, *, msg_vals=False, **kwargs):
        """Override of ``mail``: what brings the customer the link goes through the outbox, and is
        for who may send it otherwise, though any viewer may write a message.

        :raise AccessError: the user may not create payment links
        """
        if not self._is_sending(message, recipients_data):
            return super()._notify_thread_by_email(
                message, recipients_data, msg_vals=msg_vals, **kwargs
            )
        self.sudo(False).check_access("write")  # The chatter's route posts as superuser.
        kwargs.update(force_send=False)
        result = super()._notify_thread_by_email(
            message, recipients_data, msg_vals=msg_vals, **kwargs
        )
        mails = self.env["mail.mail"].sudo().search([("mail_message_id", "=", message.id)])
        mails.scheduled_date = HELD_UNTIL
        rows = self.env["payment.link.message"]._ask(
            [
                {
                    "link": self,
                    "channel": "email",
                    "key": f"composed:{message.id}",
                    "mail_message_id": message.id,
                    "address": ", ".join(r["email_normalized"] or "" for r in recipients_data),
                }
            ]
        )
        rows._wake_schedule()
        return result

    def _is_sending(self, message, recipients_data):
        """Whether a message brings somebody outside the house the link's address."""
        outside = any(
            recipient["notif"] == "email" and recipient["type"] != "user"
            for recipient in recipients_data
        )
        return outside and bool(self.url) and self.url in (message.body or "")
