from odoo import models

from .own_context import hand_down

# What the service reports, in the words of ``mail.notification``, and what it means here.
REPORTED = {
    "process": "sent",
    "pending": "sent",
    "sent": "delivered",
    "bounce": "failed",
    "exception": "failed",
}


class PaymentLinkMessage(models.Model):
    """Sending a text message of the outbox, through Odoo's: its own service, or Twilio."""

    _inherit = "payment.link.message"

    def _deliver_sms(self, sending):
        """Make the text message and hand it to the service; its reference was committed before."""
        link = self.link_id
        template = link._get_template("sms", self.kind, self.rule_id)
        sms = self._make_sms(link._render_sms(template))
        self.env.flush_all()
        sending.begun = True
        hand_down(sms, paylinks_sending=True).with_context(sms_skip_msg_notification=True).send()
        self._note_sms(sms)

    def _make_sms(self, body):
        """Make the text message, with the message and notification that the history shows."""
        link = self.link_id
        message = link._message_log(body=body, message_type="sms")
        sms = (
            self.env["sms.sms"]
            .sudo()
            .with_company(self.company_id)
            .create(
                {
                    "uuid": self.sms_uuid,
                    "number": link.phone,
                    "body": body,
                    "partner_id": link.partner_id.id,
                    "mail_message_id": message.id,
                }
            )
        )
        notification = (
            self.env["mail.notification"]
            .sudo()
            .create(
                {
                    "author_id": message.author_id.id,
                    "mail_message_id": message.id,
                    "res_partner_id": link.partner_id.id,
                    "sms_number": link.phone,
                    "notification_type": "sms",
                    "sms_id_int": sms.id,
                    "is_read": True,
                    "notification_status": "ready",
                }
            )
        )
        self._get_tracker().mail_notification_id = notification
        self.write({"mail_message_id": message.id, "address": link.phone})
        return sms

    def _get_tracker(self):
        return self.env["sms.tracker"].sudo().search([("sms_uuid", "=", self.sms_uuid)])

    def _note_sms(self, sms):
        """Note what the service answered."""
        notification = self._get_tracker().mail_notification_id
        if sms.state != "error":
            reached = sms.state in ("process", "pending", "sent")
            state = "delivered" if sms.state == "sent" else "sent" if reached else "failed"
            return self._set_state(state)
        reason = self._explain_sms(sms.failure_type, notification.failure_reason)
        if sms.failure_type == "sms_server":
            # No answer is no "no": it may have been sent. The next would fare no better.
            self._get_round().close("sms", self._say_unreachable())
            reason = self.env._(
                "The text message service did not answer as it should, so it is not certain whether"
                " this was sent. Ask the customer, or send it again."
            )
            return self._set_state("unknown", reason)
        return self._set_state("failed", reason)

    def _explain_sms(self, failure_type, reason):
        label = self._label_failure(failure_type) if failure_type else ""
        return ": ".join(part for part in (label, reason) if part)

    def _apply_sms_report(self, status, failure_type, reason):
        """The service reports later what became of a text message."""
        if state := REPORTED.get(status):
            why = self._explain_sms(failure_type, reason) if state == "failed" else False
            self._set_state(state, why)
