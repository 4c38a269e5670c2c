from odoo import models


class IrUiMenu(models.Model):
    _inherit = "ir.ui.menu"

    def _load_menus_blacklist(self):
        """Reporting shows payment links once there can be some. Cached with the menus."""
        blacklist = super()._load_menus_blacklist()
        companies = tuple(self.env.user._get_company_ids())
        if not self.env["payment.provider"]._paylinks_any_connected(companies):
            menu = self.env.ref("serviceflow_paylinks.payment_link_menu_reporting", False)
            blacklist.extend(menu.ids if menu else [])
        return blacklist
