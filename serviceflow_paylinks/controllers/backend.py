from odoo import http
from odoo.addons.web.controllers.home import Home
from odoo.http import request
from odoo.tools.i18n import format_list

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
            return self._refuse_invoice()
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
        if not self._has_right(SYSTEM) and not self._has_right(MANAGE):
            return self._refuse(MANAGE)
        settings = ADMIN_SETTINGS if self._has_right(SYSTEM) else MANAGER_SETTINGS
        # No menu leads to these pages themselves, by which the web client would find its app.
        menu = request.env.ref("serviceflow_paylinks.payments_menu_root")
        return request.redirect(f"/odoo/{settings}?menu_id={menu.id}")

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
        title = request.env._("You cannot open this page")
        if not request.env.user._is_internal():
            sentences = [request.env._("It is for the staff of this business.")]
            return self._render(403, title, sentences, "/my", request.env._("Back to your account"))
        group = request.env.ref(group).sudo()
        if group.privilege_id:
            right = f"{group.privilege_id.name}: {group.name}"
            sentences = [
                request.env._("It needs the right “%s”, which your user does not have.", right)
            ]
        else:
            sentences = [request.env._("It is for administrators only.")]
        sentences.append(
            request.env._(
                "Ask an administrator, such as %s, who finds your rights in Settings → Users.",
                self._get_administrators(),
            )
        )
        return self._render(403, title, sentences, "/odoo", request.env._("Back to Odoo"))

    def _get_administrators(self):
        """Return the names of a few people who can give rights."""
        administrators = request.env.ref(SYSTEM).sudo().all_user_ids.filtered("active")
        return format_list(request.env, administrators[:3].mapped("name"), "or")

    def _refuse_invoice(self):
        """Say the same of an invoice that is not there and of one that is not the user's."""
        sentences = [
            request.env._(
                "The address is wrong, the invoice was deleted, or it is not one that you may see."
            ),
            request.env._("Open the invoice from the list and collect the payment there."),
        ]
        title = request.env._("There is no such invoice")
        return self._render(
            404, title, sentences, "/odoo/customer-invoices", request.env._("To the invoices")
        )

    def _render(self, status, title, sentences, way_out, label):
        """Answer with a small page: a title, some sentences and one button."""
        values = {"title": title, "sentences": sentences, "way_out": way_out, "label": label}
        response = request.render("serviceflow_paylinks.backend_page", values, status=status)
        response.headers["Cache-Control"] = "no-store"
        response.headers["X-Frame-Options"] = "DENY"
        return response
