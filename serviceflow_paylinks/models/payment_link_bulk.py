from odoo import Command, models


class PaymentLink(models.Model):
    """Buttons above the hub's list, for the rows that are ticked."""

    _inherit = "payment.link"

    def action_bulk_send(self):
        """Open the dialog that sends the links.

        :raise AccessError: the user may not create payment links
        """
        self.check_access("write")
        return self._open_bulk("send", self.env._("Send Payment Links"))

    def action_bulk_extend(self):
        """Open the dialog that gives the links a later expiry.

        :raise AccessError: the user may not create payment links
        """
        self.check_access("write")
        return self._open_bulk("extend", self.env._("Extend Payment Links"))

    def action_bulk_delete(self):
        """Open the dialog that deletes the links.

        :raise AccessError: the user may not manage payment links
        """
        self._check_may_manage()
        return self._open_bulk("delete", self.env._("Delete Payment Links"))

    def _open_bulk(self, operation, title):
        bulk = self.env["payment.link.bulk"].create(
            {"operation": operation, "link_ids": [Command.set(self.ids)]}
        )
        return {
            "type": "ir.actions.act_window",
            "name": title,
            "res_model": bulk._name,
            "res_id": bulk.id,
            "view_mode": "form",
            "target": "new",
        }
