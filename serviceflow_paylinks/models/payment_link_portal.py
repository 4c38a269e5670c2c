from babel.dates import format_timedelta
from odoo import api, fields, models
from odoo.tools import format_date, format_datetime
from odoo.tools.misc import babel_locale_parse, get_lang

# All that a portal user may read of the own company's links, over RPC too: what the payer needs.
# Nothing of the staff's work, and nothing that somebody adds later without a thought for this.
PAYER_FIELDS = frozenset(
    "id display_name create_date name token url qr_code purpose invoice_id sale_order_id partner_id"
    " description currency_id company_id expires_at state paid_at amount amount_policy amount_fixed"
    " amount_paid amount_refunded".split()
)
SOON = 7  # days: an expiry that is nearer is said in words


class PaymentLink(models.Model):
    """The links in the customer's portal: which fields, which rows, which document's button."""

    _inherit = "payment.link"

    def _has_field_access(self, field, operation):
        if not super()._has_field_access(field, operation):
            return False
        return self.env.su or field.name in PAYER_FIELDS or not self.env.user._is_portal()

    def _mail_get_operation_for_mail_message_operation(self, message_operation):
        """Override of ``mail``: who may see a link may write on its history, the customer excepted,
        who sees it in the portal alone."""
        if message_operation == "create" and not self.env.user._is_internal():
            return dict.fromkeys(self, "write")
        return super()._mail_get_operation_for_mail_message_operation(message_operation)

    @api.model
    def _find_payable(self, field, documents):
        """Return the link through which each document can be paid now; one batch for any number.

        The link for whatever is still owed goes before agreed amounts, of which the newest counts.

        :param str field: ``invoice_id`` or ``sale_order_id``
        :return: {document id: link as superuser}
        """
        links = self.sudo().search([(field, "in", documents.ids), ("state", "=", "active")])
        payable = links.filtered(lambda link: link._is_payable())
        by_rank = payable.sorted(lambda link: (link.amount_policy == "balance", link.id))
        return {link[field].id: link for link in by_rank}

    # -- the list --

    def _get_portal_rows(self):
        """Return what the customer's list shows of these links, in queries that do not grow.

        :return: list of dicts of texts; ``state`` as in `_get_page_values`; ``document_url`` only
            where the user may open the document, ``pay_url`` only where there is something to pay
        """
        pending = self._sum_in_flight("payment_link_id", self, pending_only=True)
        documents = self._get_readable_documents()
        return [link._get_portal_row(pending.get(link.id, 0.0), documents) for link in self]

    def _get_readable_documents(self):
        """Return the links' invoices and orders that the user may see, as a set of records."""
        return {
            document
            for field in ("invoice_id", "sale_order_id")
            for document in self.sudo().mapped(field).with_env(self.env)._filtered_access("read")
        }

    def _get_portal_row(self, pending, documents):
        state = self.sudo()._get_page_state()
        document = self.sudo()._get_document().with_env(self.env)
        amounts = {"processing": pending, "paid": self.amount_paid, "settled": 0.0}
        amount = amounts.get(state, self.amount)
        return {
            "name": self.name,
            "state": state,
            "title": self._get_portal_title(),
            "description": self.description if document else "",
            "document_url": document.access_url if document in documents else "",
            "amount": self.currency_id.format(amount) if amount else "",
            "refunded": self.currency_id.format(self.amount_refunded)
            if self.amount_refunded
            else "",
            "created": format_date(self.env, self.create_date),
            "pay_url": self.url if state == "payable" else "",
            **self._get_portal_expiry(state),
        }

    def _get_portal_title(self):
        """Return what is paid, in the language of the person who looks at the list."""
        if self.purpose == "invoice":
            return self.env._("Invoice %s", self.sudo().invoice_id.name)
        if self.purpose == "deposit":
            return self.env._("Deposit on %s", self.sudo().sale_order_id.name)
        return self.description or self.env._("Payment to %s", self.company_id.sudo().name)

    def _get_portal_expiry(self, state):
        """Return when the link stops working, in words or as a date, and to the minute."""
        if state not in ("payable", "expired") or not self.expires_at:
            return {"expires": "", "expires_exactly": ""}
        left = self.expires_at - fields.Datetime.now()
        if state == "payable" and left.days < SOON:
            locale = babel_locale_parse(get_lang(self.env).code)
            words = format_timedelta(left, add_direction=True, locale=locale)
        else:
            words = format_date(self.env, self.expires_at)
        return {
            "expires": words,
            "expires_exactly": format_datetime(self.env, self.expires_at, dt_format="medium"),
        }
