from odoo import api, fields, models


class ResConfigSettings(models.TransientModel):  # pylint: disable=no-wizard-in-models
    """The connection to Stripe, for administrators; `payment.link.options` holds the rest."""

    _name = "res.config.settings"
    _inherit = ["res.config.settings", "payment.link.options"]

    paylinks_connection = fields.Selection(
        [("none", "Not connected"), ("test", "Test mode"), ("live", "Live")],
        "Stripe",
        compute="_compute_paylinks_connection",
    )
    paylinks_connection_words = fields.Text(compute="_compute_paylinks_connection")
    paylinks_webhook_missing = fields.Boolean(compute="_compute_paylinks_connection")
    paylinks_webhook_health = fields.Selection(
        "_select_paylinks_webhook_health",
        "Webhook Works",
        compute="_compute_paylinks_connection",
    )
    paylinks_webhook_message = fields.Text(compute="_compute_paylinks_connection")
    paylinks_event_at = fields.Datetime(
        "Last Event Received", compute="_compute_paylinks_connection"
    )

    @api.model
    def _select_paylinks_webhook_health(self):
        field = self.env["payment.provider"]._fields["paylinks_webhook_health"]
        return field._description_selection(self.env)

    @api.depends("company_id")
    def _compute_paylinks_connection(self):
        for settings in self:
            provider = settings._get_paylinks_provider().sudo()
            settings.paylinks_connection = provider._paylinks_connection()
            settings.paylinks_connection_words = provider._paylinks_connection_words()
            settings.paylinks_webhook_missing = not provider.paylinks_webhook_secret
            settings.paylinks_webhook_health = provider.paylinks_webhook_health
            settings.paylinks_webhook_message = provider.paylinks_webhook_message
            settings.paylinks_event_at = provider.paylinks_event_at

    def _get_paylinks_provider(self):
        provider = self.env["payment.provider"]._paylinks_provider_for(self.company_id)
        return provider.with_env(self.env)  # Its actions check the user's rights.

    def action_paylinks_connect(self):
        """Open the dialog that asks for the keys; who tries already is offered to go live."""
        self.check_access("write")
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "serviceflow_paylinks.payment_link_connect_action"
        )
        mode = "test" if self.paylinks_connection == "none" else "live"
        action["context"] = {
            "default_company_id": self.company_id.id,
            "default_mode": mode,
            "dialog_size": "medium",
        }
        return action

    def action_paylinks_create_webhook(self):
        """Register the endpoint at Stripe, and say how it went."""
        return self._get_paylinks_provider().action_paylinks_create_webhook()

    def action_paylinks_check_connection(self):
        """Ask Stripe whether all is well, and say so."""
        return self._get_paylinks_provider().action_paylinks_check_connection()

    def action_paylinks_open_provider(self):
        """Open Odoo's own form of the provider, for what is seldom wanted."""
        provider = self._get_paylinks_provider()
        provider.check_access("read")
        return {
            "type": "ir.actions.act_window",
            "res_model": "payment.provider",
            "res_id": provider.id,
            "views": [(False, "form")],
        }

    paylinks_ledger_days = fields.Integer(
        "Keep Webhook Events",
        config_parameter="serviceflow_paylinks.ledger_days",
        default=180,
        help="Days; at least 31, since Stripe tells of its events for 30.",
    )
