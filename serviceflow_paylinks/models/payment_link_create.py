import math
import secrets

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError, ValidationError

from ..const import TOKEN_BYTES


class PaymentLink(models.Model):
    """What a new link is made of: taken from its document, in batches of any size."""

    _inherit = "payment.link"

    def _complete_create_values(self, vals_list):
        """Fill in what follows from the documents: in place, with queries that do not grow."""
        documents = self._get_documents_of(vals_list)
        given = {vals["partner_id"] for vals in vals_list if vals.get("partner_id")}
        self.env["res.partner"].browse(given).check_access("read")
        self._check_not_archived(vals_list)
        for vals in vals_list:
            self._complete_from_document(vals, documents.get(self._document_key(vals)))
        partners = self._browse_by_id("res.partner", [vals["partner_id"] for vals in vals_list])
        now = fields.Datetime.now()
        for vals in vals_list:
            document = documents.get(self._document_key(vals))
            partner = partners[vals["partner_id"]]
            self._check_partner_company(partner, vals["company_id"])
            self._normalize_contact(vals, partner)
            vals.setdefault("email", partner.email_normalized)
            vals.setdefault("phone", partner.phone_sanitized or False)
            vals["token"] = self._new_token()
            # Nothing is paid or sent yet: spares the ORM to compute it.
            vals.update(amount_paid=0.0, amount_refunded=0.0, last_payment_at=False)
            vals.setdefault("first_sent_at", vals.get("sent_at", False))
            self._complete_terms(vals, now, document)
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
            if why := self._get_nothing_to_ask(document):
                raise ValidationError(why)
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

    def _get_nothing_to_ask(self, document):
        """Return why no link can be made for a document, for the clerk; empty if one can."""
        if document._name == "account.move":
            return document._get_nothing_to_collect()
        if document.state == "cancel":
            return self.env._("%s is cancelled: there is nothing to pay.", document.name)
        return ""

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

    def _check_not_archived(self, vals_list):
        """Whoever is no customer any more is asked for nothing new; invoices are still owed."""
        ids = {vals.get("partner_id") for vals in vals_list if vals.get("purpose") == "custom"}
        for partner in self.env["res.partner"].sudo().browse(filter(None, ids)):
            if not partner.active:
                raise ValidationError(
                    self.env._(
                        "%s is archived. Unarchive the customer first, or choose another one.",
                        partner.display_name,
                    )
                )

    def _check_partner_company(self, partner, company_id):
        """A branch's customers are its own and those of the companies above it, as Odoo has it
        (``check_company_domain_parent_of``)."""
        company = self.env["res.company"].sudo().browse(company_id)
        if partner.company_id and partner.company_id not in company.parent_ids:
            raise ValidationError(
                self.env._(
                    "%(partner)s is a customer of %(company)s only.",
                    partner=partner.name,
                    company=partner.company_id.name,
                )
            )

    def _complete_terms(self, vals, now, document):
        """Fill in what is asked for, and for how long.

        :param document: a record as superuser; None for a custom amount
        """
        if "amount" in vals:
            vals["amount_fixed"] = self._check_given_amount(vals.pop("amount"))
        agreed = vals.get("amount_fixed") or vals["purpose"] != "invoice"
        vals.setdefault("amount_policy", "fixed" if agreed else "balance")
        if "expires_at" not in vals:
            company = self.env["res.company"].sudo().browse(vals["company_id"])
            is_invoice = document is not None and vals["purpose"] == "invoice"
            due = document.invoice_date_due if is_invoice else None
            vals["expires_at"] = company._paylinks_default_expiry(now, due)
        elif vals["expires_at"] and not self.env.su:
            self._check_expiry_is_ahead(fields.Datetime.to_datetime(vals["expires_at"]))

    @api.model
    def _check_given_amount(self, given):
        """Return an amount that a person or program gave; letters get a sentence.

        :rtype: float
        """
        try:
            amount = float(given or 0.0)
        except (TypeError, ValueError):
            amount = math.nan
        if not math.isfinite(amount):
            raise ValidationError(
                self.env._("“%s” is not an amount. Enter a number, such as 120.50.", given)
            )
        return amount

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
