from datetime import timedelta

from markupsafe import Markup
from odoo import api, fields, models
from odoo.tools import format_date

MOST_LINES = 50
# What expired earlier than that is no news; a bank debit may take two weeks to fail.
LATEST = timedelta(days=30)


class PaymentLink(models.Model):
    """The business can ask to be told of links that expired: once a run, not once a link."""

    _inherit = "payment.link"

    expiry_told = fields.Boolean(
        readonly=True, copy=False, groups="serviceflow_paylinks.group_payments_view"
    )

    _expired_idx = models.Index("(company_id, expires_at) WHERE state = 'expired'")

    def _expiry_changed(self, before):
        """Override: a link that runs again may expire again."""
        self.sudo().filtered("expiry_told").expiry_told = False
        return super()._expiry_changed(before)

    @api.private
    def cron_expire_links(self):
        result = super().cron_expire_links()
        self._tell_expired()
        return result

    def _tell_expired(self):
        """Tell each creator of the own links that expired and that nobody told of.

        Some only get there later: somebody held the row, or a payment was on its way and failed.
        """
        now = fields.Datetime.now()
        for company in self.env["res.company"].search([("paylinks_tell_expired", "=", True)]):
            if not company.paylinks_expired_told_at:
                company.paylinks_expired_told_at = now
            links = self.search(
                [
                    ("company_id", "=", company.id),
                    ("state", "=", "expired"),
                    ("expires_at", ">", max(company.paylinks_expired_told_at, now - LATEST)),
                    ("expiry_told", "=", False),
                ],
                order="expires_at",
            ).try_lock_for_update(allow_referencing=True)
            links.expiry_told = True
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
