from markupsafe import Markup
from odoo import api, fields, models
from odoo.tools import format_date

MOST_LINES = 50


class PaymentLink(models.Model):
    """The business can ask to be told of links that expired: once a run, not once a link."""

    _inherit = "payment.link"

    @api.private
    def cron_expire_links(self):
        result = super().cron_expire_links()
        self._tell_expired()
        return result

    def _tell_expired(self):
        """Tell each creator of the own links that expired since the last time."""
        for company in self.env["res.company"].search([("paylinks_tell_expired", "=", True)]):
            now = fields.Datetime.now()
            since = company.paylinks_expired_told_at
            company.paylinks_expired_told_at = now
            if since:
                links = self.search(
                    [
                        ("company_id", "=", company.id),
                        ("state", "=", "expired"),
                        ("expires_at", ">", since),
                        ("expires_at", "<=", now),
                    ],
                    order="expires_at",
                )
                for user, own in links.grouped("user_id").items():
                    own._tell_of_expiry(user)
            self.env["ir.cron"]._commit_progress()

    def _tell_of_expiry(self, user):
        """One notification that names the expired links."""
        if not user.active or user.share or user.id == self.env.ref("base.user_root").id:
            return
        links = self.with_context(lang=user.lang)
        lines = [
            f"{link.name} · {link.partner_id.name} · {link.currency_id.format(link.amount)}"
            for link in links[:MOST_LINES]
        ]
        if len(links) > MOST_LINES:
            lines.append(links.env._("… and %s more", len(links) - MOST_LINES))
        self.env["mail.thread"].message_notify(
            partner_ids=user.partner_id.ids,
            subject=links.env._(
                "Payment links that expired by %(date)s: %(count)s",
                date=format_date(links.env, fields.Date.today()),
                count=len(links),
            ),
            body=Markup("<br/>").join(lines),
            author_id=self.env.ref("base.partner_root").id,
        )
