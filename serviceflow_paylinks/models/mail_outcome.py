"""What Odoo's mail and SMS learn about a message comes back to the outbox."""

from odoo import models

from .own_context import get_handed_down


class MailMail(models.Model):
    _inherit = "mail.mail"

    def _postprocess_sent_message(
        self, success_pids, success_emails, failure_reason=False, failure_type=None
    ):
        """Override of ``mail``: Odoo's own queue has sent an email, or could not.

        Emails of the outbox's schedule are dealt with there.
        """
        messages = self.mail_message_id
        result = super()._postprocess_sent_message(
            success_pids, success_emails, failure_reason=failure_reason, failure_type=failure_type
        )
        if not get_handed_down(self, "paylinks_sending"):
            # With several addressees, one who was reached is enough.
            failed = failure_type if not (success_pids or success_emails) else False
            self.env["payment.link.message"].sudo()._note_odoos_email(
                messages, failed, failure_reason
            )
        return result


class MailNotification(models.Model):
    _inherit = "mail.notification"

    def write(self, vals):
        result = super().write(vals)
        if vals.get("notification_status") == "bounce":
            rows = self.env["payment.link.message"].sudo()
            emails = self.filtered(lambda n: n.notification_type == "email")
            rows._of_messages(emails.mail_message_id)._apply_bounce(vals.get("failure_reason"))
        return result


class SmsTracker(models.Model):
    _inherit = "sms.tracker"

    def _update_sms_notifications(
        self, notification_status, failure_type=False, failure_reason=False
    ):
        """Override of ``sms``: the service reports on text messages."""
        result = super()._update_sms_notifications(
            notification_status, failure_type=failure_type, failure_reason=failure_reason
        )
        if not get_handed_down(self, "paylinks_sending"):
            uuids = self.mapped("sms_uuid")
            rows = self.env["payment.link.message"].sudo().search([("sms_uuid", "in", uuids)])
            rows._apply_sms_report(notification_status, failure_type, failure_reason)
        return result
