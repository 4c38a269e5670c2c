from odoo import api, fields, models


class ResPartner(models.Model):
    _inherit = "res.partner"

    payment_link_count = fields.Integer(
        compute="_compute_payment_link_count", groups="serviceflow_paylinks.group_payments_view"
    )

    def write(self, vals):
        """Links that were to go to the contact's address go to the new one."""
        if not {"email", "phone"} & vals.keys():
            return super().write(vals)
        before = {partner: partner._paylinks_get_addresses() for partner in self}
        result = super().write(vals)
        self._paylinks_follow(before)
        return result

    def _paylinks_get_addresses(self):
        return {"email": self.email_normalized, "phone": self.phone_sanitized}

    def _paylinks_follow(self, before):
        """Correct the address on links that may be sent yet, where it was the contact's own; one
        that staff have entered for a link stays.

        :param dict before: {partner: the addresses before}
        """
        changed = self.filtered(
            lambda partner: partner._paylinks_get_addresses() != before[partner]
        )
        states = ("active", "processing", "expired")
        domain = [("partner_id", "in", changed.ids), ("state", "in", states)]
        for link in self.env["payment.link"].sudo().search(domain) if changed else ():
            old, new = before[link.partner_id], link.partner_id._paylinks_get_addresses()
            own = [name for name in new if (link[name] or False) == (old[name] or False)]
            if values := {name: new[name] for name in own if new[name] and new[name] != old[name]}:
                link.write(values)

    @api.depends_context("uid", "allowed_company_ids")
    def _compute_payment_link_count(self):
        """Of the whole customer: its commercial entity with all contacts, archived ones too."""
        entities = self.commercial_partner_id
        groups = self.env["payment.link"]._read_group(
            [("partner_id.commercial_partner_id", "in", entities.ids)],
            ["partner_id"],
            ["__count"],
        )
        counts = {}
        for partner, count in groups:
            entity = partner.sudo().commercial_partner_id.id
            counts[entity] = counts.get(entity, 0) + count
        for partner in self:
            partner.payment_link_count = counts.get(partner.commercial_partner_id.id, 0)

    def action_view_payment_links(self):
        """Open the links of the customer.

        :raise AccessError: the user may not see links, or not the customer
        """
        self.ensure_one()
        self.env["payment.link"].check_access("read")
        self.check_access("read")
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "serviceflow_paylinks.payment_link_action"
        )
        entity = self.commercial_partner_id.id
        domain = [("partner_id.commercial_partner_id", "=", entity)]
        return {**action, "domain": domain, "context": {}}

    def action_generate_payment_link(self):
        """Open the wizard for the customer: its open invoices, or an amount of one's own.

        :raise AccessError: the user may not create payment links
        """
        self.ensure_one()
        self.env["payment.link"].check_access("create")
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "serviceflow_paylinks.payment_link_generate_action"
        )
        invoices = self._get_open_invoices()
        context = {
            "default_partner_id": self.id,
            "default_purpose": "invoice" if invoices else "custom",
            "dialog_size": "medium",
        }
        if len(invoices) == 1:
            context["default_invoice_ids"] = invoices.ids
        return {**action, "context": context}

    def _get_open_invoices(self):
        """Return the customer's open invoices: two of them, where there are many."""
        moves = self.env["account.move"]
        entity = ("commercial_partner_id", "=", self.commercial_partner_id.id)
        return moves.search([*moves._paylinks_open_domain(), entity], limit=2)
