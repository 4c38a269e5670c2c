import logging
import re

from markupsafe import Markup
from odoo import http
from odoo.http import request

from ..const import PAY_ROUTE
from ..exceptions import ChoiceError, ProcessorError

_logger = logging.getLogger(__name__)

_TOKEN = re.compile(r"[A-Za-z0-9_-]{20,64}")
# Browsers that fetch ahead say so; nobody has looked at the page then.
_PREFETCH_HEADERS = ("Purpose", "Sec-Purpose", "X-Purpose", "X-Moz")


class PaymentLinkPage(http.Controller):
    """The customer's page. It only parses and delegates; GET has no effect at the processor."""

    @http.route(
        f"{PAY_ROUTE}/<string:token>", type="http", auth="public", methods=["GET"], sitemap=False
    )
    def pay(self, token, **_kwargs):
        link = self._find_link(token)
        if not link:
            return self._render_not_found()
        if self._is_a_person():
            link._count_open()
        return self._render(link)

    @http.route(
        f"{PAY_ROUTE}/<string:token>/checkout",
        type="http",
        auth="public",
        methods=["POST"],
        sitemap=False,
    )
    def checkout(self, token, **form):
        link = self._find_link(token)
        if not link:
            return self._render_not_found()
        try:
            url = link.start_checkout(*link._read_choice(form))
        except ChoiceError as error:
            choice = link._get_choice_values(form, error)
            return self._render(link, status=422, choice=choice, problem="")
        except ProcessorError as error:
            _logger.warning("Link %s: %s", link.name, error)
            problem, choice = link._get_problem_for_payer(error), link._get_choice_values(form)
            return self._render(link, status=503, choice=choice, problem=problem)
        return self._see_other(url or f"{PAY_ROUTE}/{token}", local=not url)

    @http.route(
        f"{PAY_ROUTE}/<string:token>/return",
        type="http",
        auth="public",
        methods=["GET"],
        sitemap=False,
    )
    def return_(self, token, session_id=None, **_kwargs):
        link = self._find_link(token)
        if not link:
            return self._render_not_found()
        link._welcome_back(session_id)
        return self._see_other(f"{PAY_ROUTE}/{token}")

    # -- parts --

    def _find_link(self, token):
        """Return the link, as superuser and in the customer's language; unknown, deleted and
        malformed tokens are all the same: an empty record."""
        links = request.env["payment.link"].sudo()
        if not _TOKEN.fullmatch(token):
            return links
        link = links.search([("token", "=", token), ("state", "!=", "cancelled")])
        return link.with_context(lang=link.partner_id.lang or request.env.lang)

    def _is_a_person(self):
        """Whether this visit counts as opened: no robot, no preview, no fetching ahead."""
        headers = request.httprequest.headers
        return (
            request.httprequest.method == "GET"
            and not any(headers.get(name) for name in _PREFETCH_HEADERS)
            and not request.env["ir.http"].is_a_bot()
        )

    def _render(self, link, status=200, **values):
        """Answer with the link's page; what is given goes before what the link says itself."""
        values = {**link._get_page_values(), "csrf_token": request.csrf_token, **values}
        html = link.env["ir.qweb"]._render("serviceflow_paylinks.pay_page", values)
        origins = link.sudo().provider_id._paylinks_page_origins()
        return self._respond(html, status, origins)

    def _render_not_found(self):
        html = request.env["ir.qweb"]._render("serviceflow_paylinks.pay_not_found", {})
        return self._respond(html, 404)

    def _respond(self, html, status, form_origins=""):
        """Answer with a page that nobody keeps, indexes, frames or learns the address from."""
        policy = (
            "default-src 'none'; style-src 'unsafe-inline'; img-src 'self' data:; base-uri 'none';"
            f" frame-ancestors 'none'; form-action 'self' {form_origins}".strip()
        )
        headers = {
            "Content-Type": "text/html; charset=utf-8",
            "Content-Security-Policy": policy,
            "Cache-Control": "no-store",
            "Referrer-Policy": "no-referrer",
            "X-Robots-Tag": "noindex, nofollow",
            "X-Content-Type-Options": "nosniff",
        }
        return request.make_response(
            Markup("<!DOCTYPE html>\n") + html, headers=headers, status=status
        )

    def _see_other(self, url, local=True):
        response = request.redirect(url, code=303, local=local)
        response.headers["Referrer-Policy"] = "no-referrer"
        response.headers["Cache-Control"] = "no-store"
        return response
