import logging

from odoo import fields, models

from .own_context import hand_down
from .payment_link_owed import IN_FLIGHT

_logger = logging.getLogger(__name__)


class PaymentTransaction(models.Model):
    """One attempt to pay a link: one row, one Checkout Session.

    This file holds what an attempt is; ``payment_transaction_checkout.py`` what happens to it.
    """

    _inherit = "payment.transaction"

    payment_link_id = fields.Many2one("payment.link", readonly=True, ondelete="set null")
    checkout_ref = fields.Char("Checkout", readonly=True, copy=False)
    checkout_url = fields.Char(readonly=True, copy=False, groups="base.group_system")
    checkout_expires_at = fields.Datetime("Checkout Expires", readonly=True, copy=False)
    checkout_open = fields.Boolean(
        readonly=True, copy=False, help="The customer may still pay on the processor's page."
    )
    checkout_scope = fields.Char(
        readonly=True, copy=False, help="What may have one open attempt only: a document or a link."
    )
    checkout_key = fields.Char(readonly=True, copy=False, groups="base.group_system")
    checkout_request = fields.Json(readonly=True, copy=False, groups="base.group_system")
    checkout_close = fields.Boolean(
        readonly=True, copy=False, help="No longer payable: to be closed at the processor."
    )
    checkout_paid_at = fields.Datetime(
        readonly=True,
        copy=False,
        help="When the customer confirmed the payment, says the processor.",
    )
    checkout_check_at = fields.Datetime(
        readonly=True, copy=False, help="When to ask the processor, should no messenger come."
    )
    checkout_problem = fields.Char(
        readonly=True, copy=False, help="Which kind of problem the last try met, in one word."
    )
    checkout_check_count = fields.Integer(readonly=True, copy=False)

    # The guard behind the row locks: two clicks, tabs or links never open two checkouts.
    _checkout_scope_open_unique = models.UniqueIndex(
        "(checkout_scope) WHERE checkout_open", "A payment page is open for this already."
    )
    _checkout_key_unique = models.UniqueIndex("(checkout_key) WHERE checkout_key IS NOT NULL")
    _checkout_ref_idx = models.Index("(checkout_ref) WHERE checkout_ref IS NOT NULL")
    _payment_link_idx = models.Index("(payment_link_id) WHERE payment_link_id IS NOT NULL")
    _checkout_check_idx = models.Index("(checkout_check_at) WHERE checkout_check_at IS NOT NULL")
    # What is on its way: the hub's figures take it off what is owed.
    _in_flight_idx = models.Index(f"(id) WHERE {IN_FLIGHT}")
    _attempt_provider_reference_idx = models.Index(
        "(provider_reference) WHERE payment_link_id IS NOT NULL"
    )

    _checkout_paid_idx = models.Index(
        "(provider_id, checkout_paid_at) WHERE checkout_paid_at IS NOT NULL"
    )

    def _get_books_company(self):
        """Return the company whose documents are paid: of a branch, who is paid through the account
        of its parent, the branch."""
        link = self.payment_link_id or self.source_transaction_id.payment_link_id
        return link.sudo().company_id or self.company_id

    def _process(self, provider_code, payment_data):
        """Override of ``payment``: a link's attempt moves by its checkout's present state alone.

        Stock ``payment_stripe`` would take the word of an unsigned event, or of a payment id in the
        address of its return page.
        """
        tx = self or self._search_by_reference(provider_code, payment_data)
        if tx.payment_link_id or tx.refund_link_id:
            _logger.warning("Ignored data outside of the checkout for attempt %s.", tx.reference)
            return tx
        return super(PaymentTransaction, tx)._process(provider_code, payment_data)

    def _post_process(self):
        """Override of ``payment``: attempts of links are booked under their locks, once."""
        attempts = self.filtered("payment_link_id")
        result = super(PaymentTransaction, self - attempts)._post_process()
        for attempt in attempts:
            attempt = attempt._with_system_user()
            attempt._lock_checkout()
            if attempt.is_post_processed:
                continue
            why = self.env._("payment %s", attempt.reference)
            late = attempt._detach_if_late() if attempt.state == "done" else ""
            super(PaymentTransaction, hand_down(attempt, paylinks_why=why))._post_process()
            if attempt.state == "done":
                attempt._call_a_person_if_needed(late)
                attempt._forget_bounced()
            attempt.payment_link_id.sudo()._refresh_state(why)
        return result
