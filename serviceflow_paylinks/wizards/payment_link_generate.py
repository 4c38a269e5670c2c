from datetime import datetime, time, timedelta

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import format_date
from odoo.tools.date_utils import localized, to_timezone

# Days ahead that are offered for the expiry.
PRESETS = ("7", "14", "30")
# So many customers are named in the preview; the others are counted.
NAMED = 10
# A customer's address, as the blacklists have it.
ADDRESSES = {"email": "email_normalized", "sms": "phone_sanitized"}


class PaymentLinkGenerate(models.TransientModel):
    """The dialog that makes payment links. What is asked is here; what is made and shown, in
    ``…_result.py``; collecting without a link, in ``…_collect.py``.

    Over RPC it can be pointed at any record: what follows from one is read as the user, never as
    superuser, which Odoo would do for stored fields (``compute_sudo``).
    """

    _name = "payment.link.generate"
    _description = "Generate Payment Links"

    step = fields.Selection(
        [("ask", "Ask"), ("link", "One link"), ("lines", "Several links"), ("direct", "Direct")],
        required=True,
        default="ask",
        readonly=True,
    )
    purpose = fields.Selection(
        [("invoice", "Invoice"), ("custom", "Custom amount")], required=True, default="invoice"
    )
    company_id = fields.Many2one("res.company", compute="_compute_company_id")
    partner_id = fields.Many2one("res.partner", "Customer")
    commercial_partner_id = fields.Many2one(related="partner_id.commercial_partner_id")
    invoice_ids = fields.Many2many("account.move", string="Invoices")
    invoice_count = fields.Integer(compute="_compute_is_single")
    is_single = fields.Boolean(compute="_compute_is_single")
    headline = fields.Char(compute="_compute_headline")
    preview = fields.Text(compute="_compute_preview")
    description = fields.Char(help="What the customer reads on the payment page.")
    # What the clerk saw: it is stored, so that money collected meanwhile is noticed.
    balance = fields.Monetary(
        compute="_compute_balance", compute_sudo=False, store=True, readonly=False
    )
    instalment = fields.Monetary("Next Instalment", compute="_compute_instalment")
    instalment_note = fields.Char(compute="_compute_instalment")
    amount_options = fields.Json(compute="_compute_instalment")
    amount_choice = fields.Selection(
        [
            ("balance", "Whole balance"),
            ("instalment", "Next instalment"),
            ("other", "Another amount"),
        ],
        "Ask For",
        default="balance",
        required=True,
    )
    amount = fields.Monetary(
        compute="_compute_amount", compute_sudo=False, store=True, readonly=False
    )
    currency_id = fields.Many2one(
        "res.currency",
        compute="_compute_currency_id",
        compute_sudo=False,
        store=True,
        readonly=False,
    )
    expiry = fields.Selection(
        [
            ("default", "As set in the settings"),
            ("7", "In 7 days"),
            ("14", "In 14 days"),
            ("30", "In 30 days"),
            ("date", "On a date"),
            ("never", "Never"),
        ],
        "Expires",
        default="default",
        required=True,
    )
    expires_on = fields.Date("Last Day", help="The link works until the end of this day.")
    expiry_note = fields.Char(compute="_compute_expiry_note")
    send_email = fields.Boolean("By Email")
    send_sms = fields.Boolean("By SMS")
    email = fields.Char(compute="_compute_contact", compute_sudo=False, store=True, readonly=False)
    phone = fields.Char(compute="_compute_contact", compute_sudo=False, store=True, readonly=False)

    @api.model_create_multi
    def create(self, vals_list):
        return super().create([self._read_numbers(vals) for vals in vals_list])

    def write(self, vals):
        return super().write(self._read_numbers(vals))

    def _read_numbers(self, vals):
        """Give letters in place of an amount a sentence."""
        links = self.env["payment.link"]
        given = {name: vals[name] for name in ("amount", "balance") if name in vals}
        return {**vals, **{name: links._check_given_amount(value) for name, value in given.items()}}

    @api.onchange("partner_id")
    def _onchange_partner_id(self):
        """Another customer: the invoices of the one before are not meant any more."""
        if self.partner_id:
            self.invoice_ids = self.invoice_ids.filtered(self._is_of_customer)

    def _is_of_customer(self, invoice):
        customer = self.commercial_partner_id._origin
        return not customer or invoice.commercial_partner_id._origin == customer

    # -- what follows from the choice --

    @api.depends("invoice_ids", "purpose")
    def _compute_company_id(self):
        for wizard in self:
            invoices = wizard.invoice_ids if wizard.purpose == "invoice" else wizard.invoice_ids[:0]
            wizard.company_id = invoices[:1].company_id or self.env.company

    @api.depends("invoice_ids", "purpose")
    def _compute_is_single(self):
        for wizard in self:
            wizard.invoice_count = len(wizard.invoice_ids)
            wizard.is_single = wizard.purpose == "custom" or wizard.invoice_count == 1

    @api.depends("invoice_ids", "purpose", "balance")
    def _compute_headline(self):
        for wizard in self:
            invoice = wizard._get_invoice()
            wizard.headline = bool(invoice) and self.env._(
                "%(customer)s owes %(balance)s on %(invoice)s",
                customer=invoice.partner_id.name,
                balance=invoice.currency_id.format(wizard.balance),
                invoice=invoice.name,
            )

    @api.depends("invoice_ids", "purpose")
    def _compute_currency_id(self):
        for wizard in self:
            invoices = wizard.invoice_ids[:1] if wizard.purpose == "invoice" else None
            wizard.currency_id = (invoices and invoices.currency_id) or self.env.company.currency_id

    @api.depends("invoice_ids", "purpose")
    def _compute_balance(self):
        for wizard in self:
            invoice = wizard._get_invoice()
            wizard.balance = invoice._get_collectable() if invoice else 0.0

    @api.depends("invoice_ids", "purpose")
    def _compute_instalment(self):
        for wizard in self:
            invoice = wizard._get_invoice()
            amount, due = invoice._get_next_instalment() if invoice else (0.0, None)
            wizard.instalment = amount
            wizard.instalment_note = due and self.env._("due on %s", format_date(self.env, due))
            options = {"balance": True, "instalment": bool(amount), "other": True}
            wizard.amount_options = [name for name, offered in options.items() if offered]

    @api.depends("invoice_ids", "purpose", "amount_choice")
    def _compute_amount(self):
        for wizard in self:
            if wizard._get_invoice() and wizard.amount_choice == "instalment":
                wizard.amount = wizard.instalment
            elif wizard._get_invoice() and wizard.amount_choice == "balance":
                wizard.amount = wizard.balance
            else:
                wizard.amount = wizard.amount if wizard.purpose == "invoice" else 0.0

    @api.depends("invoice_ids", "partner_id", "purpose")
    def _compute_contact(self):
        for wizard in self:
            link = wizard._find_open_link()
            partner = wizard._get_customer()
            wizard.email = link.email or partner.email_normalized
            wizard.phone = link.phone or partner.phone_sanitized

    @api.depends("expiry", "expires_on", "invoice_ids", "purpose")
    def _compute_expiry_note(self):
        for wizard in self:
            moment = wizard._get_expiry()
            if moment is None:
                wizard.expiry_note = False
            elif moment:
                day = localized(moment).astimezone(self.env.tz).date()
                day = format_date(self.env, day, date_format="full")
                wizard.expiry_note = self.env._("Works until %s", day)
            else:
                wizard.expiry_note = self.env._("Works until it is paid or deleted")

    @api.depends("invoice_ids", "purpose", "send_email", "send_sms")
    def _compute_preview(self):
        """What will be made for several invoices, and what will not, before it is."""
        for wizard in self:
            several = not wizard.is_single and wizard.invoice_ids
            wizard.preview = several and "\n".join(wizard._preview_lines())

    def _preview_lines(self):
        invoices = self.invoice_ids._origin
        refused = invoices._get_paylinks_refusals()
        existing = invoices._get_open_balance_links()
        ready = [move for move in invoices if move not in refused]
        open_count = sum(move.id in existing for move in ready)
        lines = [self.env._("New links: %s", len(ready) - open_count)]
        if open_count:
            lines.append(self.env._("Links that exist already and are used again: %s", open_count))
        lines += self._preview_sending(ready, existing)
        if refused:
            lines.append(self.env._("Invoices that cannot have a link: %s", len(refused)))
            lines.append(self.env["account.move"]._join_sentences(list(refused.values())))
        return lines

    def _preview_sending(self, ready, existing):
        """Return whom the links would go to, at which address, and who has none.

        :param list ready: the invoices that get a link
        :param dict existing: their open links, as ``_get_open_balance_links`` tells
        """
        links = self.env["payment.link"].sudo().browse(existing.values()).grouped("invoice_id")
        lines = []
        if self.send_email:
            reached, without, out = self._sort_recipients(ready, links, "email")
            if reached:
                lines.append(self.env._("By email to: %s", reached))
            if without:
                lines.append(
                    self.env._("Without an email address, so not sent by email: %s", without)
                )
            if out:
                lines.append(self.env._("Want no emails, so not sent by email: %s", out))
        if self.send_sms:
            reached, without, out = self._sort_recipients(ready, links, "sms")
            if reached:
                lines.append(self.env._("By SMS to: %s", reached))
            if without:
                lines.append(self.env._("Without a phone number, so not sent by SMS: %s", without))
            if out:
                lines.append(self.env._("Want no text messages, so not sent by SMS: %s", out))
        if lines:
            lines.append(
                self.env._(
                    "To send it elsewhere, correct the address on the customer, or on the link that"
                    " exists already, before you generate."
                )
            )
        return lines

    def _sort_recipients(self, ready, links, channel):
        """Return in words whom the links reach at which address, who has none, and who is on the
        blacklist."""
        of_partner = ADDRESSES[channel]
        people = {}
        for move in ready:
            link = links.get(move.sudo())
            to = link._get_address(channel) if link else move.partner_id[of_partner]
            people[move.partner_id.name, to] = None
        addresses = [to for _name, to in people if to]
        out = self.env["payment.link"]._get_blacklisted(channel, addresses)
        return (
            self._name_people([(name, to) for name, to in people if to and to not in out]),
            self._name_people([(name, "") for name, to in people if not to]),
            self._name_people([(name, "") for name, to in people if to in out]),
        )

    @api.model
    def _name_people(self, people):
        """Return names with addresses; at most some of them.

        :param list people: (name, address or nothing) of each
        """
        names = ", ".join(f"{name} ({to})" if to else name for name, to in people[:NAMED])
        if (more := len(people) - NAMED) > 0:
            return self.env._("%(names)s and %(count)s more", names=names, count=more)
        return names

    # -- what the answers mean --

    def _get_invoice(self):
        """Return the one invoice, or an empty record."""
        invoices = self.invoice_ids._origin
        single = self.purpose == "invoice" and len(invoices) == 1
        return invoices if single else invoices[:0]

    def _get_customer(self):
        if self.purpose == "custom":
            return self.partner_id
        return self._get_invoice().partner_id

    def _find_open_link(self):
        """Return the open balance link of the one invoice, as superuser; or an empty record."""
        invoice = self._get_invoice()
        invoice.check_access("read")
        links = self.env["payment.link"].sudo()
        return links.browse(invoice._get_open_balance_links().get(invoice.id, []))

    def _get_expiry(self):
        """Return when the link is to expire (UTC); False for never, None where not said yet."""
        now = fields.Datetime.now()
        if self.expiry == "default":
            due = self._get_invoice().invoice_date_due or None
            return self.company_id.sudo()._paylinks_default_expiry(now, due=due)
        if self.expiry in PRESETS:
            return now + timedelta(days=int(self.expiry))
        if self.expiry == "never":
            return False
        if not self.expires_on:
            return None
        end = self.env.tz.localize(datetime.combine(self.expires_on, time(23, 59, 59)))
        return to_timezone(None)(end)

    def _prepare_expiry(self):
        """Return the value for new links: none, where the settings decide.

        :raise UserError: no date was given, or one in the past
        """
        if self.expiry == "default":
            return {}
        expires_at = self._get_expiry()
        if expires_at is None:
            raise UserError(self.env._("Choose the last day on which the link is to work."))
        if expires_at:
            self.env["payment.link"]._check_expiry_is_ahead(expires_at)
        return {"expires_at": expires_at}

    def _prepare_link_values(self):
        """Return what the clerk decided for one link."""
        return {"email": self.email, "phone": self.phone, **self._prepare_expiry()}

    def _check_customer(self):
        """The customer and the invoices that were chosen must belong together.

        :raise UserError: an invoice is of another customer
        """
        if strange := self.invoice_ids.filtered(lambda move: not self._is_of_customer(move))[:1]:
            raise UserError(
                self.env._(
                    "%(invoice)s is an invoice of %(owner)s, not of %(customer)s. Choose one of"
                    " theirs, or leave the customer empty.",
                    invoice=strange.display_name,
                    owner=strange.partner_id.name,
                    customer=self.partner_id.name,
                )
            )

    def _check_contact(self):
        name = self._get_customer().display_name
        if self.send_email and not self.email:
            raise UserError(
                self.env._("%s has no email address. Enter one, or do not send it by email.", name)
            )
        if self.send_sms and not self.phone:
            raise UserError(
                self.env._("%s has no phone number. Enter one, or do not send it by SMS.", name)
            )
