from datetime import timedelta

from odoo import api, fields, models

SILENT_AFTER = timedelta(days=1)
PATIENCE = timedelta(minutes=15)


class PaymentProvider(models.Model):
    """Whether the webhook works: told by what reaches it while payments come in."""

    _inherit = "payment.provider"

    paylinks_webhook_health = fields.Selection(
        [
            ("missing", "Not set up"),
            ("waiting", "Set up, nothing received yet"),
            ("ok", "Working"),
            ("silent", "Silent"),
        ],
        "Webhook",
        compute="_compute_paylinks_webhook_health",
        compute_sudo=True,
    )
    paylinks_webhook_message = fields.Char(
        compute="_compute_paylinks_webhook_health", compute_sudo=True
    )
    paylinks_event_at = fields.Datetime(
        "Last Event Received", compute="_compute_paylinks_webhook_health", compute_sudo=True
    )
    paylinks_polled_at = fields.Datetime(
        "Last Payment Found by Asking Stripe",
        compute="_compute_paylinks_webhook_health",
        compute_sudo=True,
    )
    paylinks_outage_at = fields.Datetime(readonly=True, copy=False, groups="base.group_system")

    @api.depends("paylinks_webhook_secret", "state")
    def _compute_paylinks_webhook_health(self):
        for provider in self:
            received = provider._paylinks_last_event()
            unheard = provider._paylinks_last_unheard()
            provider.paylinks_event_at = received.create_date
            provider.paylinks_polled_at = unheard.last_state_change
            health, message = provider._paylinks_judge_webhook(received, unheard)
            provider.paylinks_webhook_health = health
            provider.paylinks_webhook_message = message

    def _paylinks_judge_webhook(self, received, unheard):
        """Return (health, what to do about it in words)."""
        if not self.paylinks_webhook_secret:
            return "missing", self.env._(
                "The webhook is missing: payments are booked minutes later than they are made."
                " Press Create Webhook."
            )
        long_ago = fields.Datetime.now() - SILENT_AFTER
        if unheard and (not received or received.create_date < long_ago):
            return "silent", self.env._(
                "Stripe's messages do not arrive here any more: payments are booked minutes late,"
                " by asking Stripe. See in Stripe's dashboard (Developers → Webhooks) what it says"
                " about the endpoint, or press Create Webhook to set it up anew."
            )
        if not received:
            return "waiting", self.env._("Stripe has sent nothing yet.")
        return "ok", False

    def _paylinks_last_event(self):
        """Return the newest event that Stripe brought to the endpoint."""
        return (
            self.env["payment.link.event"]
            .sudo()
            .search(
                [("provider_id", "=", self._origin.id), ("swept", "=", False)],
                order="id desc",
                limit=1,
            )
        )

    def _paylinks_last_unheard(self):
        """Return the newest completed attempt, where no event told of it: the customer's return or
        our asking did. Those of the last minutes may be heard of yet."""
        now = fields.Datetime.now()
        newest = (
            self.env["payment.transaction"]
            .sudo()
            .search(
                [
                    ("provider_id", "=", self._origin.id),
                    ("payment_link_id", "!=", False),
                    ("state", "=", "done"),
                    ("checkout_paid_at", ">", now - timedelta(days=30)),
                    ("last_state_change", "<", now - PATIENCE),
                ],
                order="checkout_paid_at desc",
                limit=1,
            )
        )
        heard = newest and self.env["payment.link.event"].sudo().search_count(
            [("transaction_id", "=", newest.id), ("swept", "=", False)], limit=1
        )
        return newest.browse() if heard else newest

    @api.model
    def _paylinks_check_webhooks(self):
        """Tell managers of a webhook that fell silent, once an outage; forget it when it works."""
        providers = self.sudo().search(
            [("code", "in", self._paylinks_codes()), ("state", "in", ("enabled", "test"))]
        )
        for provider in providers:
            silent = provider.paylinks_webhook_health == "silent"
            if silent and not provider.paylinks_outage_at:
                provider.paylinks_outage_at = fields.Datetime.now()
                provider._paylinks_report_outage()
            elif not silent and provider.paylinks_outage_at:
                provider.paylinks_outage_at = False

    def _paylinks_report_outage(self):
        """Raise an activity on a link that was paid unheard, and notify each manager."""
        link = self._paylinks_last_unheard().payment_link_id
        subject = self.env._("Stripe's messages do not arrive")
        link._flag(subject, self.paylinks_webhook_message, self.name)
        managers = self.env.ref("serviceflow_paylinks.group_payments_manage").all_user_ids.filtered(
            lambda user: self.company_id in user.company_ids and user.active
        )
        link.message_notify(
            partner_ids=managers.partner_id.ids,
            subject=subject,
            body=self.paylinks_webhook_message,
        )
