from odoo import api, fields, models


class PaymentLinkReminderPreview(models.TransientModel):
    """One reminder of tomorrow."""

    _name = "payment.link.reminder.preview"
    _description = "Payment Link Reminder Preview"

    rule_id = fields.Many2one("payment.link.reminder.rule", "Reminder", readonly=True)
    link_id = fields.Many2one("payment.link", "Payment Link", readonly=True)
    partner_id = fields.Many2one(related="link_id.partner_id", related_sudo=False)
    invoice_id = fields.Many2one(related="link_id.invoice_id", related_sudo=False)
    currency_id = fields.Many2one(related="link_id.currency_id", related_sudo=False)
    amount = fields.Monetary(related="link_id.amount", related_sudo=False, string="To Pay")
    channel = fields.Selection([("email", "Email"), ("sms", "SMS")], "By", readonly=True)
    address = fields.Char("To", readonly=True)
    outcome = fields.Selection(
        [("sent", "Goes out"), ("skipped", "Does not go out")], readonly=True
    )
    reason = fields.Char("Why Not", readonly=True)

    @api.model
    def _open(self, start, end):
        self.check_access("read")
        lines = self.sudo().create(  # Nobody else makes any.
            [
                {
                    "rule_id": rule.id,
                    "link_id": link.id,
                    "channel": channel,
                    "address": link._get_address(channel),
                    "outcome": "skipped" if why else "sent",
                    "reason": why,
                }
                for company in self.env.companies
                for rule, link, channel, why in self.env["payment.link.reminder.rule"]._plan(
                    company, start, end
                )
            ]
        )
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Reminders of Tomorrow"),
            "res_model": self._name,
            "view_mode": "list",
            "domain": [("id", "in", lines.ids)],
            "context": {"create": False},
            "help": self.env._("No reminder is due tomorrow."),
        }
