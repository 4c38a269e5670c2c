import ipaddress
import logging
import re
from decimal import Decimal

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import float_repr
from odoo.tools.urls import urljoin

from .. import const
from ..exceptions import FinalError, ProcessorError
from ..providers.base import Credentials
from ..providers.stripe import StripeProcessor

_logger = logging.getLogger(__name__)

_ADDRESS = re.compile(
    r"https?://(localhost|[\d.]+|\[[\da-f:]+\])(?::\d{1,5})?(?:/[\w./-]*)?",
    re.ASCII | re.IGNORECASE,
)


class PaymentProvider(models.Model):
    _inherit = "payment.provider"

    paylinks_webhook_secret = fields.Char(
        "Payment Links Signing Secret", copy=False, groups="base.group_system"
    )
    paylinks_webhook_secret_previous = fields.Char(
        "Previous Signing Secret",
        copy=False,
        groups="base.group_system",
        help="Still accepted while the secret is being changed. Empty it afterwards.",
    )
    paylinks_webhook_ref = fields.Char("Endpoint", copy=False, readonly=True)

    # -- which processor --

    @api.model
    def _paylinks_of_company(self, company):
        """Return the provider that a company's links are paid through; empty if there is none.

        :rtype: payment.provider, as superuser
        """
        return self.sudo().search(
            [
                *self._check_company_domain(company),
                ("code", "in", self._paylinks_codes()),
                ("state", "in", ("enabled", "test")),
            ],
            order="state, sequence, id",
            limit=1,
        )

    @api.model
    def _paylinks_codes(self):
        """Return the codes of the providers that can serve payment links. To be extended."""
        return ["stripe"]

    @api.model
    def _paylinks_processor_class(self, provider):
        """Return the class that talks to a provider's processor. To be overridden by other addons.

        :param provider: a `payment.provider`, or an empty record for the default
        :rtype: type[Processor]
        """
        return StripeProcessor

    def _paylinks_get_processor(self):
        """Return the processor with this provider's credentials.

        :rtype: Processor
        :raise FinalError: not connected
        """
        provider = self.sudo()
        if not provider:
            raise FinalError("no provider is enabled", "not_connected")
        if provider.state == "test" and (provider.stripe_secret_key or "").startswith("sk_live_"):
            raise FinalError("a live key in test mode", "rejected_key")
        return self._paylinks_processor_class(provider)(provider._paylinks_credentials())

    def _paylinks_credentials(self):
        """Return what the processor's class needs to act for this account."""
        self.ensure_one()
        secrets = (self.paylinks_webhook_secret, self.paylinks_webhook_secret_previous)
        return Credentials(
            secret_key=self.stripe_secret_key or "",
            webhook_secrets=tuple(secret for secret in secrets if secret),
            live=self._paylinks_is_live(),
            api_base=self._paylinks_api_base(),
        )

    def _paylinks_is_live(self):
        """Whether real money is meant. A disabled provider may still hear of live payments."""
        self.ensure_one()
        key = self.sudo().stripe_secret_key or ""
        return self.state != "test" and not key.startswith(("sk_test_", "rk_test_"))

    def _paylinks_api_base(self):
        """Return another address of Stripe's API, for a local stand-in; empty otherwise.

        Honoured only in test mode, with a test key, for a loopback address: nobody can lead a live
        key, or a test key over the network, elsewhere.
        """
        base = self.env["ir.config_parameter"].sudo().get_param(const.API_BASE_PARAMETER) or ""
        if not base:
            return ""
        key = self.stripe_secret_key or ""
        if self.state != "test" or not key.startswith("sk_test_") or not _is_loopback(base):
            _logger.warning("%s is set but not honoured.", const.API_BASE_PARAMETER)
            return ""
        return base.rstrip("/")

    def _paylinks_page_origins(self):
        """Return where the customer's page may lead to: a list for ``form-action``.

        Any secure origin, since a Stripe account may use a checkout domain of its own.
        """
        return f"https: {self._paylinks_api_base() if self else ''}".strip()

    def _paylinks_payment_method(self):
        """Return the method to note on an attempt until the processor tells the real one."""
        methods = self.env["payment.method"].sudo().with_context(active_test=False)
        return methods.search([("code", "=", "card")], limit=1)

    # -- what can be charged; an empty record answers for the default processor --

    def _paylinks_chargeable(self, amount, currency):
        """Return the greatest amount not above this one that the processor can charge.

        :param amount: in major units of the currency; a Decimal is taken as it is
        :type amount: float | Decimal
        :rtype: Decimal
        """
        exact = amount
        if not isinstance(amount, Decimal):
            exact = Decimal(float_repr(amount, currency.decimal_places))
        return self._paylinks_processor_class(self).chargeable(exact, currency.name)

    def _paylinks_to_minor(self, amount, currency):
        """Return the chargeable Decimal amount in the processor's minor units (int)."""
        return self._paylinks_processor_class(self).to_minor(amount, currency.name)

    def _paylinks_from_minor(self, amount, currency):
        """Return the Decimal amount in major units of the processor's minor units (int)."""
        return self._paylinks_processor_class(self).from_minor(amount, currency.name)

    def _paylinks_minimum(self, currency):
        """Return the least amount that can be charged in the currency (Decimal, major units)."""
        return self._paylinks_processor_class(self).minimum(currency.name)

    def _paylinks_minimum_problem(self, amount, currency):
        """Return why so little cannot be paid online, for the clerk; empty if it can.

        :param float amount: in major units of the currency
        """
        chargeable, minimum = (
            self._paylinks_chargeable(amount, currency),
            self._paylinks_minimum(currency),
        )
        if chargeable and chargeable >= minimum:
            return ""
        return self.env._(
            "%(amount)s cannot be paid online: the least that Stripe charges is %(minimum)s."
            " Ask for more, or collect it another way.",
            amount=currency.format(amount),
            minimum=currency.format(float(minimum) or currency.rounding),
        )

    # -- what a person is told --

    def _paylinks_explain_to_payer(self, error):
        """Return the sentence for the customer, who can only try again or call.

        :param ProcessorError error: what went wrong
        :rtype: str
        """
        if error.person == "unknown":
            return self.env._(
                "Another payment is under way at this moment. Nothing more was charged; please look"
                " again in some minutes."
            )
        if error.person in ("unreachable", "busy"):
            return self.env._(
                "The payment service cannot be reached at the moment. Nothing was charged; please"
                " try again in a minute."
            )
        return self.env._(
            "Online payment is not available at the moment. Nothing was charged; please contact us."
        )

    def _paylinks_explain(self, error):
        """Return the sentence for staff, who can mend it.

        :param ProcessorError error: what went wrong
        :rtype: str
        """
        sentences = {
            "not_connected": self.env._(
                "Stripe is not connected. Connect it in Settings → Payments; nothing was charged."
            ),
            "rejected_key": self.env._(
                "Stripe rejected the key. Check the keys in Settings → Payments; nothing was"
                " charged."
            ),
            "unreachable": self.env._(
                "Stripe cannot be reached at the moment. Nothing was charged; please try again in"
                " a minute."
            ),
            "busy": self.env._(
                "Stripe is busy at the moment. Nothing was charged; please try again in a minute."
            ),
            "too_small": self.env._(
                "The amount is below the least that Stripe charges. Nothing was charged."
            ),
            "unknown": self.env._(
                "Stripe did not answer, so it is not known yet whether the card was charged. Odoo"
                " finds out by itself within ten minutes; until then, do not collect it another"
                " way. The card is never charged twice."
            ),
            "never_charged": self.env._(
                "The charge never reached Stripe. Nothing was charged; try again."
            ),
            "unknown_card": self.env._(
                "Stripe does not know this card any more. Nothing was charged; send a payment link"
                " instead."
            ),
            "set_aside": self.env._(
                "What was paid for this before was set aside, because it is not what was asked for."
                " Read the link's activity, settle it, and press “Settled by Hand” on the link."
                " Nothing more was charged."
            ),
            "refused_charge": self.env._(
                "Stripe refused to charge this card. Nothing was charged; send a payment link"
                " instead."
            ),
        }
        return sentences.get(
            error.person,
            self.env._("Stripe refused the payment page. Nothing was charged."),
        )

    def _paylinks_check_connected(self, company):
        """Refuse, in the clerk's words, to make links that nobody could pay."""
        provider = self._paylinks_of_company(company)
        if not provider or not provider.stripe_secret_key:
            raise UserError(
                self.env._(
                    "Stripe is not connected for %s, so nobody could pay the link. Connect it in"
                    " Settings → Payments first.",
                    company.name,
                )
            )
        return provider

    # -- actions --

    def action_paylinks_check_connection(self):
        """Ask Stripe for the account behind the key, and say what is wrong, if anything."""
        self.ensure_one()
        self.check_access("write")
        try:
            account = self._paylinks_get_processor().check_account()
        except ProcessorError as error:
            _logger.warning("Connection check: %s", error)
            raise UserError(self._paylinks_explain(error)) from error
        if not account.ready:
            raise UserError(
                self.env._(
                    "The key is right, but the Stripe account %s may not take payments yet. Finish"
                    " its activation in Stripe's dashboard.",
                    account.name,
                )
            )
        if not self.paylinks_webhook_secret:
            return self._paylinks_notify(
                self.env._(
                    "Connected to %s. The webhook is missing: create it, so that payments are"
                    " booked at once.",
                    account.name,
                ),
                "warning",
            )
        return self._paylinks_notify(self.env._("Connected to %s.", account.name), "success")

    def action_paylinks_create_webhook(self):
        """Register our webhook endpoint at Stripe and keep its signing secret.

        The secret in use so far stays valid beside the new one, for events that are on their way.
        """
        self.ensure_one()
        self.check_access("write")
        try:
            endpoint = self._paylinks_get_processor().register_endpoint(
                self._paylinks_webhook_url()
            )
        except ProcessorError as error:
            _logger.warning("Webhook registration: %s", error)
            raise UserError(self._paylinks_explain(error)) from error
        self.write(self._prepare_webhook_values(endpoint))
        return self._paylinks_notify(
            self.env._("The webhook is set up: payments are booked as soon as they are made."),
            "success",
        )

    def _paylinks_webhook_url(self):
        """Return the address that Stripe is to notify."""
        return urljoin(self.get_base_url(), f"{const.WEBHOOK_ROUTE}/{self.id}")

    def _prepare_webhook_values(self, endpoint):
        """Return what is kept of a registered endpoint; the secret in use so far stays valid.

        :param Endpoint endpoint: as the processor made it
        """
        return {
            "paylinks_webhook_secret_previous": self.paylinks_webhook_secret,
            "paylinks_webhook_secret": endpoint.secret,
            "paylinks_webhook_ref": endpoint.ref,
        }

    def _paylinks_notify(self, message, kind):
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "type": kind,
                "message": message,
                "next": {"type": "ir.actions.act_window_close"},
            },
        }


def _is_loopback(base):
    """Whether an address leads to this machine and nowhere else. Whatever different programs might
    read differently (a user, escapes, other notations of an address) is refused."""
    match = _ADDRESS.fullmatch(base)
    if not match:
        return False
    host = match[1].lower().strip("[]")
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
