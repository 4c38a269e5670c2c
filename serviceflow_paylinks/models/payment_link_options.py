from odoo import fields, models


class PaymentLinkOptions(models.AbstractModel):
    """What can be set about payment links, by administrators and by managers alike.

    A new option is one field here and one ``<setting>`` in the Payments app of the settings' view.
    Managers write them as superuser: plain fields of ``res.company`` only, nothing with commands.
    """

    _name = "payment.link.options"
    _description = "Payment Link Options"

    company_id = fields.Many2one(
        "res.company", required=True, default=lambda self: self.env.company
    )
    paylinks_expiry_policy = fields.Selection(
        related="company_id.paylinks_expiry_policy", readonly=False
    )
    paylinks_expiry_days = fields.Integer(related="company_id.paylinks_expiry_days", readonly=False)
