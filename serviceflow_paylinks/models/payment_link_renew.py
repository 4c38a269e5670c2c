from datetime import timedelta

from odoo import api, fields, models
from odoo.fields import Domain

# How long a customer waits before asking for another new link.
RENEW_EVERY = timedelta(minutes=15)
# So many are sent in a day for a document, and to a contact: anybody with the address may ask.
RENEW_DAILY = 3
# What has become of a message that did not reach anybody.
LOST = ("failed", "bounced", "cancelled")


class PaymentLink(models.Model):
    """The customer of an expired link asks for a new one: it goes to the contact on file."""

    _inherit = "payment.link"

    renewal_id = fields.Many2one(
        "payment.link",
        "Renewed By",
        readonly=True,
        copy=False,
        ondelete="set null",
        groups="serviceflow_paylinks.group_payments_view",
        help="The link that was sent when the customer asked for a new one.",
    )
    renewed_at = fields.Datetime(
        "New Link Requested",
        readonly=True,
        copy=False,
        groups="serviceflow_paylinks.group_payments_view",
    )

    @api.private
    def renew(self):
        """Send a link like this expired one to the contact on file, if there is still a reason to.

        Does nothing where the page offers no new link, sent one a moment ago, or enough of them
        today: the page that follows says how it stands.
        """
        self.ensure_one()
        link = self._with_staff_language()
        link._lock_rows()
        if not link._is_renewable() or link._is_renewed_lately() or link._is_renewed_enough():
            return
        link._note_asked()
        renewal = link._find_renewal() or link._create_renewal()
        link.renewal_id = renewal
        renewal.write(renewal._get_contact_on_file())
        channel = "email" if renewal.email else "sms"
        renewal._ask_to_send(channel, renewal=True)
        renewal.send_waiting = channel
        link._log_history(
            self.env._("The customer asked for a new link: %s is being sent.", renewal.name)
        )
        renewal._log_history(
            self.env._("Sent because the customer of %s, which has expired, asked.", link.name)
        )
        self.env.ref("serviceflow_paylinks.cron_send_links").sudo()._trigger()

    def _with_staff_language(self):
        """Act as OdooBot, in the language of the business: staff read what comes of it."""
        lang = self._get_active_lang(self.company_id.partner_id.lang) or self._get_any_lang()
        env = self.env(user=api.SUPERUSER_ID, su=True, context={"lang": lang})
        return self.with_env(env).with_company(self.company_id)

    def _is_renewable(self):
        """Whether the page offers to send a new link."""
        self.ensure_one()
        return self._get_page_state() == "expired" and self._can_reach_customer()

    def _can_reach_customer(self):
        return any((self._find_renewal() or self)._get_contact_on_file().values())

    def _get_contact_on_file(self):
        """Return where the customer is reached: the link's own addresses, else the contact's."""
        contact = {"email": self.email, "phone": self.phone}
        if not any(contact.values()):
            partner = self.partner_id
            contact = {"email": partner.email_normalized, "phone": partner.phone_sanitized}
        return contact

    def _note_asked(self):
        """Note that somebody asked, on each link that could be asked for as well: whoever waits for
        our lock to ask by another one of them is refused its row, runs again, and sees it."""
        now = fields.Datetime.now()
        over = ["|", ("state", "=", "expired"), ("expires_at", "<=", now)]
        self.search([*self._get_same_domain(), *over]).renewed_at = now

    def _is_renewed_lately(self):
        """Whether somebody asked within the last 15 minutes, on any link of this document."""
        return bool(self._find_renewed_lately())

    def _is_renewal_lost(self):
        """Whether what was asked for lately could not be sent, as far as Odoo knows by now."""
        sent = self._find_renewed_lately().renewal_id.message_row_ids
        return sent.filtered(lambda row: row.kind == "link")[:1].state in LOST

    def _find_renewed_lately(self):
        domain = [("renewed_at", ">", fields.Datetime.now() - RENEW_EVERY)]
        return self.sudo().search([*self._get_same_domain(), *domain])

    def _is_renewed_enough(self):
        """Whether enough new links were sent today, for this document or to this contact."""
        contact = (self._find_renewal() or self)._get_contact_on_file()
        to = Domain.OR(
            Domain(f"link_id.{name}", "=", address) for name, address in contact.items() if address
        )
        links = self.sudo().search(self._get_same_domain()) | self._get_latest_renewal()
        day = Domain("create_date", ">", fields.Datetime.now() - timedelta(days=1))
        rows = self.env["payment.link.message"].sudo()
        return any(
            rows.search_count(day & Domain("renewal", "=", True) & same, limit=RENEW_DAILY)
            >= RENEW_DAILY
            for same in (to, Domain("link_id", "in", links.ids))
        )

    def _get_same_domain(self):
        """Return the domain of the links of this document; without one, of this link."""
        document = self._get_document()
        if not document:
            return [("id", "=", self.id)]
        field = "sale_order_id" if self.purpose == "deposit" else "invoice_id"
        return [(field, "=", document.id)]

    def _get_latest_renewal(self):
        """Return the last link that was sent in place of this one; itself if there is none."""
        latest, seen = self, self
        while (follower := latest.renewal_id) and follower not in seen:
            latest, seen = follower, seen | follower
        return latest

    def _find_renewal(self):
        """Return the open link that serves in place of this one, or an empty record."""
        latest = self._get_latest_renewal()
        if latest != self and latest._is_payable():
            return latest
        domain = [("state", "=", "active"), ("id", "!=", self.id)]
        if self.purpose == "invoice" and self.amount_policy == "balance":
            domain += [("invoice_id", "=", self.invoice_id.id), ("amount_policy", "=", "balance")]
        elif self.purpose == "deposit":
            domain += [("sale_order_id", "=", self.sale_order_id.id), ("purpose", "=", "deposit")]
        else:
            return self.browse()
        return self.search(domain).filtered(lambda link: link._is_payable())[:1]

    def _create_renewal(self):
        """Return a new link like this one: for the same, as long as the company's links last."""
        # One whose time is over, but that the schedule has not met yet, would be in the way.
        self.invoice_id._expire_overdue_links()
        values = {
            "purpose": self.purpose,
            "amount_policy": self.amount_policy,
            "invoice_id": self.invoice_id.id,
            "sale_order_id": self.sale_order_id.id,
            "partner_id": self.partner_id.id,
            "company_id": self.company_id.id,
            "currency_id": self.currency_id.id,
            "description": self.description,
            **self._get_contact_on_file(),
            "user_id": self.user_id.id,
        }
        if self.amount_policy == "fixed" and not self.deposit_follows:
            values["amount"] = float(self._get_remainders()[self])
        return self.create(values)
