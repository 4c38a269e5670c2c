from odoo import Command, api, fields, models
from odoo.exceptions import UserError


class PaymentLinkGenerate(models.TransientModel):
    _name = "payment.link.generate"
    _description = "Generate Payment Links"

    purpose = fields.Selection(
        [("invoice", "Invoice"), ("custom", "Custom amount")], required=True, default="invoice"
    )
    invoice_ids = fields.Many2many(
        "account.move",
        string="Invoices",
        domain=[
            ("move_type", "=", "out_invoice"),
            ("state", "=", "posted"),
            ("payment_state", "in", ("not_paid", "partial")),
        ],
    )
    is_single = fields.Boolean(compute="_compute_is_single")
    partner_id = fields.Many2one("res.partner", "Customer")
    description = fields.Char()
    whole_balance = fields.Boolean(
        default=True, help="The link asks for whatever is owed when the customer opens it."
    )
    amount = fields.Monetary(compute="_compute_amount", store=True, readonly=False)
    currency_id = fields.Many2one("res.currency", compute="_compute_currency_id")
    expires_at = fields.Datetime("Expires", default=lambda self: self._default_expires_at())
    send = fields.Selection(
        [("email", "By email"), ("sms", "By SMS"), ("both", "By email and SMS")], "Send Now"
    )
    link_ids = fields.Many2many("payment.link", readonly=True)
    url = fields.Char(compute="_compute_url")
    summary = fields.Text(readonly=True)

    def _default_expires_at(self):
        return self.env.company._paylinks_default_expiry(fields.Datetime.now())

    @api.depends("invoice_ids")
    def _compute_is_single(self):
        for wizard in self:
            wizard.is_single = len(wizard.invoice_ids) == 1

    @api.depends("invoice_ids")
    def _compute_currency_id(self):
        for wizard in self:
            wizard.currency_id = wizard.invoice_ids[:1].currency_id or self.env.company.currency_id

    @api.depends("invoice_ids", "purpose")
    def _compute_amount(self):
        for wizard in self:
            if wizard.purpose == "invoice":
                wizard.amount = sum(wizard.invoice_ids[:1].mapped("amount_residual"))

    @api.depends("link_ids")
    def _compute_url(self):
        for wizard in self:
            wizard.url = wizard.link_ids.url if len(wizard.link_ids) == 1 else False

    def action_generate(self):
        """Make the links, send them if asked to, and show them."""
        self.ensure_one()
        if self.purpose == "custom":
            links, lines = self._generate_custom(), []
        elif self.is_single and not self.whole_balance:
            links, lines = self._generate_part(), []
        else:
            links, lines = self._generate_balances()
        if self.send and links:
            links.sudo().send_waiting = self.send
            self.env.ref("serviceflow_paylinks.cron_send_links").sudo()._trigger()
        self.write({"link_ids": [Command.set(links.ids)], "summary": "\n".join(lines)})
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Payment Link") if len(links) == 1 else self.env._("Payment Links"),
            "res_model": self._name,
            "res_id": self.id,
            "view_mode": "form",
            "target": "new",
        }

    def _generate_custom(self):
        self.env["payment.provider"]._paylinks_check_connected(self.env.company)
        return self.env["payment.link"].create(
            {
                "purpose": "custom",
                "partner_id": self.partner_id.id,
                "description": self.description,
                "amount": self.amount,
                "expires_at": self.expires_at,
            }
        )

    def _generate_part(self):
        """Make a link for a part of one invoice."""
        invoice = self.invoice_ids
        self.env["payment.provider"]._paylinks_check_connected(invoice.company_id)
        if refused := invoice._get_paylinks_refusals():
            raise UserError("\n".join(refused.values()))
        if invoice.currency_id.compare_amounts(self.amount, invoice.amount_residual) > 0:
            raise UserError(
                self.env._(
                    "%(invoice)s owes %(balance)s. Enter that or less.",
                    invoice=invoice.name,
                    balance=invoice.currency_id.format(invoice.amount_residual),
                )
            )
        return self.env["payment.link"].create(
            {
                "purpose": "invoice",
                "invoice_id": invoice.id,
                "amount_policy": "fixed",
                "amount": self.amount,
                "expires_at": self.expires_at,
            }
        )

    def _generate_balances(self):
        """Make or find the link of each invoice, and say what became of each."""
        if not self.invoice_ids:
            raise UserError(self.env._("Choose at least one invoice."))
        existed = len(self.invoice_ids._get_open_balance_links())
        links, refused = self.invoice_ids._generate_payment_links(expires_at=self.expires_at)
        if not links:
            raise UserError("\n".join(refused.values()))
        lines = []
        if len(self.invoice_ids) > 1:
            lines.append(self.env._("%s made.", len(links) - existed))
        if existed:
            lines.append(
                self.env._("The invoice had an open link already; it keeps its own expiry.")
                if len(self.invoice_ids) == 1
                else self.env._("%s existed already, each with its own expiry.", existed)
            )
        return links, [*lines, *refused.values()]
