import logging

from odoo import fields, models
from odoo.exceptions import ConcurrencyError
from odoo.tools import SQL, format_date
from psycopg2 import OperationalError

from ..exceptions import ProcessorError

_logger = logging.getLogger(__name__)


class PaymentLink(models.Model):
    """What the customer's page shows, and what the customer's visits leave behind."""

    _inherit = "payment.link"

    def _get_page_values(self):
        """Return what the page shows: no more than the payer needs.

        :return: dict of texts; ``state`` is payable, processing, paid, settled, expired or
            unavailable
        """
        self.ensure_one()
        document = self._get_document()
        company = self.company_id
        due = self.invoice_id.invoice_date_due if self.purpose == "invoice" else False
        return {
            "lang": (self.env.lang or "en_US").split("_")[0],
            "state": self._get_page_state(),
            "title": self._get_title(),
            "description": self.description if document else "",
            "amount": self.currency_id.format(self.amount),
            "paid": self.currency_id.format(self.amount_paid),
            "due": format_date(self.env, due, date_format="long") if due else "",
            "company": company.name,
            "company_phone": company.phone or "",
            "company_email": company.email or "",
            "token": self.token,
            "problem": self._get_last_problem(),
            "test_mode": self.provider_id.state == "test",
        }

    def _get_page_state(self):
        if self.state in ("processing", "paid", "settled"):
            return self.state
        if self.state == "expired" or self._is_past_expiry():
            return "expired"
        return "payable" if self._is_payable() else "unavailable"

    def _get_last_problem(self):
        """Return why the last try failed, in the processor's words for the payer."""
        tries = self.transaction_ids.filtered(lambda tx: tx.checkout_ref and not tx.token_id)
        last = tries.sorted("id")[-1:]
        return (last.state in ("draft", "error") and last.state_message) or ""

    def _get_problem_for_payer(self, error):
        """Return why no page opened, for the customer; staff are told what to mend.

        :param ProcessorError error: what went wrong
        """
        if error.person not in ("unreachable", "busy", "unknown"):
            self._flag(
                self.env._("The customer could not pay"), self.provider_id._paylinks_explain(error)
            )
        return self.provider_id._paylinks_explain_to_payer(error)

    def _count_open(self):
        """Count one visit; one statement, and no wait for a click that holds the row."""
        self.env.flush_all()
        self.env.execute_query(
            SQL(
                """
                UPDATE payment_link
                   SET open_count = coalesce(open_count, 0) + 1,
                       opened_at = coalesce(opened_at, %s)
                 WHERE id = (SELECT id FROM payment_link WHERE id = %s
                                FOR NO KEY UPDATE SKIP LOCKED)
                RETURNING id
                """,
                fields.Datetime.now(),
                self.id,
            )
        )
        self.invalidate_recordset(["open_count", "opened_at"])

    def _welcome_back(self, checkout_ref):
        """The customer returns from the processor's page: ask how it went, if that is open yet.

        :param str checkout_ref: the checkout that the customer comes from; only an attempt of this
            very link is asked about
        """
        attempt = self.transaction_ids.filtered(
            lambda tx: tx.checkout_ref == checkout_ref and tx.state in ("draft", "pending")
        )
        try:
            if attempt:
                attempt._look_at_checkout()
        except (OperationalError, ConcurrencyError):
            raise  # Odoo runs the request again.
        except ProcessorError as error:
            attempt._postpone_check(error)  # The webhook or the schedule will tell.
        except Exception:
            # The customer has paid and must see our page; the schedule tries again.
            self.env.cr.rollback()
            _logger.exception("The return to link %s failed.", self.name)
