from odoo import models
from odoo.tools import SQL


class PaymentProvider(models.Model):
    """The line that ties the provider to its journal is there before a payment is booked.

    Odoo makes it when the journal is first read (``_compute_journal_id`` of ``account_payment``).
    The first two payments at the same instant would each make one, and with two lines no payment
    could be booked any more.
    """

    _inherit = "payment.provider"

    def _paylinks_settle_journal(self):
        """Have the line made once: who comes meanwhile waits, and is run again by Odoo."""
        self.ensure_one()
        lines = self.env["account.payment.method.line"]
        if lines.search_count([("payment_provider_id", "=", self.id)], limit=1):
            return
        self.env.cr.execute(
            SQL("UPDATE payment_provider SET write_date = write_date WHERE id = %s", self.id),
            log_exceptions=False,
        )
        self.invalidate_recordset(["journal_id"])
        self.journal_id  # noqa: B018  pylint: disable=pointless-statement
        self.env.flush_all()


class PaymentTransaction(models.Model):
    _inherit = "payment.transaction"

    def _create_payment(self, **extra_create_values):
        """Override of ``account_payment``: the provider's journal is settled first. A branch's
        money is booked in the branch: its customers and its invoices may be nobody else's."""
        if self.payment_link_id or self.source_transaction_id.payment_link_id:
            self.provider_id.sudo()._paylinks_settle_journal()
            extra_create_values.setdefault("company_id", self._get_books_company().id)
        return super()._create_payment(**extra_create_values)
