from odoo import fields, http
from odoo.addons.portal.controllers.portal import CustomerPortal
from odoo.addons.portal.controllers.portal import pager as portal_pager
from odoo.fields import Domain
from odoo.http import request

from ..const import PORTAL_ROUTE


class PaymentLinkPortal(CustomerPortal):
    """The customer's own links in the portal. Access rules decide which; nothing is read as
    superuser here."""

    def _prepare_home_portal_values(self, counters):
        values = super()._prepare_home_portal_values(counters)
        if "payment_link_count" in counters:
            links = request.env["payment.link"]
            readable = links.has_access("read")
            domain = self._get_payment_links_domain()
            values["payment_link_count"] = links.search_count(domain) if readable else 0
        return values

    @http.route(
        [PORTAL_ROUTE, f"{PORTAL_ROUTE}/page/<int:page>"],
        type="http",
        auth="user",
        methods=["GET"],
        website=True,
        readonly=True,
    )
    def portal_my_payment_links(self, page=1, sortby=None, filterby=None, **_kwargs):
        sortings = self._get_payment_links_sortings()
        sortby = sortby if sortby in sortings else "date"
        filters = self._get_payment_links_filters()
        filterby = filterby if filterby in filters else "all"
        domain = self._get_payment_links_domain() & Domain(filters[filterby]["domain"])
        links = request.env["payment.link"]
        readable = links.has_access("read")
        pager = portal_pager(
            url=PORTAL_ROUTE,
            url_args={"sortby": sortby, "filterby": filterby},
            total=links.search_count(domain) if readable else 0,
            page=page,
            step=self._items_per_page,
        )
        if readable:
            links = links.search(
                domain,
                order=sortings[sortby]["order"],
                limit=self._items_per_page,
                offset=pager["offset"],
            )
        values = {
            **self._prepare_portal_layout_values(),
            "page_name": "payment_link",
            "payment_links": links._get_portal_rows(),
            "pager": pager,
            "default_url": PORTAL_ROUTE,
            "searchbar_sortings": sortings,
            "sortby": sortby,
            "searchbar_filters": filters,
            "filterby": filterby,
        }
        return request.render("serviceflow_paylinks.portal_my_payment_links", values)

    # -- parts --

    def _get_payment_links_domain(self):
        """The links of the user's own company: for staff, who may see more elsewhere, as well."""
        partner = request.env.user.partner_id.commercial_partner_id
        return Domain("partner_id", "child_of", partner.ids) & Domain("state", "!=", "cancelled")

    def _get_payment_links_sortings(self):
        return {
            "date": {"label": request.env._("Newest"), "order": "id desc"},
            "expiry": {"label": request.env._("Expiry"), "order": "expires_at, id desc"},
            "state": {"label": request.env._("Status"), "order": "state, id desc"},
            "name": {"label": request.env._("Reference"), "order": "name, id desc"},
        }

    def _get_payment_links_filters(self):
        now = fields.Datetime.now()
        active = Domain("state", "=", "active")
        overdue = Domain("expires_at", "<=", now)
        return {
            "all": {"label": request.env._("All"), "domain": Domain.TRUE},
            "to_pay": {"label": request.env._("To Pay"), "domain": active & ~overdue},
            "paid": {
                "label": request.env._("Paid"),
                "domain": Domain("state", "in", ("paid", "settled")),
            },
            "expired": {
                "label": request.env._("Expired"),
                "domain": Domain("state", "=", "expired") | (active & overdue),
            },
        }
