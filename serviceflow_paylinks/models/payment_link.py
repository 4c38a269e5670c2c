from odoo import api, fields, models
from odoo.addons.phone_validation.tools import phone_validation
from odoo.exceptions import AccessError, ConcurrencyError, UserError, ValidationError
from odoo.tools import email_normalize, plaintext2html
from odoo.tools.misc import clean_context
from odoo.tools.urls import urljoin
from psycopg2.errors import UniqueViolation

from ..const import PAY_ROUTE

# What a caller without superuser rights may give when creating, and change afterwards. Everything
# else follows from payments and documents, or has its own method.
CREATE_FIELDS = frozenset(
    "purpose amount_policy invoice_id sale_order_id partner_id description amount currency_id"
    " company_id expires_at email phone user_id".split()
)
WRITE_FIELDS = frozenset("description expires_at email phone user_id".split())
MAIL_FIELDS = ("message_", "activity_", "website_message_", "rating_")


class PaymentLink(models.Model):
    """A promise kept on our server: this address lets the customer pay what is owed.

    It is no object of the processor's: a checkout is opened when the customer clicks, for what is
    owed at that moment. The class is spread over ``payment_link_*.py``, one idea a file.
    """

    _name = "payment.link"
    _description = "Payment Link"
    _inherit = ["mail.thread", "mail.activity.mixin"]
    _order = "id desc"
    _mail_post_access = "read"

    name = fields.Char("Reference", readonly=True, required=True, copy=False)
    token = fields.Char(readonly=True, required=True, copy=False)
    url = fields.Char("Payment Link", compute="_compute_url")
    purpose = fields.Selection(
        [("invoice", "Invoice"), ("deposit", "Deposit"), ("custom", "Custom amount")],
        required=True,
        default="invoice",
        readonly=True,
    )
    invoice_id = fields.Many2one("account.move", readonly=True, ondelete="restrict")
    sale_order_id = fields.Many2one("sale.order", readonly=True, ondelete="restrict")
    partner_id = fields.Many2one(
        "res.partner", "Customer", required=True, readonly=True, ondelete="restrict", index=True
    )
    description = fields.Char()
    currency_id = fields.Many2one("res.currency", required=True, readonly=True)
    company_id = fields.Many2one("res.company", required=True, readonly=True, index=True)
    provider_id = fields.Many2one(
        "payment.provider",
        readonly=True,
        ondelete="restrict",
        groups="serviceflow_paylinks.group_payments_view",
    )
    user_id = fields.Many2one("res.users", "Responsible", default=lambda self: self.env.user)
    email = fields.Char()
    phone = fields.Char(help="In international notation (E.164), such as +15551234567.")
    expires_at = fields.Datetime("Expires", help="Empty: never.")
    sent_at = fields.Datetime("Sent", readonly=True, copy=False)
    first_sent_at = fields.Datetime(
        "First Sent",
        compute="_compute_first_sent_at",
        store=True,
        readonly=False,
        copy=False,
        help="Sending it again does not change this: the time to payment counts from here.",
    )
    opened_at = fields.Datetime(
        "First Opened",
        readonly=True,
        copy=False,
        groups="serviceflow_paylinks.group_payments_view",
    )
    open_count = fields.Integer(
        "Opened", readonly=True, copy=False, groups="serviceflow_paylinks.group_payments_view"
    )

    _token_unique = models.UniqueIndex("(token)", "Two links cannot share a token.")
    _name_unique = models.UniqueIndex(
        "(name, company_id)", "A link with this reference exists already."
    )
    # One open balance link an invoice: asking again gives the same one.
    _invoice_open_balance_unique = models.UniqueIndex(
        "(invoice_id) WHERE amount_policy = 'balance' AND state IN ('active', 'processing')",
        "This invoice has an open payment link already.",
    )
    _invoice_idx = models.Index("(invoice_id) WHERE invoice_id IS NOT NULL")
    _sale_order_idx = models.Index("(sale_order_id) WHERE sale_order_id IS NOT NULL")
    _company_recent_idx = models.Index("(company_id, id DESC)")
    _state_recent_idx = models.Index("(state, id DESC)")
    # The schedule that expires links reads nothing else.
    _expiring_idx = models.Index("(expires_at) WHERE state = 'active' AND expires_at IS NOT NULL")

    @api.depends("token", "company_id")
    def _compute_url(self):
        for link in self:
            path = f"{PAY_ROUTE}/{link.token}"
            link.url = urljoin(link.get_base_url(), path) if link.token else False

    @api.depends("sent_at")
    def _compute_first_sent_at(self):
        for link in self:
            sent = filter(None, (link.first_sent_at, link.sent_at))
            link.first_sent_at = min(sent, default=False)

    @api.constrains("purpose", "invoice_id", "sale_order_id")
    def _check_document(self):
        for link in self:
            if link.purpose == "invoice" and not link.invoice_id:
                raise ValidationError(self.env._("Choose the invoice that this link is for."))
            if link.purpose == "deposit" and not link.sale_order_id:
                raise ValidationError(self.env._("Choose the order that this deposit is for."))

    # -- creating and changing --

    @api.model_create_multi
    def create(self, vals_list):
        self.check_access("create")  # before anything is told of what is missing
        # A `default_…` in the context would slip past the check, or fill in what nobody has given.
        self = self.with_env(self.env(context=clean_context(self.env.context)))
        if not self.env.su:
            for vals in vals_list:
                self._check_given(vals, CREATE_FIELDS)
        vals_list = [dict(vals) for vals in vals_list]
        self._complete_create_values(vals_list)
        quiet = self.with_context(
            mail_create_nolog=True, mail_create_nosubscribe=True, tracking_disable=True
        )
        try:
            with self.env.cr.savepoint():
                links = super(PaymentLink, quiet).create(vals_list).with_env(self.env)
        except UniqueViolation as error:
            # Somebody else made the same invoice's link at this moment: run again and find it.
            raise ConcurrencyError("a payment link was created at the same time") from error
        return links

    def write(self, vals):
        if not self.env.su:
            self._check_given(vals, WRITE_FIELDS)
            if vals.get("expires_at"):
                self._check_expiry_is_ahead(fields.Datetime.to_datetime(vals["expires_at"]))
        vals = dict(vals)
        self._normalize_contact(vals, self.partner_id[:1])
        before = {link: link.expires_at for link in self} if "expires_at" in vals else {}
        result = super().write(vals)
        if before:
            self._expiry_changed(before)
        return result

    @api.ondelete(at_uninstall=False)
    def _unlink_only_if_never_paid(self):
        if self.sudo().transaction_ids.filtered(lambda tx: tx.state in ("pending", "done")):
            raise UserError(
                self.env._(
                    "A link that was paid is part of the books and stays. Use Delete in the hub:"
                    " the customer can no longer open it, and its history is kept."
                )
            )
        if self.sudo().transaction_ids.filtered("checkout_open"):
            raise UserError(
                self.env._(
                    "A customer has the payment page of this link open. Use Delete in the hub"
                    " first; the link can be removed once the page is closed."
                )
            )

    def copy_data(self, default=None):
        raise UserError(
            self.env._("A payment link cannot be duplicated: generate a new one instead.")
        )

    def _check_given(self, vals, allowed):
        """Refuse fields that follow from payments and documents."""
        refused = [
            name for name in vals if name not in allowed and not name.startswith(MAIL_FIELDS)
        ]
        if refused:
            raise AccessError(
                self.env._(
                    "These fields of a payment link cannot be set by hand: %s.",
                    ", ".join(sorted(refused)),
                )
            )

    def _check_expiry_is_ahead(self, expires_at):
        if expires_at <= fields.Datetime.now():
            raise ValidationError(
                self.env._(
                    "The expiry lies in the past. Choose a later date, leave it empty for a link"
                    " that never expires, or delete the link to stop it now."
                )
            )

    # -- whom to reach --

    def _normalize_contact(self, vals, partner):
        """Check and normalise an address or number that a person gave; in place."""
        if vals.get("email"):
            email = email_normalize(vals["email"])
            if not email:
                raise ValidationError(
                    self.env._("%s is not an email address. Correct it.", vals["email"])
                )
            vals["email"] = email
        if vals.get("phone"):
            phone = self._format_phone(vals["phone"], partner)
            if not phone:
                raise ValidationError(
                    self.env._(
                        "%s is not a phone number that can be called. Write it with the country"
                        " code, such as +1 555 123 4567.",
                        vals["phone"],
                    )
                )
            vals["phone"] = phone

    @api.model
    def _format_phone(self, number, partner):
        """Return the number as E.164, or an empty string where it is none."""
        if not number:
            return ""
        country = partner.country_id or self.env.company.country_id
        try:
            return phone_validation.phone_format(
                number, country.code or None, country.phone_code, force_format="E164"
            )
        except UserError:
            return ""

    # -- actions --

    def rotate_token(self):
        """Give the links new addresses; the old ones stop working at once. For managers.

        :raise AccessError: the user may not manage payment links
        """
        self._check_may_manage()
        for link in self:
            link.sudo().token = self._new_token()
        # An open page would bring the customer back to the old address.
        self._close_checkouts_soon()
        self._log_history(self.env._("The link's address was replaced; the old one is void."))
        return True

    def _check_may_manage(self):
        """Deleting and rotating is for managers, on links that they may see."""
        self.check_access("write")
        if not self.env.su and not self.env.user.has_group(
            "serviceflow_paylinks.group_payments_manage"
        ):
            raise AccessError(
                self.env._(
                    "Only managers of payment links may do this. Ask an administrator for the"
                    " right “Payment Links: Manage”."
                )
            )

    def _log_history(self, body):
        """Note it on each link's history, in one batch, without notifying anybody."""
        self.sudo()._message_log_batch({link.id: body for link in self})

    def _flag(self, summary, note, about=""):
        """Raise an activity for staff; not a second one for the same thing.

        :param str about: what it is about, such as a payment's reference
        """
        summary = f"{summary}: {about}" if about else summary
        for link in self.sudo():
            if link.activity_ids.filtered(lambda a, s=summary: a.summary == s):
                continue
            user = link.user_id
            if not user.active or not user.has_group("serviceflow_paylinks.group_payments_view"):
                user = self.env.ref("base.user_admin")
            # What a customer, a bank or a mail server has said stands in it: no markup of theirs.
            link.activity_schedule(
                "mail.mail_activity_data_warning",
                summary=summary,
                note=plaintext2html(note or ""),
                user_id=user.id,
            )

    def _unflag(self, summary, about=""):
        """What staff were called for has mended itself."""
        summary = f"{summary}: {about}" if about else summary
        self.sudo().activity_ids.filtered(lambda a: a.summary == summary).unlink()
