from odoo import api, fields, models


class PaymentLinkSmsPreview(models.TransientModel):
    """The text message as the customer would get it, and what it counts as, before it is sent."""

    _name = "payment.link.sms.preview"
    _description = "Payment Link SMS Preview"

    link_id = fields.Many2one("payment.link", required=True, readonly=True, ondelete="cascade")
    number = fields.Char("To", compute="_compute_preview")
    body = fields.Text("Text", compute="_compute_preview")
    count = fields.Char("Length", compute="_compute_preview")
    problem = fields.Char(compute="_compute_preview")
    held = fields.Char(compute="_compute_preview")

    @api.depends("link_id")
    def _compute_preview(self):
        self.link_id.check_access("read")  # Over RPC any could be entered.
        for preview in self:
            values = preview.link_id._preview_sms()
            preview.number = values["number"]
            preview.body = values["body"]
            preview.problem = values["problem"]
            preview.held = values["held"]
            preview.count = self._count(values)

    @api.model
    def _count(self, values):
        if values["parts"] == 1:
            return self.env._("%s characters: one message.", values["septets"])
        return self.env._(
            "%(count)s characters: charged as %(parts)s messages. Shorten the template to send"
            " one.",
            count=values["septets"],
            parts=values["parts"],
        )

    def action_send(self):
        """Ask for the text message to be sent, as shown."""
        self.ensure_one()
        return self.link_id.send_by_sms()


class PaymentLink(models.Model):
    _inherit = "payment.link"

    def action_preview_sms(self):
        """Show the text message and its length before it is sent.

        :raise AccessError: the user may not send the link
        """
        self.ensure_one()
        self.check_access("write")
        preview = self.env["payment.link.sms.preview"].create({"link_id": self.id})
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Text Message"),
            "res_model": preview._name,
            "res_id": preview.id,
            "views": [(False, "form")],
            "target": "new",
            "context": {"dialog_size": "medium"},
        }
