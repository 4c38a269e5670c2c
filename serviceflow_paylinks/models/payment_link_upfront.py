from odoo import api, fields, models


class PaymentLink(models.Model):
    """A deposit: the link asks for what the order asks for, and for the signature first."""

    _inherit = "payment.link"

    deposit_follows = fields.Boolean(
        "Follows the Order",
        readonly=True,
        copy=False,
        groups="serviceflow_paylinks.group_payments_view",
        help="Asks for whatever the order's deposit is when the customer clicks.",
    )

    # -- how much --

    def _complete_terms(self, vals, now, document):
        """A deposit without an amount of its own follows the order's."""
        if vals["purpose"] == "deposit" and "amount" not in vals and document is not None:
            vals["deposit_follows"] = True
            vals["amount"] = document._get_deposit_due()
        return super()._complete_terms(vals, now, document)

    @api.depends(
        "deposit_follows",
        "sale_order_id.state",
        "sale_order_id.require_payment",
        "sale_order_id.prepayment_percent",
        "sale_order_id.prepayment_type",
        "sale_order_id.prepayment_amount",
        "sale_order_id.transaction_ids.state",
    )
    def _compute_amount(self):
        return super()._compute_amount()

    def _get_agreed_left(self, document_in_flight, own_in_flight):
        if not self.deposit_follows:
            return super()._get_agreed_left(document_in_flight, own_in_flight)
        return self.sale_order_id._get_deposit_due() - document_in_flight

    # -- the signature comes first --

    def _needs_signature(self):
        """Whether the customer has to sign the quotation before paying."""
        self.ensure_one()
        return self.purpose == "deposit" and self.sudo().sale_order_id._has_to_be_signed()

    def _get_signing_address(self):
        """Return where the customer signs before paying; empty where nothing is to be signed.

        It is the order's own page in the portal, with its key: for the click of whoever holds this
        link, which is for this very order, and for nothing that is only looked at.
        """
        self.ensure_one()
        if not self._needs_signature() or not self._is_payable():
            return ""
        return self.sudo().sale_order_id.get_portal_url()

    def _is_payable(self):
        """Not an offer whose time is over: the business may no longer keep to it."""
        return super()._is_payable() and not (
            self.purpose == "deposit" and self.sudo().sale_order_id.is_expired
        )

    def _is_usable(self, attempt):
        return super()._is_usable(attempt) and not self._needs_signature()

    def _reserve_attempt(self, amount=None, tip=None):
        """No attempt without the signature, whoever asks for one: the page leads to it."""
        self._lock_rows()
        if self._needs_signature():
            nothing = self.env["payment.transaction"].sudo()
            return nothing, nothing
        return super()._reserve_attempt(amount, tip)

    # -- what the page says --

    def _get_page_values(self, *args, **kwargs):
        values = super()._get_page_values(*args, **kwargs)
        values["to_sign"] = values["state"] == "payable" and self._needs_signature()
        if values["to_sign"]:
            values["pay_label"] = self.env._("Sign and pay %s", self._format_money(self.amount))
        return values

    def _describe_due(self):
        """Of a deposit: what it is a part of, and what remains."""
        if self.purpose != "deposit":
            return super()._describe_due()
        order = self.sale_order_id
        rest = order._paylinks_amount_due() - self.amount
        values = {
            "total": self._format_money(order.amount_total),
            "rest": self._format_money(rest),
        }
        if self.currency_id.compare_amounts(rest, 0) <= 0:
            return self.env._("The order comes to %(total)s; nothing remains afterwards.", **values)
        return self.env._("The order comes to %(total)s; %(rest)s remains afterwards.", **values)

    def _get_page_state(self):
        """An order that no longer asks for a deposit was not settled another way."""
        state = super()._get_page_state()
        order = self.sudo().sale_order_id
        if state == "settled" and self.deposit_follows and not order._paylinks_get_paid():
            return "unavailable"
        return state

    def _get_receipt_total(self, paid):
        rows = super()._get_receipt_total(paid)
        order = self.sudo().sale_order_id
        if self.purpose != "deposit" or order.state == "cancel":
            return rows
        rest = order._paylinks_amount_due()
        if self.currency_id.compare_amounts(rest, 0) > 0:
            label = self.env._("Left to pay on %s", order.name)
            rows.append((label, self._format_money(rest)))
        return rows

    # -- sending --

    def _note_sent_with_order(self, message, recipients=None):
        """The quotation's email, which Odoo sends, carries the link.

        :param message: the ``mail.message`` of the email
        :param recipients: contacts, where they are not the message's own
        """
        people = recipients or message.partner_ids
        row = self.env["payment.link.message"]._ask(
            [
                {
                    "link": self,
                    "channel": "email",
                    "key": f"order:{message.id}",
                    "mail_message_id": message.id,
                    "address": ", ".join(filter(None, people.mapped("email"))),
                }
            ]
        )
        row._set_state("handed")
        self._log_history(self.env._("Sent with the quotation, by email."))
