import logging
from datetime import UTC

from odoo import models
from odoo.exceptions import ConcurrencyError
from odoo.tools import format_date
from psycopg2 import OperationalError

from .own_context import get_handed_down

_logger = logging.getLogger(__name__)


class PaymentTransaction(models.Model):
    """When money arrives, the link's creator is told and the customer gets a receipt."""

    _inherit = "payment.transaction"

    def _post_process(self):
        new = self.filtered(lambda tx: tx.payment_link_id and not tx.is_post_processed)
        result = super()._post_process()
        for attempt in new:
            if attempt.state == "done" and attempt.is_post_processed:
                attempt._ask_for_notices()
        return result

    def _ask_for_notices(self):
        """Put the notice and the receipt into the outbox: once for a payment, and never at the
        cost of its booking."""
        link = self.payment_link_id.sudo()
        wanted = []
        if link.company_id.paylinks_tell_paid:
            wanted.append({"kind": "notice", "channel": "inbox", "key": f"notice:{self.id}"})
        if link.company_id.paylinks_receipt == "odoo" and link.email:
            wanted.append({"kind": "receipt", "channel": "email", "key": f"receipt:{self.id}"})
        common = {"link": link, "transaction_id": self.id, "automatic": True}
        try:
            with self.env.cr.savepoint():
                rows = self.env["payment.link.message"]._ask(
                    [{**common, **request} for request in wanted]
                )
                if rows:
                    rows._wake_schedule()
        except (OperationalError, ConcurrencyError):
            raise  # Odoo runs the booking again.
        except Exception:
            _logger.exception("Nobody could be told of payment %s.", self.reference)


class PaymentLink(models.Model):
    _inherit = "payment.link"

    def _prepare_checkout_request(self, amount, tip, reference):
        """One receipt is enough: Stripe's or ours."""
        return {
            **super()._prepare_checkout_request(amount, tip, reference),
            "receipt": self.company_id.paylinks_receipt == "stripe",
        }

    def _prepare_charge_request(self, amount, reference, token):
        """As with a checkout: Stripe sends its receipt to an address that it is given."""
        request = super()._prepare_charge_request(amount, reference, token)
        if self.company_id.paylinks_receipt != "stripe":
            request["email"] = ""
        return request

    def _notify_creator_of_money(self, attempt):
        """Tell the link's creator of a payment: a notification, nothing to do.

        :param attempt: the ``payment.transaction``
        """
        user = self.user_id
        if not user.active or user.share or user.id == self.env.ref("base.user_root").id:
            return
        link = self.with_context(lang=user.lang)
        amount = attempt.currency_id.with_context(lang=user.lang).format(attempt.amount)
        link.message_notify(
            partner_ids=user.partner_id.ids,
            subject=link.env._(
                "%(customer)s paid %(amount)s", customer=self.partner_id.name, amount=amount
            ),
            body=link.env._(
                "%(customer)s paid %(amount)s for %(title)s through link %(link)s.",
                customer=self.partner_id.name,
                amount=amount,
                title=self._get_document().name or self.description or self.name,
                link=self.name,
            ),
            author_id=self.env.ref("base.partner_root").id,
        )

    def _get_receipt(self):
        """Return the payment that a receipt is for: the one in the context, else the latest.

        :return: dict of texts in the customer's language: ``amount``, ``date``, ``method``,
            ``reference``
        """
        self.ensure_one()
        paid = self.sudo().transaction_ids.filtered(lambda tx: tx.state == "done").sorted("id")
        shown = get_handed_down(self, "paylinks_transaction_id")
        wanted = paid.filtered(lambda tx: tx.id == shown)
        attempt = wanted or paid[-1:]
        moment = attempt.checkout_paid_at or attempt.last_state_change or self.paid_at
        local = moment and moment.replace(tzinfo=UTC).astimezone(self._get_zone()).date()
        return {
            "amount": self.currency_id.format(attempt.amount or self.amount_paid),
            "date": format_date(self.env, local, date_format="long") if local else "",
            "method": attempt.payment_method_id.name or "",
            "reference": attempt.reference or self.name,
        }
