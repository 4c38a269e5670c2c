from datetime import datetime
from uuid import uuid4

from odoo import api, fields, models
from odoo.exceptions import ConcurrencyError
from psycopg2.errors import UniqueViolation

from .own_context import get_handed_down

# Where a message may go from each state. It is sent from "sending" only, and never gets back there.
TRANSITIONS = {
    "queued": {"held", "sending", "handed", "cancelled"},
    "held": {"queued", "sending", "cancelled"},
    "sending": {"queued", "held", "handed", "sent", "delivered", "failed", "unknown", "cancelled"},
    "handed": {"sent", "delivered", "opened", "bounced", "failed", "unknown", "cancelled"},
    "unknown": {"sent", "delivered", "opened", "bounced", "failed"},
    "sent": {"delivered", "opened", "bounced", "failed"},
    "delivered": {"opened", "bounced", "failed"},
    "opened": {"bounced"},
    "failed": {"sent", "delivered", "opened", "bounced"},
    "bounced": {"opened"},
    "cancelled": set(),
}
WAITING = ("queued", "held")
REACHED = ("handed", "sent", "delivered", "opened", "unknown")
TROUBLE = ("failed", "bounced", "unknown")

# An email with this date is ours to send: Odoo's own queue passes it by.
HELD_UNTIL = datetime(2999, 1, 1)


class PaymentLinkMessage(models.Model):
    """The outbox: one row for each message that somebody, or a rule, asked for.

    The row is made in the transaction that asks; the schedule sends (``payment_link_queue.py``).
    """

    _name = "payment.link.message"
    _description = "Payment Link Message"
    _order = "id desc"
    _rec_name = "address"

    link_id = fields.Many2one("payment.link", required=True, ondelete="cascade", index=True)
    company_id = fields.Many2one("res.company", required=True, index=True)
    channel = fields.Selection(
        [("email", "Email"), ("sms", "SMS"), ("inbox", "Notice")], required=True
    )
    kind = fields.Selection(
        [
            ("link", "Link"),
            ("reminder", "Reminder"),
            ("receipt", "Receipt"),
            ("notice", "Notice to staff"),
        ],
        required=True,
        default="link",
    )
    state = fields.Selection(
        [
            ("queued", "Queued"),
            ("held", "Held"),
            ("sending", "Being sent"),
            ("handed", "Handed over"),
            ("sent", "Sent"),
            ("delivered", "Delivered"),
            ("opened", "Opened"),
            ("bounced", "Bounced"),
            ("failed", "Failed"),
            ("unknown", "Uncertain: check"),
            ("cancelled", "Not sent"),
        ],
        required=True,
        default="queued",
        help="Opened: the customer opened the link after this message had gone out.",
    )
    reason = fields.Char(help="Why it was not sent, is held, failed or came back.")
    address = fields.Char("Sent To")
    scheduled_at = fields.Datetime("Not Before")
    sent_at = fields.Datetime("Sent")
    claimed_at = fields.Datetime("Taken On", help="When a worker began to send it.")
    tries = fields.Integer()
    to_tell = fields.Boolean(help="The link does not know yet what became of it.")
    automatic = fields.Boolean(help="Asked for by a setting or rule, not by a person.")
    renewal = fields.Boolean(help="Asked for by the customer of an expired link.")
    request_key = fields.Char(
        required=True, help="Whoever asks twice for the same thing gets one message."
    )
    user_id = fields.Many2one("res.users", "Asked By")
    rule_id = fields.Many2one("payment.link.reminder.rule", ondelete="set null")
    transaction_id = fields.Many2one("payment.transaction", ondelete="set null")
    mail_message_id = fields.Many2one("mail.message", "Message", ondelete="set null")
    sms_uuid = fields.Char("SMS Reference")

    _request_key_unique = models.UniqueIndex("(request_key)", "This message was asked for already.")
    # Of a link, one message waits for each channel, besides those that a clerk wrote.
    _waiting_unique = models.UniqueIndex(
        "(link_id, channel)"
        " WHERE kind = 'link' AND state IN ('queued', 'held') AND mail_message_id IS NULL",
        "This message waits to be sent already.",
    )
    # In the order in which they are sent: ``_claim_row``.
    _due_idx = models.Index(
        "(automatic, (channel = 'email'), id) WHERE state IN ('queued', 'held', 'sending')"
    )
    _to_tell_idx = models.Index("(id) WHERE to_tell")
    _mail_message_idx = models.Index("(mail_message_id) WHERE mail_message_id IS NOT NULL")
    _sms_uuid_idx = models.Index("(sms_uuid) WHERE sms_uuid IS NOT NULL")
    _renewal_idx = models.Index("(create_date) WHERE renewal")
    _company_recent_idx = models.Index("(company_id, id DESC)")

    # -- asking --

    @api.model
    def _ask(self, requests):
        """Put messages into the outbox, in one batch; what was asked for before is left out.

        :param requests: list of dicts: ``link`` (a record), ``channel``, and optionally ``key``
            (names the request: asked for once, ever), ``kind`` and further fields. Without a key,
            a message that waits already stands for the new one.
        :return: the messages, new and found, in the order of the requests
        """
        rows = self.sudo()
        found = rows._find_asked(requests)
        missing = {}
        for request in requests:
            mark = rows._get_mark(request)
            if mark not in found and mark not in missing:
                missing[mark] = rows._prepare_row(request)
        created = rows._create_asked(list(missing.values()))
        found.update(zip(missing, created, strict=True))
        return rows.union(*[found[rows._get_mark(request)] for request in requests])

    def _create_asked(self, vals_list):
        """Create messages; whoever asks for the same at this moment is first, and Odoo runs our
        transaction again, which finds theirs."""
        try:
            with self.env.cr.savepoint():
                return self.create(vals_list)
        except UniqueViolation as error:
            raise ConcurrencyError("Somebody else asks for the same message.") from error

    @api.model
    def _get_mark(self, request):
        """Return what makes two requests the same."""
        kind = request.get("kind", "link")
        return request.get("key") or (request["link"].id, request["channel"], kind)

    def _find_asked(self, requests):
        """Return the messages that stand for a request already: {mark: row}; two queries."""
        keys = [request["key"] for request in requests if request.get("key")]
        found = {row.request_key: row for row in self.search([("request_key", "in", keys)])}
        links = [request["link"].id for request in requests if not request.get("key")]
        waiting = self.search([("link_id", "in", links), ("state", "in", WAITING)])
        for row in waiting:
            found.setdefault((row.link_id.id, row.channel, row.kind), row)
        for request in requests:
            row = found.get(self._get_mark(request))
            if row and row in waiting and not request.get("key"):
                row._hasten(request)
        return found

    def _hasten(self, request):
        """A message that waits is asked for once more: by a person it is wanted now, whatever a
        setting or an earlier failure would have had it wait for."""
        if request.get("automatic"):
            values = {"scheduled_at": request.get("scheduled_at")} if self.automatic else {}
        elif self.kind == "link" and self.state == "queued":
            values = {"automatic": False, "scheduled_at": False}
        else:
            values = {}
        if changed := {name: value for name, value in values.items() if self[name] != value}:
            self.write(
                changed if request.get("automatic") else {**changed, "user_id": self.env.uid}
            )

    def _prepare_row(self, request):
        values = {name: value for name, value in request.items() if name not in ("link", "key")}
        link = request["link"]
        return {
            "link_id": link.id,
            "company_id": link.company_id.id,
            "user_id": self.env.uid,
            "request_key": request.get("key") or self._new_key(link, request["channel"]),
            **values,
        }

    @api.model
    def _new_key(self, link, channel):
        """Return the key of a request that is made anew each time."""
        return f"{link.id}:{channel}:{self._new_uuid()}"

    def _wake_schedule(self, at=None):
        """Have the schedules send soon, once this transaction is committed."""
        self.env.ref("serviceflow_paylinks.cron_send_links").sudo()._trigger(at)
        texts = self.env.ref("serviceflow_paylinks.cron_send_texts", raise_if_not_found=False)
        if texts and self.filtered(lambda row: row.channel != "email"):
            texts.sudo()._trigger(at)

    # -- what became of it --

    def _set_state(self, state, reason=False, **values):
        """Change the messages' state, where that is a change there is, and tell their links.

        The only place that writes ``state``, besides the statements that claim and that note an
        open.

        :param reason: a sentence for staff, where there is something to say
        :return: the messages that changed
        """
        changing = self.filtered(lambda row: state in TRANSITIONS[row.state])
        if state in REACHED and state != "unknown":
            values.setdefault("sent_at", fields.Datetime.now())
        # The schedule tells the link in a transaction of its own: nobody must wait for the link
        # while a mail server thinks, nor may a change of the link undo what has been noted here.
        later = get_handed_down(self, "paylinks_tell_later", False)
        values["to_tell"] = later
        for row in changing:
            kept = {"sent_at": row.sent_at} if row.sent_at else {}
            row.write({"state": state, "reason": reason, **values, **kept})
        if not later:
            changing._tell_link()
        return changing

    def _tell_link(self):
        """Bring the link in line with its message: when it was sent, and whether it needs care."""
        for row in self:
            link = row.link_id
            if row.state in TROUBLE and row.kind != "notice":
                row._call_a_person()
            elif row.state in ("sent", "delivered", "opened"):
                link._unflag(row._get_trouble_summary())
            if row.state in ("cancelled", "held"):
                link._log_history(row._get_history_line())
            if row.state not in WAITING and row.kind == "link":
                link._note_sent(row)
            elif row.state in REACHED and row.kind == "reminder":
                link._note_reminded(row)

    def _get_history_line(self):
        channel = dict(self._fields["channel"]._description_selection(self.env))[self.channel]
        if self.state == "held":
            return self.env._("Held (%(channel)s): %(why)s", channel=channel, why=self.reason)
        return self.env._("Not sent (%(channel)s): %(why)s", channel=channel, why=self.reason)

    def _get_trouble_summary(self):
        if self.channel == "sms":
            return self.env._("Text message not delivered")
        return self.env._("Email not delivered")

    def _call_a_person(self):
        """The link needs attention: its creator decides whether to send again."""
        self.ensure_one()
        self.link_id._flag(
            self._get_trouble_summary(),
            self.env._(
                "%(link)s to %(address)s: %(reason)s",
                link=self.link_id.name,
                address=self.address or self.env._("an unknown address"),
                reason=self.reason or self.env._("no reason was given"),
            ),
        )

    @api.model
    def _new_uuid(self):
        return uuid4().hex
