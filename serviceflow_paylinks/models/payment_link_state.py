from odoo import api, fields, models
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
        links = self.filtered(lambda link: link.state not in ("paid", "cancelled"))
        remainders = links._get_remainders()
        for link in links:
            target = link._derive_state(remainders[link])
            if target == link.state:
                continue
            if target == "paid":
                link._set_state("paid", why, paid_at=fields.Datetime.now())
            elif target == "cancelled":
                link._cancel("document", why)
            else:
                link._set_state(target, why)

    def _derive_state(self, remainder):
        """Return the state that follows from the facts.

        :param Decimal remainder: what the link may still ask for
        """
        self.ensure_one()
        document = self.sudo()._get_document()
        if document and document.state == "cancel":
            return "cancelled"
        if any(tx.state == "pending" for tx in self.sudo().transaction_ids):
            return self.state if self.state == "expired" else "processing"
        if remainder <= 0 and not self._is_document_on_hold():
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
            self.state == "active"
            and not self._is_past_expiry()
            and self._chargeable(self.amount) > 0
            and self._chargeable(self.amount) >= self._get_minimum()
        )

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
        attempts = self.sudo().transaction_ids.filtered("checkout_open")
        if attempts:
            attempts.checkout_close = True
            self._trigger_sync()

    def _close_stale_checkouts(self):
        """Mark the open checkouts that ask for something else than is owed now."""
        remainders = self._get_remainders()
        stale = self.env["payment.transaction"].sudo()
        for link in self.sudo():
            for attempt in link.transaction_ids.filtered("checkout_open"):
                if not link._is_payable() or not link._fits(attempt, remainders[link]):
                    stale |= attempt
        if stale:
            stale.checkout_close = True
            self._trigger_sync()

    @api.model
    def _trigger_sync(self):
        self.env.ref("serviceflow_paylinks.cron_sync_checkouts").sudo()._trigger()

    # -- expiry --

    def _expiry_changed(self, before):
        """Note the change; reopen a link whose expiry now lies ahead, close one whose lies past.

        :param dict before: {link: the expiry before}
        """
        for link in self:
            if link.expires_at == before[link]:
                continue
            link._log_history(
                self.env._(
                    "Expiry changed from %(before)s to %(after)s.",
                    before=link._format_expiry(before[link]),
                    after=link._format_expiry(link.expires_at),
                )
            )
        editable = self.filtered(lambda link: link.state in ("active", "expired"))
        editable.filtered(lambda link: not link._is_past_expiry())._check_reopening()
        editable._refresh_state(self.env._("the expiry was edited by %s", self.env.user.name))
        self.filtered(lambda link: link.state == "expired")._close_checkouts_soon()

    def _check_reopening(self):
        """An invoice has at most one open balance link: say which one is in the way."""
        for link in self.filtered(lambda link: link.state == "expired" and link.invoice_id):
            other_id = link.invoice_id._get_open_balance_links().get(link.invoice_id.id)
            if link.amount_policy == "balance" and other_id:
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
