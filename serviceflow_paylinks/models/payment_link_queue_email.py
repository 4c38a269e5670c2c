import logging

from odoo import api, models
from odoo.tools import email_normalize_all

from .own_context import hand_down
from .payment_link_message import HELD_UNTIL

_logger = logging.getLogger(__name__)

LAYOUT = "serviceflow_paylinks.mail_layout"


class PaymentLinkMessage(models.Model):
    """Sending an email of the outbox."""

    _inherit = "payment.link.message"

    def _deliver_email(self, sending):
        """Make the email, or take the one that a clerk wrote, and hand it to the mail server."""
        mails = self._get_held_emails() or self._make_email()
        mails.scheduled_date = False
        self.env.flush_all()
        sending.begun = True
        hand_down(mails, paylinks_sending=True).send()
        self._note_emails(mails)

    def _make_email(self):
        """Make the email from its template; it is part of the link's history from now on."""
        link = hand_down(self.link_id, paylinks_transaction_id=self.transaction_id.id)
        template = link._get_template("email", self.kind, self.rule_id)
        writer = template.with_company(self.company_id)
        writer = hand_down(writer, paylinks_transaction_id=self.transaction_id.id)
        mail = writer.send_mail_batch(
            link.ids,
            email_values={
                # The message stays when the email is removed: a bounce finds it.
                "is_notification": True,
                "scheduled_date": HELD_UNTIL,
                "record_company_id": self.company_id.id,
            },
            email_layout_xmlid=template.email_layout_xmlid or LAYOUT,
        )
        self.write({"mail_message_id": mail.mail_message_id.id, "address": link.email})
        values = {**mail._get_notification_values()[0], "mail_email_address": link.email}
        self.env["mail.notification"].sudo().create(values)
        return mail

    def _note_emails(self, mails):
        """Note what became of the emails; Odoo removes what was sent, if the template says so."""
        left = mails.exists()
        failed = left.filtered(lambda mail: mail.state == "exception")
        if not failed:
            # Odoo keeps an email back where a personal mail server has sent enough for today.
            return self._set_state("handed" if "outgoing" in left.mapped("state") else "sent")
        if self._get_round().lost:
            # Odoo's queue must not send it again, should somebody ask it to.
            self._get_round().close("email", self._say_unreachable())
            failed.state = "cancel"
            return self._set_state("unknown", self._say_uncertain())
        reason = failed[0].failure_reason or ""
        if failed[0].failure_type:
            return self._set_state("failed", reason)
        # The mail server was not even reached, and others would not reach it either.
        self._get_round().close("email", self._say_unreachable())
        reason = self.env._("The mail server cannot be reached: %s", reason)
        if self.mail_message_id and not self._is_written_by_hand():
            failed.unlink()
            self.mail_message_id.unlink()
        else:
            failed.write({"state": "outgoing", "scheduled_date": HELD_UNTIL})
        return self._try_again_later(reason)

    def _is_written_by_hand(self):
        """Whether a clerk wrote it, in the composer."""
        return self.mail_message_id.message_type == "comment"

    # -- emails that a clerk wrote --

    def _get_chosen_addresses(self):
        """Return to whom a clerk wrote; an empty list where the email is made for the link's."""
        if not self.mail_message_id or not self._is_written_by_hand():
            return []
        return email_normalize_all(self.address or "")

    def _get_held_emails(self):
        """Return the emails that wait for us to send them."""
        message = self.mail_message_id
        if not message:
            return self.env["mail.mail"]
        return (
            self.env["mail.mail"]
            .sudo()
            .search([("mail_message_id", "in", message.ids), ("state", "=", "outgoing")])
        )

    def _drop_held_emails(self):
        """They will not be sent: say so where they are listed, too."""
        for row in self.filtered("mail_message_id"):
            row._get_held_emails().write({"state": "cancel"})
            row.mail_message_id.sudo().notification_ids.filtered(
                lambda notification: notification.notification_status == "ready"
            ).write({"notification_status": "canceled"})

    @api.model
    def _note_odoos_email(self, messages, failure_type, reason):
        """Odoo has sent, or could not send, emails that it had been handed.

        It notes that in this very transaction, which must not fail by us: Odoo would send the
        emails again. Somebody else who changes our row at this moment has news of it, too; the
        link is told by the schedule.

        :param messages: the ``mail.message`` records
        """
        try:
            with self.env.cr.savepoint():
                rows = hand_down(self, paylinks_tell_later=True)._of_messages(messages)
                rows = rows.try_lock_for_update(allow_referencing=True)
                rows._apply_email_result(failure_type, reason)
                self.env.flush_all()
                if rows:
                    rows._wake_schedule()
        except Exception:
            _logger.warning("What became of an email that Odoo sent could not be noted.")

    def _apply_email_result(self, failure_type, reason):
        if not failure_type:
            return self._set_state("sent")
        return self._set_state("failed", reason or self._label_failure(failure_type))

    def _label_failure(self, failure_type):
        selection = self.env["mail.notification"]._fields["failure_type"]
        return dict(selection._description_selection(self.env)).get(failure_type, failure_type)

    # -- what comes back --

    def _of_messages(self, messages):
        """Return the outbox's emails among messages of any kind."""
        if not messages:
            return self.browse()
        return self.search([("mail_message_id", "in", messages.ids), ("channel", "=", "email")])

    def _apply_bounce(self, reason):
        """The email came back."""
        words = " ".join((reason or "").split())
        self._set_state("bounced", words[:300] or self.env._("The email came back."))
