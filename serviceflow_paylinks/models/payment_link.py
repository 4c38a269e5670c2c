import secrets

from odoo import api, fields, models
from odoo.addons.phone_validation.tools import phone_validation
from odoo.exceptions import AccessError, ConcurrencyError, UserError, ValidationError
from odoo.tools import email_normalize
from odoo.tools.misc import clean_context
from odoo.tools.urls import urljoin
from psycopg2.errors import UniqueViolation

from ..const import PAY_ROUTE, TOKEN_BYTES

OPEN_STATES = ("active", "processing")

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
        if not self.env.su:
            # A `default_…` in the context would slip past the check.
            self = self.with_env(self.env(context=clean_context(self.env.context)))
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

    # -- values of a new link --

    def _complete_create_values(self, vals_list):
        """Fill in what follows from the documents: in place, with queries that do not grow."""
        documents = self._get_documents_of(vals_list)
        given = {vals["partner_id"] for vals in vals_list if vals.get("partner_id")}
        self.env["res.partner"].browse(given).check_access("read")
        for vals in vals_list:
            self._complete_from_document(vals, documents.get(self._document_key(vals)))
        partners = self._browse_by_id("res.partner", [vals["partner_id"] for vals in vals_list])
        now = fields.Datetime.now()
        for vals in vals_list:
            partner = partners[vals["partner_id"]]
            self._check_partner_company(partner, vals["company_id"])
            self._normalize_contact(vals, partner)
            vals.setdefault("email", partner.email_normalized)
            vals.setdefault("phone", partner.phone_sanitized or False)
            vals["token"] = self._new_token()
            # Nothing is paid yet: spares the ORM to compute it.
            vals.update(amount_paid=0.0, amount_refunded=0.0)
            self._complete_terms(vals, now)
        self._complete_from_companies(vals_list)

    def _browse_by_id(self, model, ids):
        """Return {id: record} as superuser; read together, whichever is read first."""
        records = self.env[model].sudo().browse(dict.fromkeys(ids))
        return {record.id: record for record in records}

    @api.model
    def _document_key(self, vals):
        """Return which document a new link is for: (model, id)."""
        field, model = ("invoice_id", "account.move")
        if vals.get("purpose") == "deposit":
            field, model = ("sale_order_id", "sale.order")
        return model, vals.get(field)

    def _get_documents_of(self, vals_list):
        """Return the documents that the user may see: {(model, id): record as superuser}.

        :raise AccessError: the user may not see one of them
        """
        keys = {self._document_key(vals) for vals in vals_list if vals.get("purpose") != "custom"}
        result = {}
        for model in ("account.move", "sale.order"):
            ids = [document_id for name, document_id in keys if name == model and document_id]
            self.env[model].browse(ids).check_access("read")
            for document_id, document in self._browse_by_id(model, ids).items():
                result[model, document_id] = document
        return result

    def _complete_from_document(self, vals, document):
        """Take company, currency and customer from the invoice or order; they are not negotiable.

        :param document: a record as superuser; None for a custom amount
        """
        vals.setdefault("purpose", "invoice" if vals.get("invoice_id") else "custom")
        if document is not None:
            vals.update(company_id=document.company_id.id, currency_id=document.currency_id.id)
            if vals.setdefault("partner_id", document.partner_id.id) != document.partner_id.id:
                self._check_partner_of(document, vals["partner_id"])
            other = "sale_order_id" if vals["purpose"] == "invoice" else "invoice_id"
            vals.pop(other, None)
        else:
            vals.pop("invoice_id", None)
            vals.pop("sale_order_id", None)
            company = self.env["res.company"].browse(vals.get("company_id") or self.env.company.id)
            if not self.env.su and company not in self.env.companies:
                raise AccessError(self.env._("You cannot make payment links for another company."))
            vals["company_id"] = company.id
            vals.setdefault("currency_id", company.currency_id.id)
        if not vals.get("partner_id"):
            raise ValidationError(self.env._("Choose the customer who is to pay."))

    def _check_partner_of(self, document, partner_id):
        partner = self.env["res.partner"].sudo().browse(partner_id)
        if partner.commercial_partner_id != document.partner_id.commercial_partner_id:
            raise ValidationError(
                self.env._(
                    "%(document)s belongs to %(owner)s, not to %(partner)s.",
                    document=document.display_name,
                    owner=document.partner_id.display_name,
                    partner=partner.display_name,
                )
            )

    def _check_partner_company(self, partner, company_id):
        if partner.company_id and partner.company_id.id != company_id:
            raise ValidationError(
                self.env._(
                    "%(partner)s is a customer of %(company)s only.",
                    partner=partner.name,
                    company=partner.company_id.name,
                )
            )

    def _complete_terms(self, vals, now):
        """Fill in what is asked for, and for how long."""
        if "amount" in vals:
            vals["amount_fixed"] = vals.pop("amount")
        agreed = vals.get("amount_fixed") or vals["purpose"] != "invoice"
        vals.setdefault("amount_policy", "fixed" if agreed else "balance")
        if "expires_at" not in vals:
            company = self.env["res.company"].sudo().browse(vals["company_id"])
            vals["expires_at"] = company._paylinks_default_expiry(now)
        elif vals["expires_at"] and not self.env.su:
            self._check_expiry_is_ahead(fields.Datetime.to_datetime(vals["expires_at"]))

    def _complete_from_companies(self, vals_list):
        """Number the links and give each its company's provider."""
        by_company = {}
        for vals in vals_list:
            by_company.setdefault(vals["company_id"], []).append(vals)
        for company_id, company_vals in by_company.items():
            company = self.env["res.company"].browse(company_id)
            provider = self.env["payment.provider"]._paylinks_of_company(company)
            names = self._next_names(company, len(company_vals))
            for vals, name in zip(company_vals, names, strict=True):
                vals["name"] = name
                vals.setdefault("provider_id", provider.id)

    def _next_names(self, company, count):
        """Draw several numbers of the sequence at once: one query for any number of links."""
        sequence = (
            self.env["ir.sequence"]
            .sudo()
            .with_company(company)
            .search(
                [("code", "=", "payment.link"), ("company_id", "in", [company.id, False])],
                order="company_id",
                limit=1,
            )
        )
        if not sequence:
            raise UserError(self.env._("The sequence of payment links is missing."))
        if sequence.implementation != "standard" or sequence.use_date_range:
            return [sequence.next_by_id() for _i in range(count)]
        # As `_next_do` of odoo/addons/base/models/ir_sequence.py does for one.
        self.env.cr.execute(
            "SELECT nextval(%s) FROM generate_series(1, %s)",
            [f"ir_sequence_{sequence.id:03d}", count],
        )
        numbers = [row[0] for row in self.env.cr.fetchall()]
        prefix, suffix = sequence._get_prefix_suffix()
        return [f"{prefix}{number:0{sequence.padding}d}{suffix}" for number in numbers]

    @api.model
    def _new_token(self):
        return secrets.token_urlsafe(TOKEN_BYTES)

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
            link.activity_schedule(
                "mail.mail_activity_data_warning", summary=summary, note=note, user_id=user.id
            )

    def _unflag(self, summary, about=""):
        """What staff were called for has mended itself."""
        summary = f"{summary}: {about}" if about else summary
        self.sudo().activity_ids.filtered(lambda a: a.summary == summary).unlink()
