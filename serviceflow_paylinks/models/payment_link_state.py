from odoo import fields, models
from odoo.exceptions import UserError

# Which changes of state there are. A cancelled link never comes back.
TRANSITIONS = {
    "active": {"processing", "paid", "settled", "expired", "cancelled"},
    "processing": {"active", "paid", "settled", "expired", "cancelled"},
    "expired": {"active", "processing", "paid", "settled", "cancelled"},
    "settled": {"active", "processing", "paid", "expired", "cancelled"},
    "paid": {"cancelled"},
    "cancelled": set(),
}


class PaymentLink(models.Model):
    """The link's life: one function changes the state, and says so on the link's history."""

    _inherit = "payment.link"

    state = fields.Selection(
        [
            ("active", "Active"),
            ("processing", "Processing"),
            ("paid", "Paid"),
            ("settled", "Settled otherwise"),
            ("expired", "Expired"),
            ("cancelled", "Deleted"),
        ],
        default="active",
        required=True,
        readonly=True,
        copy=False,
    )
    cancel_reason = fields.Selection(
        [
            ("deleted", "Deleted by staff"),
            ("document", "The document was cancelled"),
            ("replaced", "Replaced by another link"),
        ],
        readonly=True,
        copy=False,
        groups="serviceflow_paylinks.group_payments_view",
    )
    paid_at = fields.Datetime("Paid On", readonly=True, copy=False)

    def _set_state(self, state, why, **values):
        """Change the links' state, where that is a change there is, and note it on their history.

        The only place that writes ``state`` besides the batch statement of the expiry schedule.

        :param str why: who or what changed it, in words
        :param values: further fields to write along
        :return: the links that changed
        """
        changing = self.filtered(lambda link: state in TRANSITIONS[link.state])
        if not changing:
            return changing
        labels = dict(self._fields["state"]._description_selection(self.env))
        bodies = {
            link.id: self.env._(
                "%(before)s → %(after)s: %(why)s",
                before=labels[link.state],
                after=labels[state],
                why=why,
            )
            for link in changing
        }
        changing.sudo().write({"state": state, **values})
        changing.sudo()._message_log_batch(bodies)
        return changing

    def _refresh_state(self, why):
        """Bring the state in line with attempts and documents. Decides nothing, reads the facts."""
        links = self.filtered(lambda link: link.state not in ("paid", "cancelled")).sudo()
        others = links._find_other_open()
        for target, changing in links.grouped(lambda link: link._derive_state(others)).items():
            if target == "paid":
                changing._set_state("paid", why, paid_at=fields.Datetime.now())
            elif target in ("document", "replaced"):
                changing._cancel(target, why)
            else:
                changing.filtered(lambda link, t=target: link.state != t)._set_state(target, why)

    def _derive_state(self, others):
        """Return the state that follows from the facts; or the reason why it is to be cancelled.

        What is in flight elsewhere lowers the amount, but it is not paid: it decides nothing here.

        :param dict others: as `_find_other_open` tells
        """
        self.ensure_one()
        document = self._get_document()
        if document and (document.state == "cancel" or not self._still_fits(document)):
            return "document"
        if any(tx._is_on_its_way() for tx in self.transaction_ids):
            return self.state if self.state == "expired" else "processing"
        state = self._derive_state_from_amount()
        if state == "active" and self in others:
            return "replaced"
        return state

    def _still_fits(self, document):
        """Whether the document is still the one the link was made for: customer and currency."""
        return (
            document.currency_id == self.currency_id
            and document.company_id == self.company_id
            and document.partner_id.commercial_partner_id == self.partner_id.commercial_partner_id
        )

    def _find_other_open(self):
        """Return the other open balance link of the invoice, for links that are closed.

        :return: {closed link: id of the open one}
        """
        closed = self.filtered(
            lambda link: link.amount_policy == "balance" and link.state in ("expired", "settled")
        )
        found = closed.invoice_id._get_open_balance_links() if closed.invoice_id else {}
        return {link: found[link.invoice_id.id] for link in closed if link.invoice_id.id in found}

    def _derive_state_from_amount(self):
        if self._get_owed() <= 0 and not self._is_document_on_hold():
            if self.state == "settled":
                return "settled"
            return "paid" if self.amount_paid else "settled"
        return "expired" if self._is_past_expiry() else "active"

    def _get_document(self):
        """Return the invoice or order that the link is for; an empty record for a custom amount."""
        self.ensure_one()
        return self.sale_order_id if self.purpose == "deposit" else self.invoice_id

    def _is_document_on_hold(self):
        """An invoice that is being corrected asks for nothing, but it is not paid either."""
        return self.purpose == "invoice" and self.sudo().invoice_id.state == "draft"

    def _is_past_expiry(self):
        return bool(self.expires_at and self.expires_at <= fields.Datetime.now())

    def _is_payable(self):
        """Whether a click on Pay may open a checkout now."""
        self.ensure_one()
        return (
            (self.state == "active" or self._waits_for_parts())
            and not self._is_past_expiry()
            and self._chargeable(self.amount) > 0
            and self._chargeable(self.amount) >= self._get_minimum()
        )

    def _waits_for_parts(self):
        """Whether what is on its way through the link are parts, chosen as such: the rest may be
        paid meanwhile."""
        if self.state != "processing":
            return False
        waiting = self.sudo().transaction_ids.filtered(lambda tx: tx._is_on_its_way())
        return all((tx.checkout_request or {}).get("part") for tx in waiting)

    # -- deleting --

    def cancel(self):
        """Delete the links for the customer: their addresses answer 404 from now on.

        What was paid stays, the history stays, and an open payment page is closed by the schedule.
        For managers.

        :raise AccessError: the user may not manage payment links
        :raise UserError: a paid link has nothing to stop
        """
        self._check_may_manage()
        if self.filtered(lambda link: link.state == "paid"):
            raise UserError(
                self.env._("A paid link cannot be deleted: it is the record of a payment.")
            )
        self._cancel("deleted", self.env._("deleted by %s", self.env.user.name))
        return True

    def _cancel(self, reason, why):
        cancelled = self._set_state("cancelled", why, cancel_reason=reason)
        cancelled._close_checkouts_soon()

    def _close_checkouts_soon(self):
        """Mark open checkouts for closing. The processor is called by the schedule, not here."""
        self.sudo().transaction_ids.filtered("checkout_open")._close_soon()

    def _close_stale_checkouts(self):
        """Mark the open checkouts that ask for something else than is owed now."""
        attempts = self.sudo().transaction_ids.filtered("checkout_open")
        stale = attempts.filtered(lambda attempt: attempt._is_stale())
        stale._close_soon()

    # -- expiry --

    def _expiry_changed(self, before):
        """Note the change; reopen a link whose expiry now lies ahead, close one whose lies past.

        :param dict before: {link: the expiry before}
        """
        bodies = {
            link.id: self.env._(
                "Expiry changed from %(before)s to %(after)s.",
                before=link._format_expiry(before[link]),
                after=link._format_expiry(link.expires_at),
            )
            for link in self
            if link.expires_at != before[link]
        }
        self.browse(bodies).sudo()._message_log_batch(bodies)
        editable = self.filtered(lambda link: link.state in ("active", "expired"))
        editable.filtered(lambda link: not link._is_past_expiry())._check_reopening()
        editable._refresh_state(self.env._("the expiry was edited by %s", self.env.user.name))
        self.filtered(lambda link: link.state == "expired")._close_checkouts_soon()

    def _check_reopening(self):
        """An invoice has at most one open balance link: say which one is in the way."""
        expired = self.filtered(lambda link: link.state == "expired")
        for link, other_id in expired._find_other_open().items():
            raise UserError(
                self.env._(
                    "%(invoice)s has the open link %(link)s already: send that one, or delete"
                    " it first.",
                    invoice=link.sudo().invoice_id.name,
                    link=self.browse(other_id).sudo().name,
                )
            )

    def _format_expiry(self, moment):
        if not moment:
            return self.env._("never")
        return fields.Datetime.to_string(moment) + " UTC"
