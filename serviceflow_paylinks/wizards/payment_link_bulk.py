from collections import defaultdict
from datetime import timedelta

from markupsafe import Markup
from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import format_datetime

from ..models.payment_link_row import EXPIRY_STATES

# So many links of a group are named; the others are counted.
NAMED = 5


class PaymentLinkBulk(models.TransientModel):
    """Send, extend or delete several links: says first which ones, and which not and why.

    What it says and what it does come of the same sorting (``_sort_out``).
    """

    _name = "payment.link.bulk"
    _description = "Several Payment Links at Once"

    operation = fields.Selection(
        [("send", "Send"), ("extend", "Extend"), ("delete", "Delete")], required=True, readonly=True
    )
    link_ids = fields.Many2many("payment.link", readonly=True)
    channel = fields.Selection(
        [("email", "Email"), ("sms", "SMS"), ("both", "Email and SMS")], "By", default="email"
    )
    until = fields.Selection(
        [
            ("7", "in 7 days"),
            ("14", "in 14 days"),
            ("30", "in 30 days"),
            ("date", "on a date"),
            ("never", "never"),
        ],
        "Expires",
        default="30",
    )
    expires_at = fields.Datetime(
        "New Expiry", compute="_compute_expires_at", store=True, readonly=False
    )
    preview = fields.Html(compute="_compute_preview", sanitize=False)
    touched_count = fields.Integer(compute="_compute_preview")

    @api.depends("until")
    def _compute_expires_at(self):
        for bulk in self:
            if bulk.until == "never":
                bulk.expires_at = False
            elif bulk.until != "date":
                days = timedelta(days=int(bulk.until or 0))
                bulk.expires_at = fields.Datetime.now() + days
            else:
                bulk.expires_at = bulk.expires_at

    @api.depends("operation", "link_ids", "channel", "until", "expires_at")
    def _compute_preview(self):
        for bulk in self:
            touched, left = bulk._sort_out()
            if bulk.operation == "extend" and bulk._find_expiry_problem():
                touched, left = {}, {}
            bulk.touched_count = sum(len(links) for links in touched.values())
            bulk.preview = bulk._render_preview(touched, left)

    # -- what it does --

    def action_apply(self):
        """Do what the preview said, with the links that still fit.

        :raise AccessError: the user may not do this
        :raise UserError: there is nothing to do
        """
        self.ensure_one()
        if self.operation == "extend" and (problem := self._find_expiry_problem()):
            raise UserError(problem)
        touched, left = self._sort_out()
        if not touched:
            raise UserError(self.env._("None of these links can be touched: nothing was done."))
        getattr(self, f"_apply_{self.operation}")(touched)
        sentences = [self._describe(key, len(links)) for key, links in touched.items()]
        if left:
            sentences.append(
                self.env._("%s left as they were.", sum(len(links) for links in left.values()))
            )
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "type": "success",
                "message": " ".join(sentences),
                "next": {"type": "ir.actions.act_window_close"},
            },
        }

    def _apply_send(self, touched):
        for channel, links in touched.items():
            links.check_access("write")
            waiting = links.filtered("send_waiting")
            waiting.sudo().send_waiting = "both"  # What they wait for, and this as well.
            (links - waiting).sudo().send_waiting = channel
        self.env.ref("serviceflow_paylinks.cron_send_links").sudo()._trigger()

    def _apply_extend(self, touched):
        for links in touched.values():
            links.write({"expires_at": self.expires_at})

    def _apply_delete(self, touched):
        for links in touched.values():
            links.cancel()

    def _find_expiry_problem(self):
        """Return in words what is wrong with the new expiry; empty if it can be."""
        if self.until == "never":
            return ""
        if not self.expires_at:
            return self.env._("Enter the date on which the links expire.")
        if self.expires_at <= fields.Datetime.now():
            return self.env._("This date lies in the past: choose a later one.")
        return ""

    # -- which ones, and which not and why --

    def _sort_out(self):
        """Sort the links by what will become of them: one query for any number.

        :return: ({how they are touched: links}, {why they are left: links})
        """
        self.ensure_one()
        names = "name state email phone expires_at send_waiting amount_policy invoice_id company_id"
        links = self.env["payment.link"].search_fetch(
            [("id", "in", self.link_ids.ids)], [*names.split(), "partner_id"]
        )
        sort = getattr(self, f"_sort_to_{self.operation}")(links)
        touched, left = defaultdict(list), defaultdict(list)
        for link in links:
            how, why_not = sort(link)
            (touched[how] if how else left[why_not]).append(link.id)
        return (
            {how: links.browse(ids) for how, ids in touched.items()},
            {why: links.browse(ids) for why, ids in left.items()},
        )

    def _sort_to_send(self, links):
        """Return a function of a link: (channel, or why it is not sent)."""
        reasons = self._get_state_reasons()
        wanted = {"email", "sms"} if self.channel == "both" else {self.channel}
        provider = self.env["payment.provider"]
        connected = links.company_id.filtered(
            lambda company: provider._paylinks_of_company(company).stripe_secret_key
        )

        # The very check that the schedule makes before it sends.
        obstacles = {channel: links._find_obstacles(channel) for channel in wanted}

        def sort(link):
            if link.state != "active" or link._is_past_expiry():
                return "", reasons[link.state if link.state != "active" else "expired"]
            if link.company_id not in connected:
                return "", self.env._("Stripe is not connected, so nobody could pay")
            if why_not := self._get_amount_reason(link):
                return "", why_not
            can = {channel for channel in wanted if link not in obstacles[channel]}
            waits = {"email", "sms"} if link.send_waiting == "both" else {link.send_waiting}
            if not can:
                return "", self._get_address_reason(link)
            if can <= waits:
                return "", self.env._("waiting to be sent already")
            return ("both" if len(can) > 1 else min(can)), ""

        return sort

    def _sort_to_extend(self, links):
        """Return a function of a link: (how it is extended, or why it is not)."""
        reasons = self._get_state_reasons()
        until = self.expires_at
        others = links._find_other_open()
        closed = links.filtered(
            lambda link: link.state == "expired" and link.amount_policy == "balance"
        ).grouped("invoice_id")

        def sort(link):
            if link.state not in EXPIRY_STATES:
                return "", reasons[link.state]
            if not link.expires_at or (until and link.expires_at >= until):
                return "", self.env._("valid for longer already")
            if link in others:
                return "", self.env._("its invoice has another open link")
            if link.state == "active":
                return "extend", ""
            if link.amount_policy == "balance":
                # Links come newest first; the older ones of an invoice stay closed.
                others.update(dict.fromkeys(closed[link.invoice_id], link.id))
            return "reopen", ""

        return sort

    def _sort_to_delete(self, links):
        """Return a function of a link: (how it is deleted, or why it is not)."""
        reasons = self._get_state_reasons()

        def sort(link):
            if link.state in ("paid", "cancelled"):
                return "", reasons[link.state]
            return "processing" if link.state == "processing" else "delete", ""

        return sort

    def _get_state_reasons(self):
        """Return why a link's state is in the way: {state: words}."""
        return {
            "processing": self.env._("a payment is under way"),
            "paid": self.env._("paid"),
            "settled": self.env._("settled otherwise"),
            "expired": self.env._("expired, extend them first"),
            "cancelled": self.env._("deleted already"),
        }

    def _get_amount_reason(self, link):
        """Return why what an active link asks for is in the way; empty if it is not."""
        if link._is_document_on_hold():
            return self.env._("its invoice is a draft again, confirm it first")
        if not link._find_obstacle_in_state(None):
            return ""
        if link._chargeable(link.amount) <= 0:
            return self.env._("nothing left to pay at the moment")
        return self.env._("less than Stripe takes")

    def _get_address_reason(self, link):
        """Return why no channel that was chosen reaches the link's customer."""
        has = {name for name, to in (("email", link.email), ("sms", link.phone)) if to}
        if self.channel == "both":
            if has:
                return self.env._("neither email nor phone takes messages of ours")
            return self.env._("neither email address nor phone number")
        if self.channel == "email":
            if has >= {"email"}:
                return self.env._("the customer wants no emails")
            return self.env._("no email address")
        if "sms" not in has:
            return self.env._("no phone number")
        if link._find_obstacle_in_number():
            return self.env._("the phone takes no text messages")
        return self.env._("the customer wants no text messages")

    # -- in words --

    def _render_preview(self, touched, left):
        """Return what will be touched and what not, as HTML."""
        rows = [
            self._render_row("fa-check text-success", self._describe(how, len(links)), links)
            for how, links in touched.items()
        ]
        rows += [
            self._render_row("fa-minus text-muted", self._describe_left(why, len(links)), links)
            for why, links in left.items()
        ]
        if not touched:
            nothing = self._find_expiry_problem() if self.operation == "extend" else ""
            nothing = nothing or self.env._("There is nothing to do with these links.")
            rows.insert(0, Markup("<p><strong>%s</strong></p>") % nothing)
        return Markup("").join(rows)

    def _render_row(self, icon, sentence, links):
        """Return one group: what becomes of it, and whom it is about."""
        names = ", ".join(f"{link.partner_id.name} ({link.name})" for link in links[:NAMED])
        if (more := len(links) - NAMED) > 0:
            names = self.env._("%(names)s and %(count)s more", names=names, count=more)
        return Markup(
            '<div class="d-flex mb-2"><i class="fa fa-fw %s flex-shrink-0 mt-1 me-2"></i>'
            "<div><strong>%s</strong><br/><span class='text-muted'>%s</span></div></div>"
        ) % (icon, sentence, names)

    def _describe(self, how, count):
        """Return in a sentence what becomes of so many links."""
        if self.operation == "send":
            only_email = self.env._("%s will be sent by email.", count)
            only_sms = self.env._("%s will be sent by SMS.", count)
            if self.channel == "both":
                only_email = self.env._(
                    "%s will be sent by email only: no phone number that takes text messages.",
                    count,
                )
                only_sms = self.env._(
                    "%s will be sent by SMS only: no email address that may be written to.", count
                )
            return {
                "email": only_email,
                "sms": only_sms,
                "both": self.env._("%s will be sent by email and SMS.", count),
            }[how]
        if self.operation == "extend":
            return self._describe_extension(how, count)
        return {
            "delete": self.env._("%s will be deleted: the address stops working at once.", count),
            "processing": self.env._(
                "%s will be deleted while a payment is under way: it arrives all the same, as the"
                " customer's credit.",
                count,
            ),
        }[how]

    def _describe_extension(self, how, count):
        until = self.expires_at and format_datetime(self.env, self.expires_at, dt_format="short")
        if how == "reopen":
            if not until:
                return self.env._("%s that had expired will open again, without expiry.", count)
            return self.env._(
                "%(count)s that had expired will open again until %(until)s.",
                count=count,
                until=until,
            )
        if not until:
            return self.env._("%s will never expire.", count)
        return self.env._("%(count)s will expire on %(until)s.", count=count, until=until)

    def _describe_left(self, why, count):
        return self.env._("%(count)s will not: %(why)s.", count=count, why=why)
