from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL, format_date

from .payment_link_message import REACHED, WAITING

CHANNELS = {"email": ("email",), "sms": ("sms",), "both": ("email", "sms")}
# What is dated earlier than that is sent by a person only: it may come from an import, in which the
# payments follow the invoices by hours.
OLDEST = timedelta(days=30)


class PaymentLink(models.Model):
    """Asking for the link to be sent. What is asked for is put into the outbox
    (``payment.link.message``), in the same transaction; the schedule sends it."""

    _inherit = "payment.link"

    # Writing it asks for sending: a message for each channel goes into the outbox.
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
    message_row_ids = fields.One2many(
        "payment.link.message",
        "link_id",
        "Messages Sent",
        readonly=True,
        groups="serviceflow_paylinks.group_payments_view",
    )
    reminded_at = fields.Datetime("Reminded", readonly=True, copy=False)

    @api.model_create_multi
    def create(self, vals_list):
        links = super().create(vals_list)
        links.filtered("send_waiting")._ask_waiting()
        return links

    def write(self, vals):
        result = super().write(vals)
        if vals.get("send_waiting"):
            self._ask_waiting()
        return result

    # -- for people and programs --

    def send_by_email(self):
        """Ask for an email with the link's address to each link's customer.

        The schedule sends them at once, and notes on each link what became of it. With several
        links, those that cannot be sent are left out and named in the answer.

        :return: an action that tells how many will be sent, and which are not and why
        :raise AccessError: the user may not create payment links
        :raise UserError: with one link: it cannot be sent, and why
        """
        return self._send_by("email")

    def send_by_sms(self):
        """Ask for a text message with the link's address to each link's customer.

        As ``send_by_email``; outside of quiet hours.
        """
        return self._send_by("sms")

    def action_compose_email(self):
        """Open Odoo's composer with the email as it would be sent, to be edited first.

        :raise UserError: the link cannot be sent, and why
        """
        self.ensure_one()
        self.check_access("write")
        if problem := self._find_obstacle("email"):
            raise UserError(problem)
        template = self._get_template("email", "link")
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Send by Email"),
            "res_model": "mail.compose.message",
            "view_mode": "form",
            "views": [(False, "form")],
            "target": "new",
            "context": {
                "default_model": self._name,
                "default_res_ids": self.ids,
                "default_composition_mode": "comment",
                "default_template_id": template.id,
                "default_email_layout_xmlid": template.email_layout_xmlid
                or "serviceflow_paylinks.mail_layout",
            },
        }

    # -- asking --

    def _ask_to_send(self, channels, **values):
        """Put the links into the outbox; the schedule checks each again before it sends.

        :param str channels: email, sms or both
        :param values: further fields of the messages
        :return: the messages
        """
        requests = [
            {"link": link, "channel": channel, **values}
            for link in self
            for channel in CHANNELS[channels]
        ]
        messages = self.env["payment.link.message"]._ask(requests)
        if due := messages.filtered(lambda row: not row.scheduled_at):
            due._wake_schedule()
        return messages

    def _ask_waiting(self):
        """``send_waiting`` was written: that asks for it."""
        for channels, links in self.grouped("send_waiting").items():
            links._ask_to_send(channels)

    def _leave_old(self, channels):
        """Find the links of invoices of long ago, and note on each why it is not sent by itself.

        :param str channels: email, sms or both
        :return: those links
        """
        earliest = fields.Date.context_today(self) - OLDEST
        why = {
            link: self.env._(
                "The invoice is dated %s, too long ago to be sent by itself. Send the link by hand,"
                " if it is owed still.",
                format_date(self.env, day),
            )
            for link in self
            if (day := link.invoice_id.invoice_date) and day < earliest
        }
        for channel in CHANNELS[channels] if why else ():
            self._note_skipped(channel, why, automatic=True)
        return self.browse([link.id for link in why])

    def _send_by(self, channel):
        self.check_access("write")
        obstacles = self._find_obstacles(channel)
        if len(self) == 1 and obstacles:
            raise UserError(obstacles[self])
        good = self.filtered(lambda link: link not in obstacles)
        good.sudo()._ask_to_send(channel)
        self._note_skipped(channel, obstacles)
        return self._tell_asked(channel, good, obstacles)

    def _note_skipped(self, channel, obstacles, **values):
        """Keep on each link that was left out why it was.

        :param values: further fields of the messages
        """
        rows = self.env["payment.link.message"].sudo()
        rows.create(
            [
                {
                    **rows._prepare_row({"link": link, "channel": channel}),
                    "state": "cancelled",
                    "reason": why,
                    **values,
                }
                for link, why in obstacles.items()
            ]
        )
        if obstacles:
            bodies = {link.id: self.env._("Not sent: %s", why) for link, why in obstacles.items()}
            self.browse(bodies).sudo()._message_log_batch(bodies)

    def _tell_asked(self, channel, good, obstacles):
        if channel == "email":
            message = self.env._("Emails on their way: %s.", len(good))
        else:
            message = self.env._("Text messages on their way: %s.", len(good))
            if held := len(good.filtered(lambda link: link._get_text_quiet_end())):
                message += " " + self.env._(
                    "Held until the customer's quiet hours are over: %s.", held
                )
        if obstacles:
            message = " ".join(
                [message, self.env._("Not sent: %s.", len(obstacles)), *obstacles.values()]
            )
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "type": "warning" if obstacles else "success",
                "message": message,
                "sticky": bool(obstacles),
                "next": {"type": "ir.actions.act_window_close"},
            },
        }

    # -- which words --

    def _get_template(self, channel, kind, rule=None):
        """Return the template of a message, as superuser.

        :param str kind: link, reminder or receipt
        :param rule: a reminder rule; what it names goes before ours
        """
        chosen = rule and rule[f"{channel}_template_id"].sudo()
        if chosen and chosen.model == self._name:
            return chosen
        name = self.purpose if kind == "link" else kind
        model = {"email": "mail", "sms": "sms"}[channel]
        return self.env.ref(f"serviceflow_paylinks.{model}_template_{name}").sudo()

    # -- what became of it --

    def _note_sent(self, row):
        """A message with the link has left the outbox.

        :param row: the ``payment.link.message``
        """
        values = {}
        if not row.search_count(
            [("link_id", "=", self.id), ("kind", "=", "link"), ("state", "in", WAITING)], limit=1
        ):
            values["send_waiting"] = False
        if row.state in REACHED and row.state != "unknown":
            values["sent_at"] = row.sent_at or self.sent_at or fields.Datetime.now()
            before = self.sent_channel
            both = {before, row.channel} == {"email", "sms"} or before == "both"
            values["sent_channel"] = "both" if both else row.channel
        changed = {name: value for name, value in values.items() if self[name] != value}
        if changed:
            self.sudo().write(changed)

    def _note_sent_with_invoice(self, message):
        """The invoice's email, which Odoo sends, carries the link.

        :param message: the ``mail.message`` on the invoice
        """
        row = self.env["payment.link.message"]._ask(
            [
                {
                    "link": self,
                    "channel": "email",
                    "key": f"invoice:{message.id}",
                    "mail_message_id": message.id,
                    "address": ", ".join(filter(None, message.partner_ids.mapped("email"))),
                }
            ]
        )
        row._set_state("handed")
        self._log_history(self.env._("Sent with the invoice, by email."))

    def _note_reminded(self, row):
        self.sudo().reminded_at = row.sent_at or fields.Datetime.now()

    def _note_messages_opened(self):
        """The customer has come: the messages that went out have been read."""
        self.env.execute_query(
            SQL(
                """
                UPDATE payment_link_message SET state = 'opened'
                 WHERE id IN (SELECT id FROM payment_link_message
                               WHERE link_id = %s AND kind IN ('link', 'reminder')
                                 AND state IN ('handed', 'sent', 'delivered')
                                 FOR NO KEY UPDATE SKIP LOCKED)
                RETURNING id
                """,
                self.id,
            )
        )
