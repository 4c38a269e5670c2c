from odoo import http
from odoo.addons.web.controllers.home import Home
from odoo.http import request

VIEW = "serviceflow_paylinks.group_payments_view"
CREATE = "serviceflow_paylinks.group_payments_create"
MANAGE = "serviceflow_paylinks.group_payments_manage"
SYSTEM = "base.group_system"

HUB = "payment-links"
COLLECT = "collect-payment"
ADMIN_SETTINGS = "payment-settings"
MANAGER_SETTINGS = "payment-link-settings"
# Who may open which of our pages of the web client: it would show no more than an error dialog.
PAGES = {HUB: VIEW, COLLECT: CREATE, ADMIN_SETTINGS: SYSTEM, MANAGER_SETTINGS: MANAGE}

GREATEST_ID = 2**31 - 1


class PaymentLinkBackend(Home):
    """Ways into the web client for staff. Who may not go there gets a page that says why."""

    @http.route(
        ["/payments/links", "/payment-links"],
        type="http",
        auth="user",
        methods=["GET"],
        readonly=True,
        sitemap=False,
    )
    def payment_links(self, **_kwargs):
        if not self._has_right(VIEW):
            return self._refuse(VIEW)
        return request.redirect(f"/odoo/{HUB}")

    @http.route(
        "/invoices/<int:invoice_id>/payment",
        type="http",
        auth="user",
        methods=["GET"],
        readonly=True,
        sitemap=False,
    )
    def collect_on_invoice(self, invoice_id, **_kwargs):
        if not self._has_right(CREATE):
            return self._refuse(CREATE)
        invoice = self._find_invoice(invoice_id)
        if not invoice:
            return self._render("backend_unknown_invoice", status=404)
        response = request.redirect(f"/odoo/{invoice.id}/{COLLECT}")
        self._activate_company(response, invoice.company_id)
        return response

    @http.route(
        "/settings/payments",
        type="http",
        auth="user",
        methods=["GET"],
        readonly=True,
        sitemap=False,
    )
    def payment_settings(self, **_kwargs):
        if self._has_right(SYSTEM):
            return request.redirect(f"/odoo/{ADMIN_SETTINGS}")
        if self._has_right(MANAGE):
            return request.redirect(f"/odoo/{MANAGER_SETTINGS}")
        return self._refuse(MANAGE)

    @http.route()
    def web_client(self, s_action=None, **kw):
        """Override of ``web``: our own pages of the web client refuse in words."""
        response = super().web_client(s_action=s_action, **kw)
        parts = (kw.get("subpath") or "").split("/")
        group = next((PAGES[part] for part in parts if part in PAGES), None)
        if group and response.status_code == 200 and not self._has_right(group):
            return self._refuse(group)
        return response

    # -- parts --

    def _has_right(self, group):
        user = request.env.user
        return user._is_internal() and user.has_group(group)

    def _find_invoice(self, invoice_id):
        """Return the invoice if it is there and the user's; else an empty record, either way."""
        invoices = request.env["account.move"]
        if not 0 < invoice_id <= GREATEST_ID:
            return invoices
        invoice = invoices.browse(invoice_id).exists()
        return invoice if invoice and invoice.has_access("read") else invoices

    def _activate_company(self, response, company):
        """Select the company in the web client's switcher, before those selected so far."""
        selected = (request.cookies.get("cids") or "").split("-")
        ids = [str(company.id), *(item for item in selected if item.isdigit())]
        response.set_cookie("cids", "-".join(dict.fromkeys(ids)))

    def _refuse(self, group):
        """Say which right is missing and who can give it."""
        user = request.env.user
        values = {"is_staff": user._is_internal(), "right": "", "administrators": []}
        if values["is_staff"]:
            group = request.env.ref(group).sudo()
            values["right"] = (
                f"{group.privilege_id.name}: {group.name}" if group.privilege_id else ""
            )
            values["administrators"] = self._get_administrators()
        return self._render("backend_refused", values, status=403)

    def _get_administrators(self):
        """Return the names of a few people who can give rights."""
        administrators = request.env.ref(SYSTEM).sudo().all_user_ids
        return administrators.filtered(lambda user: user.active)[:3].mapped("name")

    def _render(self, template, values=None, status=200):
        response = request.render(f"serviceflow_paylinks.{template}", values or {}, status=status)
        response.headers["Cache-Control"] = "no-store"
        response.headers["X-Frame-Options"] = "DENY"
        return response
