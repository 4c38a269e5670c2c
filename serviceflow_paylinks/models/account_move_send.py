import logging

from odoo import api, models
from odoo.exceptions import ConcurrencyError
from psycopg2 import OperationalError

from .own_context import get_handed_down, hand_down

_logger = logging.getLogger(__name__)


class AccountMoveSend(models.AbstractModel):
    """Odoo's own Send carries the payment link: for one invoice, for several, and scheduled."""

    _inherit = "account.move.send"

    @api.model
    def _generate_invoice_documents(self, invoices_data, allow_fallback_pdf=False):
        """Override of ``account``: the links are made before the PDF, which shows their QR code."""
        emailed = [
            move
            for move, data in invoices_data.items()
            if "email" in (data.get("sending_methods") or ())
            and self._is_applicable_to_move("email", move, **data)
        ]
        self.env["account.move"].union(*emailed)._paylinks_links_to_send()
        return super()._generate_invoice_documents(
            invoices_data, allow_fallback_pdf=allow_fallback_pdf
        )

    @api.model
    def _send_mails(self, moves_data):
        moves = self.env["account.move"].union(*moves_data)
        links = moves._paylinks_links_to_send()
        by_move = {link.invoice_id.id: link.id for link in links}
        sender = hand_down(self, paylinks_sent_links=by_move)
        return super(AccountMoveSend, sender)._send_mails(moves_data)

    @api.model
    def _send_mail(self, move, mail_template, **kwargs):
        link_id = get_handed_down(self, "paylinks_sent_links", {}).get(move.id)
        return super()._send_mail(
            hand_down(move, paylinks_sent_link=link_id), mail_template, **kwargs
        )


class AccountMove(models.Model):
    _inherit = "account.move"

    def _paylinks_links_to_send(self):
        """Return the links that go out with the invoices: existing or new ones; none where Stripe
        is not connected or the invoice cannot be paid online. Sending never fails by them."""
        result = self.env["payment.link"].sudo()
        provider = self.env["payment.provider"].sudo()
        for company, moves in self.grouped("company_id").items():
            if not provider._paylinks_of_company(company).stripe_secret_key:
                continue
            try:
                with self.env.cr.savepoint():
                    result |= moves.sudo()._paylinks_generate_where_possible()[0]
            except Exception:
                _logger.exception("Invoices are sent without payment links.")
        return result.filtered(lambda link: link._is_payable())

    def _notify_get_recipients_groups(self, message, model_description, msg_vals=False):
        """Override of ``account``: the customer's button pays."""
        groups = super()._notify_get_recipients_groups(
            message, model_description, msg_vals=msg_vals
        )
        link = self._paylinks_sent_link()
        for group in groups if link else ():
            if group[0] in ("portal_customer", "additional_intended_recipient"):
                group[2].update(
                    has_button_access=True,
                    button_access={"url": link.url, "title": self.env._("Pay online")},
                )
        return groups

    def _message_post_after_hook(self, message, msg_vals):
        result = super()._message_post_after_hook(message, msg_vals)
        if link := self._paylinks_sent_link():
            try:
                with self.env.cr.savepoint():
                    link._note_sent_with_invoice(message)
            except (OperationalError, ConcurrencyError):
                raise  # Nothing is sent yet: Odoo runs all of it again.
            except Exception:
                _logger.exception("Link %s does not know that it was sent.", link.id)
        return result

    def _paylinks_sent_link(self):
        link_id = get_handed_down(self, "paylinks_sent_link")
        links = self.env["payment.link"].sudo().browse(link_id or [])
        return links.filtered(lambda link: link.invoice_id == self)
