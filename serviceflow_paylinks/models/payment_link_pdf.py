import threading
import time

from odoo import models
from odoo.exceptions import UserError
from odoo.tools.lru import LRU

# Making a PDF takes a second of a processor: what was made lately is shown again, by each process
# for itself, and no more than so many are made at a time.
KEEP_SECONDS = 600
KEEP_COUNT = 16
PATIENCE = 10  # seconds

_kept = LRU(KEEP_COUNT)
_presses = threading.BoundedSemaphore(2)


class PaymentLink(models.Model):
    """The PDF of the link's document, and of no other."""

    _inherit = "payment.link"

    def _has_document_pdf(self):
        """Whether the customer may see the document, and Odoo can show it."""
        return self._may_show_document() and bool(
            self.env["ir.actions.report"].get_wkhtmltopdf_state() == "ok" or self._get_stored_pdf()
        )

    def _may_show_document(self):
        """Drafts and cancelled documents are nobody's but the business's."""
        document = self._get_document()
        wanted = ("posted",) if document._name == "account.move" else ("draft", "sent", "sale")
        return bool(document) and document.state in wanted

    def _get_stored_pdf(self):
        """Return the invoice as Odoo has sent it and keeps it, or an empty record."""
        return self.invoice_id.invoice_pdf_report_id if self.purpose == "invoice" else None

    def _get_document_pdf(self):
        """Return the document as a file: (name, type, bytes).

        :raise UserError: it cannot be made at the moment
        """
        self.ensure_one()
        if stored := self._get_stored_pdf():
            return self._name_document_pdf(), stored.mimetype, stored.raw
        key = self._get_pdf_key()
        made = _kept.get(key)
        if not made or made[0] < time.monotonic() - KEEP_SECONDS:
            made = (time.monotonic(), *self._make_pdf())
            _kept[key] = made
        _moment, kind, content = made
        # Odoo's own tests make HTML of reports.
        mimetype = "application/pdf" if kind == "pdf" else "text/html; charset=utf-8"
        return self._name_document_pdf(), mimetype, content

    def _get_pdf_key(self):
        """Return what changes whenever the document looks different."""
        document = self._get_document()
        owed = document._paylinks_amount_due()
        printed = (
            self.invoice_id._paylinks_get_printed_link() if self.purpose == "invoice" else None
        )
        return (
            self.env.cr.dbname,
            document._name,
            document.id,
            document.write_date,
            owed,
            printed._get_address_mark() if printed else "",
        )

    def _make_pdf(self):
        """Print the document: (kind, bytes)."""
        if not _presses.acquire(timeout=PATIENCE):
            raise UserError(self.env._("Too many documents are being made at the moment."))
        try:
            # A customer's look must not leave a file with the business's document.
            reports = self.env["ir.actions.report"].with_context(report_pdf_no_attachment=True)
            content, kind = (
                reports.sudo()
                .with_company(self.company_id)
                ._render_qweb_pdf(self._get_pdf_report(), self._get_document().ids)
            )
        finally:
            # Printing touches the document's rows: of a look nothing is to stay.
            self.env.cr.rollback()
            _presses.release()
        return kind, content

    def _get_pdf_report(self):
        """Return the report that the business uses for this customer's documents."""
        if self.purpose == "deposit":
            return "sale.action_report_saleorder"
        chosen = self.invoice_id.partner_id.invoice_template_pdf_report_id
        return chosen or "account.account_invoices"

    def _name_document_pdf(self):
        return f"{self._get_document().name.replace('/', '_')}.pdf"
