from odoo import api, models
from odoo.exceptions import AccessError


class PaymentLinkSettings(models.TransientModel):
    """The same page for managers who are no administrators: Odoo's own is for these only."""

    _name = "payment.link.settings"
    _inherit = "payment.link.options"
    _description = "Payment Link Settings"

    @api.model_create_multi
    def create(self, vals_list):
        self.check_access("create")  # Managers only: the one group with access to this model.
        for vals in vals_list:
            self._check_companies(self.company_id.browse(vals.get("company_id") or []))
        settings = super(PaymentLinkSettings, self.sudo()).create(vals_list).with_env(self.env)
        self._check_companies(settings.sudo().company_id)  # Whatever the context made of it.
        return settings

    def write(self, vals):
        self.check_access("write")
        new = self.company_id.browse(vals.get("company_id") or [])
        self._check_companies(self.sudo().company_id | new)
        return super(PaymentLinkSettings, self.sudo()).write(vals)

    def _check_companies(self, companies):
        if not set(companies.ids) <= set(self.env.companies.ids):
            raise AccessError(
                self.env._("You cannot change the settings of a company that is not yours.")
            )

    def execute(self):
        """Called by Save, after the values were written; show the page anew."""
        self.check_access("write")
        return {"type": "ir.actions.client", "tag": "reload"}

    def cancel(self):
        """Called by Discard; show the page anew, without what was entered."""
        self.check_access("write")
        return self.env["ir.actions.act_window"]._for_xml_id(
            "serviceflow_paylinks.payment_link_settings_action"
        )

    @api.model
    def _get_view(self, view_id=None, view_type="form", **options):
        """Fill the form with the administrators' page, as far as its fields are known here."""
        arch, view = super()._get_view(view_id, view_type, **options)
        if view_type == "form":
            page, _page_view = self.env["res.config.settings"].sudo()._get_view(None, "form")
            app = page.find(".//app[@name='serviceflow_paylinks']")
            for setting in app.xpath(".//setting"):
                if not self._is_for_managers(setting):
                    setting.getparent().remove(setting)
            for block in app.xpath(".//block[not(.//setting)]"):
                block.getparent().remove(block)
            arch.append(app)
        return arch, view

    @api.model
    def _is_for_managers(self, setting):
        """Whether a setting of the administrators' page works here: its fields are known, or it
        leads to what managers may open."""
        names = {field.get("name") for field in setting.iter("field")}
        if names:
            return names <= self._fields.keys()
        buttons = list(setting.iter("button"))
        return bool(buttons) and all(
            button.get("type") == "action" and self._may_open(int(button.get("name")))
            for button in buttons
        )

    @api.model
    def _may_open(self, action_id):
        action = self.env["ir.actions.act_window"].sudo().browse(action_id).exists()
        return bool(action) and self.env[action.res_model].has_access("write")
