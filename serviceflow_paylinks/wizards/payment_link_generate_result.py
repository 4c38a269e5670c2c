from odoo import api, fields, models
from odoo.exceptions import UserError

from ..models.locking import lock_rows


class PaymentLinkGenerate(models.TransientModel):
    """Making what was asked for, and showing what became of it."""

    _inherit = "payment.link.generate"

    link_id = fields.Many2one("payment.link", readonly=True)
    notice = fields.Text(readonly=True)
    line_ids = fields.One2many("payment.link.generate.line", "wizard_id", readonly=True)

    def action_generate(self):
        """Make the links, send them if asked to, and show them.

        :raise UserError: what is missing or wrong, in the clerk's words
        """
        self.ensure_one()
        lock_rows(self)
        if self.step in ("link", "lines"):
            return self._show(self.env._("Payment Link"))  # A second press of the same button.
        if self.purpose == "invoice":
            self._check_customer()
        if self.purpose == "invoice" and len(self.invoice_ids) != 1:
            return self._generate_several()
        self._check_contact()
        link, existed = self._generate_custom() if self.purpose == "custom" else self._get_link()
        return self._show_link(link, [*self._describe_found(existed), *self._send(link)])

    def _describe_found(self, existed):
        return [self.env._("This link existed already: here it is.")] if existed else []

    # -- one link --

    def _get_link(self):
        """Return the link for what is to be collected on the one invoice: the open one, or new.

        :return: (link, whether it existed)
        :raise UserError: the invoice or the amount cannot be collected, and why
        """
        invoice = self.invoice_ids
        if not invoice:
            raise UserError(self.env._("Choose an invoice."))
        if refused := invoice._get_paylinks_refusals():
            raise UserError("\n".join(refused.values()))
        self._check_balance(invoice)
        part = self._get_part(invoice)
        if self._is_reusable(self.link_id, part):
            self._update_existing(self.link_id)
            return self.link_id, False
        if part:
            return self._generate_part(invoice, part), False
        before = invoice._get_open_balance_links()
        links, _refused = invoice._generate_payment_links(**self._prepare_link_values())
        existed = links.id in before.values()
        if existed:
            self._update_existing(links)
        return links, existed

    def _is_reusable(self, link, part):
        """Whether the link of this dialog's earlier try serves again: no part is asked for twice.

        :param float part: what is asked for now; 0.0 for the whole balance
        """
        if link.sudo().state != "active" or link.invoice_id != self.invoice_ids:
            return False
        if not part:
            return link.amount_policy == "balance"
        return link.amount_policy == "fixed" and link.currency_id.is_zero(link.amount - part)

    def _check_balance(self, invoice):
        """What the clerk saw must still be so: somebody may have collected meanwhile."""
        name, balance = invoice.display_name, invoice._get_collectable()
        if invoice.currency_id.compare_amounts(balance, 0) <= 0:
            raise UserError(
                self.env._(
                    "A payment of %s is on its way: there is nothing left to ask for. Wait until"
                    " it has arrived.",
                    name,
                )
            )
        if invoice.currency_id.compare_amounts(balance, self.balance):
            raise UserError(
                self.env._(
                    "%(invoice)s owes %(balance)s by now: something was paid or changed since this"
                    " window was opened. Close it, look at the invoice, and start again.",
                    invoice=name,
                    balance=invoice.currency_id.format(balance),
                )
            )

    def _get_part(self, invoice):
        """Return the part of the balance that is asked for; 0.0 for all of it."""
        if self.amount_choice == "balance":
            return 0.0
        amount = self.instalment if self.amount_choice == "instalment" else self.amount
        compare = invoice.currency_id.compare_amounts
        if compare(amount, 0) <= 0:
            raise UserError(
                self.env._(
                    "Enter an amount greater than zero, up to %s.",
                    invoice.currency_id.format(self.balance),
                )
            )
        if compare(amount, self.balance) > 0:
            raise UserError(
                self.env._(
                    "%(invoice)s owes %(balance)s. Enter that or less.",
                    invoice=invoice.name,
                    balance=invoice.currency_id.format(self.balance),
                )
            )
        return 0.0 if compare(amount, self.balance) == 0 else amount

    def _generate_part(self, invoice, amount):
        """Make a link for a part of one invoice."""
        self.env["payment.provider"]._paylinks_check_connected(invoice.company_id)
        instalment = self.amount_choice == "instalment"
        return self.env["payment.link"].create(
            {
                "purpose": "invoice",
                "invoice_id": invoice.id,
                "amount_policy": "fixed",
                "amount": amount,
                "description": instalment and invoice._describe_instalment(),
                **self._prepare_link_values(),
            }
        )

    def _generate_custom(self):
        if not self.partner_id:
            raise UserError(self.env._("Choose the customer who is to pay."))
        self.env["payment.provider"]._paylinks_check_connected(self.env.company)
        link = self.env["payment.link"].create(
            {
                "purpose": "custom",
                "partner_id": self.partner_id.id,
                "description": self.description,
                "amount": self.amount,
                "currency_id": self.currency_id.id,
                **self._prepare_link_values(),
            }
        )
        return link, False

    def _update_existing(self, link):
        """The open link takes what the clerk decided now."""
        values = self._prepare_link_values()
        values = {name: value for name, value in values.items() if value != link[name]}
        if values:
            link.write(values)

    def _send(self, link):
        """Send the one link as asked; return what was done, in words."""
        done = []
        if self.send_email:
            link.send_by_email()
            done.append(self.env._("On its way by email to %s.", link.email))
        if self.send_sms:
            link.send_by_sms()
            done.append(self.env._("On its way by SMS to %s.", link.phone))
            done += filter(None, [link._say_quiet()])
        return done

    def _show_link(self, link, notices):
        self.write({"step": "link", "link_id": link.id, "notice": "\n".join(notices)})
        return self._show(self.env._("Payment Link"))

    def _show(self, title):
        """Return the action that shows this dialog as it stands."""
        return {
            "type": "ir.actions.act_window",
            "name": title,
            "res_model": self._name,
            "res_id": self.id,
            "view_mode": "form",
            "views": [(False, "form")],
            "target": "new",
            "context": {"dialog_size": "large" if self.step == "lines" else "medium"},
        }

    def action_open_link(self):
        """Open the link's own form."""
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "res_model": "payment.link",
            "res_id": self.link_id.id,
            "views": [(False, "form")],
        }

    # -- several links --

    def _generate_several(self):
        """Make or find the link of each invoice, and say what became of each."""
        if not self.invoice_ids:
            raise UserError(self.env._("Choose at least one invoice."))
        before = set(self.invoice_ids._get_open_balance_links().values())
        links, refused = self.invoice_ids._generate_payment_links(**self._prepare_expiry())
        if not links:
            sentences = list(refused.values())
            raise UserError(self.env["account.move"]._join_sentences(sentences))
        self._send_soon(links)
        out = {
            channel: links._get_blacklisted(channel) if wanted else ()
            for channel, wanted in (("email", self.send_email), ("sms", self.send_sms))
        }
        lines = self.env["payment.link.generate.line"].sudo()  # Nobody else makes any.
        lines.create(
            [
                *[self._prepare_link_line(link, link.id in before, out) for link in links],
                *[self._prepare_refused_line(move, why) for move, why in refused.items()],
            ]
        )
        made = len(links.filtered(lambda link: link.id not in before))
        notice = [self.env._("%s made", made)] if made else []
        if made < len(links):
            notice.append(self.env._("%s existed already", len(links) - made))
        if refused:
            notice.append(self.env._("%s could not be made", len(refused)))
        self.write({"step": "lines", "notice": " · ".join(notice)})
        return self._show(self.env._("Payment Links"))

    def _send_soon(self, links):
        """Let the schedule send them: there may be thousands."""
        send = {
            (True, True): "both",
            (True, False): "email",
            (False, True): "sms",
        }.get((self.send_email, self.send_sms))
        if send:
            links.sudo().send_waiting = send
            self.env.ref("serviceflow_paylinks.cron_send_links").sudo()._trigger()

    def _prepare_link_line(self, link, existed, out):
        return {
            "wizard_id": self.id,
            "invoice_id": link.invoice_id.id,
            "link_id": link.id,
            "result": "existed" if existed else "made",
            "note": self._describe_sending(link, out),
        }

    def _describe_sending(self, link, out):
        """Return whom it goes to, or why it does not; empty where it was not to be sent.

        :param dict out: by channel, the addresses on the blacklist
        """
        parts = []
        if self.send_email and link._get_address("email") in out["email"]:
            parts.append(self.env._("wants no emails, not sent by email"))
        elif self.send_email:
            parts.append(link.email or self.env._("no email address, not sent by email"))
        if self.send_sms and link._get_address("sms") in out["sms"]:
            parts.append(self.env._("wants no text messages, not sent by SMS"))
        elif self.send_sms:
            parts.append(link.phone or self.env._("no phone number, not sent by SMS"))
        return ", ".join(parts)

    def _prepare_refused_line(self, move, why):
        return {"wizard_id": self.id, "invoice_id": move.id, "result": "refused", "note": why}


class PaymentLinkGenerateLine(models.TransientModel):
    """What became of one invoice, where links were made for several."""

    _name = "payment.link.generate.line"
    _description = "Generated Payment Link"

    wizard_id = fields.Many2one("payment.link.generate", required=True, ondelete="cascade")
    invoice_id = fields.Many2one("account.move", "Document", readonly=True)
    partner_id = fields.Many2one(
        related="invoice_id.partner_id", related_sudo=False, string="Customer"
    )
    link_id = fields.Many2one("payment.link", readonly=True)
    amount = fields.Monetary(compute="_compute_amount")
    currency_id = fields.Many2one(related="invoice_id.currency_id", related_sudo=False)
    result = fields.Selection(
        [("made", "Made"), ("existed", "Existed already"), ("refused", "Not made")], readonly=True
    )
    note = fields.Char(readonly=True)

    @api.depends("link_id", "invoice_id")
    def _compute_amount(self):
        for line in self:
            line.amount = line.link_id.amount or line.invoice_id.amount_residual
