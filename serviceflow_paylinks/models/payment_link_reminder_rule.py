from datetime import UTC, datetime, time, timedelta

from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.fields import Domain

from .payment_link_message import REACHED, WAITING

# A rule whose day has passed, because the schedule stood still, is caught up on for so long; a new
# rule does not go through what has been due for months.
CATCH_UP = timedelta(days=3)
# Nobody gets two messages about the same link within this time.
PAUSE = timedelta(hours=20)


class PaymentLinkReminderRule(models.Model):
    """When customers are reminded: each rule once for a link."""

    _name = "payment.link.reminder.rule"
    _description = "Payment Link Reminder"
    _order = "sequence, id"

    sequence = fields.Integer(default=10)
    active = fields.Boolean(default=True)
    company_id = fields.Many2one(
        "res.company", required=True, index=True, default=lambda self: self.env.company
    )
    days = fields.Integer(required=True, default=3, help="0: on the day itself.")
    moment = fields.Selection(
        [
            ("before_due", "days before the invoice is due"),
            ("after_due", "days after the invoice was due"),
            ("before_expiry", "days before the link expires"),
        ],
        "When",
        required=True,
        default="before_due",
    )
    channel = fields.Selection(
        [("email", "Email"), ("sms", "SMS"), ("both", "Email and SMS")],
        "By",
        required=True,
        default="email",
    )
    max_count = fields.Integer(
        "At Most",
        help="Not sent when the customer has had that many reminders for the link already;"
        " 0: no limit.",
    )
    email_template_id = fields.Many2one(
        "mail.template",
        domain="[('model', '=', 'payment.link')]",
        help="Empty: “Payment Link: reminder”.",
    )
    sms_template_id = fields.Many2one(
        "sms.template",
        "SMS Template",
        domain="[('model', '=', 'payment.link')]",
        help="Empty: “Payment Link: reminder”.",
    )

    @api.depends("days", "moment", "channel")
    def _compute_display_name(self):
        moments = dict(self._fields["moment"]._description_selection(self.env))
        channels = dict(self._fields["channel"]._description_selection(self.env))
        for rule in self:
            when = f"{rule.days} {moments.get(rule.moment, '')}"
            rule.display_name = f"{when} ({channels.get(rule.channel, '')})"

    @api.constrains("days", "max_count")
    def _check_days(self):
        for rule in self:
            if not 0 <= rule.days <= 365 or rule.max_count < 0:
                raise ValidationError(
                    self.env._("Enter a number of days between 0 and 365, and no negative limit.")
                )
            if rule.moment == "before_expiry" and not rule.days:
                raise ValidationError(
                    self.env._("Remind at least one day before the link expires.")
                )

    @api.constrains("email_template_id", "sms_template_id")
    def _check_templates(self):
        """The schedule renders them as superuser: of another model, they would show any record."""
        for template in (*self.email_template_id.sudo(), *self.sms_template_id.sudo()):
            if template.model != "payment.link":
                raise ValidationError(
                    self.env._("Choose a template for payment links: “%s” is none.", template.name)
                )

    # -- which links --

    def _find_due(self, now, until):
        """Return the links that the rule's day has come for, and that it has not reminded yet.

        :param datetime now: the moment to look at (UTC)
        :param datetime until: the same; for a dry run, the end of the time to look at
        """
        self.ensure_one()
        domain = Domain(
            [
                ("company_id", "=", self.company_id.id),
                ("state", "=", "active"),
                "|",
                ("sent_at", "!=", False),
                ("opened_at", "!=", False),
                "|",
                ("expires_at", "=", False),
                ("expires_at", ">", now),
            ]
        )
        links = self.env["payment.link"].sudo().search(domain & self._get_moment_domain(until))
        return links - self._find_reminded(links)

    def _get_moment_domain(self, now):
        days = timedelta(days=self.days)
        if self.moment == "before_expiry":
            return Domain("expires_at", "<=", now + days)
        zone = self.company_id._paylinks_zone()
        today = now.replace(tzinfo=UTC).astimezone(zone).date()
        due = "invoice_id.invoice_date_due"
        if self.moment == "before_due":
            return Domain(due, "<=", today + days) & Domain(
                due, ">=", max(today, today + days - CATCH_UP)
            )
        return Domain(due, "<=", today - days) & Domain(due, ">=", today - days - CATCH_UP)

    def _find_reminded(self, links):
        rows = (
            self.env["payment.link.message"]
            .sudo()
            .search([("rule_id", "=", self.id), ("link_id", "in", links.ids)])
        )
        return rows.link_id

    def _get_channels(self):
        return ("email", "sms") if self.channel == "both" else (self.channel,)

    # -- plan --

    @api.model
    def _plan(self, company, now, until=None):
        """Return which reminders are due at a moment, and what keeps each from being sent.

        :param datetime now: UTC
        :param datetime until: look at all the time from ``now`` until then
        :return: list of (rule, link, channel, sentence or an empty string)
        """
        until = until or now
        plan, taken = [], {}
        for rule in self.sudo().search([("company_id", "=", company.id)]):
            links = rule._find_due(now, until)
            counts = links._count_reminders()
            for channel in rule._get_channels():
                obstacles = links._find_obstacles(channel, self._new_reminder_row())
                for link in links:
                    if taken.get(link, rule) != rule or self._is_too_soon(link, until):
                        continue
                    taken[link] = rule
                    why = obstacles.get(link) or rule._find_limit(counts.get(link, 0)) or ""
                    plan.append((rule, link, channel, why))
        return plan

    @api.model
    def _new_reminder_row(self):
        return self.env["payment.link.message"].new({"kind": "reminder", "automatic": True})

    def _is_too_soon(self, link, now):
        """Whether the customer has just heard of the link: the rule's turn is another day."""
        last = max(filter(None, (link.sent_at, link.reminded_at)), default=None)
        return bool(last and last > now - PAUSE)

    def _find_limit(self, count):
        if self.max_count and count >= self.max_count:
            return self.env._("%s reminders were sent already.", count)
        return ""

    # -- sending --

    @api.model
    def _ask_due(self):
        """Put the reminders that are due into the outbox; what is not sent says why, once."""
        now = fields.Datetime.now()
        rows = self.env["payment.link.message"].sudo()
        for (company,) in self.sudo()._read_group([], ["company_id"]):
            plan = self._plan(company, now)
            rows._ask(
                [
                    {
                        "link": link,
                        "channel": channel,
                        "kind": "reminder",
                        "key": f"reminder:{rule.id}:{link.id}:{channel}",
                        "rule_id": rule.id,
                        "automatic": True,
                        **({"state": "cancelled", "reason": why} if why else {}),
                    }
                    for rule, link, channel, why in plan
                ]
            )
            self._log_plan(plan)
            self.env["ir.cron"]._commit_progress(len(plan))
        rows._wake_schedule()

    def _log_plan(self, plan):
        """Every reminder is on the link's history, and so is each that was not sent."""
        for rule, link, _channel, why in plan:
            name = rule.display_name
            if why:
                text = self.env._("Reminder not sent (%(rule)s): %(why)s", rule=name, why=why)
            else:
                text = self.env._("Reminder queued: %s.", name)
            link._log_history(text)

    # -- the dry run --

    def action_preview(self):
        """Show which reminders would go out tomorrow, and which would not and why. For managers.

        :raise AccessError: the user may not manage payment links
        """
        self.check_access("write")
        return self.env["payment.link.reminder.preview"]._open(*self._get_tomorrow())

    @api.model
    def _get_tomorrow(self):
        """Return when tomorrow begins and ends for the company (UTC)."""
        zone = self.env.company._paylinks_zone()
        today = fields.Datetime.now().replace(tzinfo=UTC).astimezone(zone).date()
        midnights = [
            datetime.combine(today + timedelta(days=days), time(), tzinfo=zone) for days in (1, 2)
        ]
        start, end = (at.astimezone(UTC).replace(tzinfo=None) for at in midnights)
        return start, end - timedelta(seconds=1)


class PaymentLink(models.Model):
    _inherit = "payment.link"

    def _count_reminders(self):
        """Return how many reminders each link's customer was sent or will be: {link: count}."""
        rows = (
            self.env["payment.link.message"]
            .sudo()
            .search_fetch(
                [
                    ("link_id", "in", self.ids),
                    ("kind", "=", "reminder"),
                    ("state", "in", (*WAITING, "sending", *REACHED)),
                ],
                ["link_id", "request_key"],
            )
        )
        reminders = {}
        for row in rows:
            # By both channels it is one. A rule that was deleted has reminded nevertheless.
            reminders.setdefault(row.link_id, set()).add(row.request_key.rpartition(":")[0])
        return {link: len(keys) for link, keys in reminders.items()}
