import logging
import re

from odoo import api, fields, models
from odoo.exceptions import UserError

from ..exceptions import ProcessorError

_logger = logging.getLogger(__name__)

_KEY = re.compile(r"(pk|sk|rk)_(test|live)_[A-Za-z0-9]{8,}")
_STATES = {"test": "test", "live": "enabled"}


class PaymentLinkConnect(models.TransientModel):
    """Connect a company to its Stripe account in one go: keys, account, webhook.

    Stripe is asked before anything is written: what does not work changes nothing.
    """

    _name = "payment.link.connect"
    _description = "Connect Stripe"

    company_id = fields.Many2one(
        "res.company", required=True, readonly=True, default=lambda self: self.env.company
    )
    mode = fields.Selection(
        [("test", "Test mode: try it, no real money"), ("live", "Live: customers pay real money")],
        required=True,
        default="test",
    )
    publishable_key = fields.Char()
    secret_key = fields.Char(groups="base.group_system")
    result = fields.Text(readonly=True)
    result_kind = fields.Selection([("success", "Success"), ("warning", "Warning")], readonly=True)

    def action_connect(self):
        """Check the keys with Stripe, keep them, create the webhook, and say how it went."""
        self.ensure_one()
        self.check_access("write")
        publishable_key, secret_key = self._get_checked_keys()
        processor, account = self._ask_stripe(secret_key)
        providers = self.env["payment.provider"]
        provider = providers._paylinks_provider_for(
            self.company_id
        ) or providers._paylinks_make_provider(self.company_id)
        values = {
            "state": _STATES[self.mode],
            "stripe_publishable_key": publishable_key,
            "stripe_secret_key": secret_key,
        }
        warnings = self._get_account_warnings(account)
        try:
            endpoint = processor.register_endpoint(provider._paylinks_webhook_url())
        except ProcessorError as error:
            _logger.warning("Webhook registration: %s", error)
            warnings.append(self._explain_missing_webhook(provider))
        else:
            values.update(provider._prepare_webhook_values(endpoint))
        provider.write(values)
        self._show_result(account, warnings)
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Connect Stripe"),
            "res_model": self._name,
            "res_id": self.id,
            "view_mode": "form",
            "target": "new",
            "context": {"dialog_size": "medium"},
        }

    def action_done(self):
        """Close the dialog; menus and settings now know that Stripe is connected."""
        self.check_access("read")
        return {"type": "ir.actions.client", "tag": "reload"}

    # -- the keys --

    def _get_checked_keys(self):
        """Return both keys as Stripe writes them.

        :raise UserError: what is wrong with them, and where the right ones are
        """
        publishable = "".join((self.publishable_key or "").split())
        secret = "".join((self.secret_key or "").split())
        if publishable.startswith(("sk_", "rk_")) and secret.startswith("pk_"):
            raise UserError(self.env._("The two keys are swapped. Exchange them."))
        self._check_key(publishable, self.env._("publishable key"), ("pk",))
        self._check_key(secret, self.env._("secret key"), ("sk", "rk"))
        return publishable, secret

    def _check_key(self, key, label, prefixes):
        match = _KEY.fullmatch(key)
        if not match or match[1] not in prefixes:
            raise UserError(
                self.env._(
                    "This is not a %(label)s: it begins with %(prefix)s. Copy it from Stripe's"
                    " dashboard, Developers → API keys.",
                    label=label,
                    prefix=f"{prefixes[0]}_{self.mode}_…",
                )
            )
        if match[2] != self.mode:
            raise UserError(
                self.env._(
                    "The %s is of Stripe's live mode: with it, real money would move. Choose"
                    " “Live”, or paste the key of the test mode.",
                    label,
                )
                if self.mode == "test"
                else self.env._(
                    "The %s is of Stripe's test mode: no customer could pay. Choose “Test mode”,"
                    " or paste the key of the live mode.",
                    label,
                )
            )

    # -- Stripe --

    def _ask_stripe(self, secret_key):
        """Return the processor with the new key, and the account behind it.

        :raise UserError: Stripe does not accept the key, or cannot be reached
        """
        candidate = self.env["payment.provider"].new(
            {"code": "stripe", "state": _STATES[self.mode], "stripe_secret_key": secret_key}
        )
        try:
            processor = candidate._paylinks_get_processor()
            return processor, processor.check_account()
        except ProcessorError as error:
            _logger.warning("Connecting: %s", error)
            raise UserError(self._explain(error)) from error

    def _explain(self, error):
        if error.person in ("unreachable", "busy"):
            return self.env._(
                "Stripe cannot be reached at the moment. Nothing was changed; try again in a"
                " minute."
            )
        return self.env._(
            "Stripe does not accept this secret key, so nothing was changed. Copy it again from"
            " Stripe's dashboard, Developers → API keys; it may have been replaced there."
        )

    def _get_account_warnings(self, account):
        if account.ready:
            return []
        return [
            self.env._(
                "Stripe does not let this account take payments yet. Finish its activation in"
                " Stripe's dashboard."
            )
        ]

    def _explain_missing_webhook(self, provider):
        return self.env._(
            "The webhook could not be set up: Stripe must be able to reach %s, with HTTPS and a"
            " public name. Until then payments are booked late. Set this Odoo's address (system"
            " parameter web.base.url), then press Create Webhook.",
            provider.get_base_url(),
        )

    # -- the result --

    def _show_result(self, account, warnings):
        """Keep what the dialog is to say; the keys are not needed here any longer."""
        connected = (
            self.env._("Connected to %s. Customers pay with real money from now on.", account.name)
            if self.mode == "live"
            else self.env._(
                "Connected to %s in test mode. Only Stripe's test cards work.", account.name
            )
        )
        webhook = self.env._("The webhook is set up: payments are booked as soon as they are made.")
        self.write(
            {
                "secret_key": False,
                "publishable_key": False,
                "result": "\n\n".join([connected, *(warnings or [webhook])]),
                "result_kind": "warning" if warnings else "success",
            }
        )

    @api.depends("company_id")
    def _compute_display_name(self):
        self.display_name = self.env._("Connect Stripe")
