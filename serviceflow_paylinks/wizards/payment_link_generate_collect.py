import logging

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError

from ..exceptions import ProcessorError
from ..models.locking import lock_rows

_logger = logging.getLogger(__name__)


class PaymentLinkGenerate(models.TransientModel):
    """Collecting on an invoice: directly, or by the payment link that the dialog makes.

    Directly is by a saved card, by a card that the clerk types in on the processor's page, or by
    cash, cheque and transfer with Odoo's own dialog. The first two pay the invoice's link.
    """

    _inherit = "payment.link.generate"

    is_collect = fields.Boolean(readonly=True)
    method = fields.Selection(
        [("direct", "Direct payment"), ("link", "Payment link")],
        "How",
        default="link",
        required=True,
    )
    card_ids = fields.Many2many("payment.token", compute="_compute_card_ids")
    card_id = fields.Many2one(
        "payment.token",
        "Saved Card",
        compute="_compute_card_id",
        compute_sudo=False,
        store=True,
        readonly=False,
    )
    charge_label = fields.Char(compute="_compute_charge_label")
    online_problem = fields.Char(compute="_compute_online_problem")
    can_register = fields.Boolean(compute="_compute_can_register")
    payment_state = fields.Selection(
        [
            ("waiting", "Waiting"),
            ("unknown", "Not known yet"),
            ("processing", "On its way"),
            ("paid", "Paid"),
            ("failed", "Not paid"),
        ],
        compute="_compute_payment",
    )
    payment_message = fields.Char(compute="_compute_payment")

    @api.depends("invoice_ids", "is_collect")
    def _compute_card_ids(self):
        tokens = self.env["payment.token"]
        for wizard in self:
            invoice = wizard.is_collect and wizard._get_invoice()
            cards = tokens
            if invoice:
                invoice.check_access("read")
                cards = tokens._paylinks_saved_cards(invoice.partner_id, wizard.company_id)
            wizard.card_ids = cards.with_env(self.env)

    @api.depends("invoice_ids", "is_collect")
    def _compute_card_id(self):
        for wizard in self:
            if wizard.card_id not in wizard.card_ids:
                wizard.card_id = wizard.card_ids[:1]
            else:
                wizard.card_id = wizard.card_id

    @api.onchange("card_id")
    def _onchange_card_id(self):
        """Odoo tells the name of whatever a field points at, and a card's holds its digits."""
        if self.card_id._origin - self.card_ids._origin:
            self.card_id = False

    @api.constrains("card_id")
    def _check_card(self):
        for wizard in self:
            if wizard.card_id - wizard.card_ids:
                raise AccessError(self._say_choose_card())

    def _say_choose_card(self):
        return self.env._("Choose the saved card that is to be charged.")

    @api.depends("amount", "currency_id")
    def _compute_charge_label(self):
        for wizard in self:
            currency = wizard.currency_id
            wizard.charge_label = bool(currency) and self.env._(
                "Charge %s", currency.format(wizard.amount)
            )

    @api.depends("invoice_ids", "purpose", "is_collect")
    def _compute_online_problem(self):
        """Why neither a card nor a link can collect it; cash and transfers can."""
        for wizard in self:
            invoice = wizard._get_invoice()
            try:
                self.env["payment.provider"]._paylinks_check_connected(wizard.company_id)
                refused = invoice._get_paylinks_refusals()
            except UserError as error:
                wizard.online_problem = str(error)
            else:
                wizard.online_problem = refused.get(invoice)

    def _compute_can_register(self):
        self.can_register = self.env["account.payment.register"].has_access("create")

    # -- how the payment stands --

    @api.depends("link_id", "step")
    def _compute_payment(self):
        for wizard in self:
            state, message = False, False
            if wizard.step == "direct" and wizard.link_id:
                state, message = wizard._read_payment()
            wizard.payment_state, wizard.payment_message = state, message

    def _read_payment(self):
        """Return how the payment of the link stands: (state, sentence)."""
        link = self._get_link_of("read")
        attempt = link.transaction_ids.sorted("id")[-1:]
        if link.state in ("paid", "settled"):
            return "paid", self._describe_paid(link, attempt)
        if link.state == "processing":
            return "processing", self.env._(
                "The bank has accepted the payment; the money takes some days. The invoice is paid"
                " by itself when it has arrived."
            )
        if not attempt:
            return "failed", self.env._("No payment was started.")
        if attempt.checkout_open and attempt.token_id:
            return "unknown", attempt.state_message or self.env._("The bank is being asked.")
        if attempt.checkout_open:
            return "waiting", attempt.state_message or self.env._(
                "Type the card in on Stripe's page, which has opened in a new tab. This window"
                " notices when the payment is through."
            )
        if attempt.state == "error":
            return "failed", attempt.state_message
        return "failed", self.env._("Stripe's page was closed without a payment.")

    def _get_link_of(self, operation):
        """Return the dialog's link as superuser, if the user may do so much with it."""
        self.link_id.check_access(operation)
        return self.link_id.sudo()

    def _describe_paid(self, link, attempt):
        invoice = link.invoice_id
        if link.state == "settled":
            return self.env._("%s was paid another way.", invoice.name)
        values = {
            "amount": link.currency_id.format(link.amount_paid),
            "method": attempt.payment_method_id.name,
            "customer": link.partner_id.name,
            "invoice": invoice.name,
        }
        left = invoice._get_collectable()
        if invoice.currency_id.compare_amounts(left, 0) <= 0:
            return self.env._(
                "%(amount)s received from %(customer)s by %(method)s. %(invoice)s is paid.",
                **values,
            )
        values["left"] = invoice.currency_id.format(left)
        return self.env._(
            "%(amount)s received from %(customer)s by %(method)s. %(invoice)s owes %(left)s still.",
            **values,
        )

    # -- the three ways --

    def action_charge(self):
        """Charge the saved card. Pressed twice, it charges once: see ``_begin_direct``."""
        self.ensure_one()
        if self._begin_direct():
            if not self.card_id:
                raise UserError(self._say_choose_card())
            self.link_id.charge_saved_card(self.card_id.id)
        return self._show_payment()

    def action_take_card(self):
        """Open the processor's page in a new tab, for the clerk to type the card in."""
        self.ensure_one()
        self._begin_direct()
        link = self._get_link_of("write")
        try:
            url = link.start_checkout()
        except ProcessorError as error:
            _logger.warning("Link %s: %s", link.name, error)
            raise UserError(link.provider_id._paylinks_explain(error)) from error
        if not url:
            return self._show_payment()
        return {"type": "ir.actions.act_url", "url": url, "target": "new"}

    def action_register(self):
        """Open Odoo's own dialog for cash, cheques and transfers."""
        self.ensure_one()
        if not self.can_register:
            raise AccessError(
                self.env._("You have no right to register payments. Ask your bookkeeper to do it.")
            )
        action = self.invoice_ids.action_register_payment()
        # As the invoice's own button has it: back to the invoice afterwards.
        context = {"dont_redirect_to_payments": True, "display_account_trust": True}
        if part := self._get_part(self.invoice_ids):
            # As if it had been typed in there: it does not become the balance again.
            context.update(
                default_amount=part,
                default_custom_user_amount=part,
                default_custom_user_currency_id=self.currency_id.id,
                default_currency_id=self.currency_id.id,
            )
        return {**action, "context": {**action["context"], **context}}

    def _begin_direct(self):
        """Find or make the link that is paid, once, however often the button is pressed.

        :return: False where an earlier press has come to its end: there is nothing more to do
        """
        self.env["payment.link"].check_access("create")
        lock_rows(self)
        if self.step == "direct":
            return bool(self._get_link_of("write").transaction_ids.filtered("checkout_open"))
        link, _existed = self._get_link()
        self.write({"step": "direct", "link_id": link.id})
        return True

    def _show_payment(self):
        return self._show(self.env._("Collect Payment"))

    # -- afterwards --

    def action_refresh(self):
        """Ask the processor how the payment stands, without waiting for its messengers."""
        self.ensure_one()
        for attempt in self._get_link_of("write").transaction_ids.filtered("checkout_open"):
            try:
                attempt._look_at_checkout()
            except ProcessorError as error:
                _logger.warning("Attempt %s: %s", attempt.reference, error)
                raise UserError(
                    self.env._(
                        "Stripe does not say yet how the payment ended. Odoo asks again by itself;"
                        " wait some minutes, and collect it no other way until then."
                    )
                ) from error
        return self._show_payment()

    def action_back(self):
        """Another way, or another try: back to the choice."""
        self.ensure_one()
        self.step = "ask"
        return self._show_payment()

    def action_link_instead(self):
        """Back to the choice, with the payment link chosen."""
        self.method = "link"
        return self.action_back()
