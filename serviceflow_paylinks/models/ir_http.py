from odoo import models


class IrHttp(models.AbstractModel):
    _inherit = "ir.http"

    def session_info(self):
        """Tell the web client whether the user menu leads to the payment links."""
        info = super().session_info()
        user = self.env.user
        if user._is_internal():
            info["paylinks_in_user_menu"] = user.has_group(
                "serviceflow_paylinks.group_payments_view"
            ) and self.env["payment.provider"]._paylinks_any_connected(
                tuple(user._get_company_ids())
            )
        return info
