from odoo import models

# Odoo's own models that our groups may read a part of: the rules in security/security.xml say
# which.
LENT = ("account.move", "account.move.line", "payment.transaction", "sale.order")
GROUPS = ("group_payments_view", "group_payments_create", "group_payments_manage")


class IrRule(models.Model):
    """What our groups lend neither widens nor narrows the rights that a user has from Odoo."""

    _inherit = "ir.rule"

    def _get_rules(self, model_name, mode="read"):
        """Override of the ORM, which joins the rules of all groups by OR and asks not which group
        it was that gave the access: ours hold where we gave it, the others where Odoo did."""
        rules = super()._get_rules(model_name, mode)
        if model_name not in LENT or mode != "read":
            return rules
        groups = self._paylinks_groups()
        ours = rules.sudo().filtered(lambda rule: rule.groups and rule.groups <= groups)
        if not ours:
            return rules
        if self._paylinks_has_access_of_odoo(model_name, groups):
            return rules - ours
        return rules.sudo().filtered(lambda rule: not rule.groups or rule in ours).sudo(False)

    def _paylinks_groups(self):
        groups = self.env["res.groups"].sudo()
        for name in GROUPS:
            groups |= self.env.ref(f"serviceflow_paylinks.{name}", False) or groups
        return groups

    def _paylinks_has_access_of_odoo(self, model_name, groups):
        """Whether the user could read the model without any of our groups."""
        others = set(self.env.user._get_group_ids()) - set(groups.ids)
        domain = [
            ("model_id.model", "=", model_name),
            ("perm_read", "=", True),
            ("group_id", "in", [False, *others]),
        ]
        return bool(self.env["ir.model.access"].sudo().search_count(domain, limit=1))
