import logging
import re

from odoo import http
from odoo.exceptions import UserError
from odoo.http import content_disposition, request

from ..const import PAY_ROUTE
from ..exceptions import ProcessorError
from ..models.payment_link_kept import FORM_KEY, KeptPage
from ..page_headers import file_headers, page_headers
from ..robots import is_fetched_ahead, is_robot

_logger = logging.getLogger(__name__)

_TOKEN = re.compile(r"[A-Za-z0-9_-]{20,64}")
# A form of ours is a few hundred bytes.
MAX_FORM_BYTES = 64 * 1024
# Says only that this browser has seen this link within the last half hour: one visit.
VISIT_COOKIE = "pay_visit"
VISIT_SECONDS = 30 * 60


def _route(suffix, *methods):
    """A route below a link's address. Forms are checked by ``_is_our_form``: what is refused gets
    an answer that a customer understands."""
    return http.route(
        f"{PAY_ROUTE}/<string:token>{suffix}",
        type="http",
        auth="public",
        methods=methods,
        csrf=False,
        sitemap=False,
        max_content_length=MAX_FORM_BYTES,
    )


class PaymentLinkPage(http.Controller):
    """The customer's page. It only parses and delegates; GET has no effect at the processor."""

    @_route("", "GET")
    def pay(self, token, look="", back="", **_kwargs):
        link, page = (self._find_link(token), None) if look or back else self._find_page(token)
        if not link:
            return self._render_not_found()
        robot = self._count_visit(link)
        if page:
            response = self._answer(page)
        elif back:
            response = self._render(link, notice=link._get_notice_of_return())
        else:
            count = int(look) if isinstance(look, str) and re.fullmatch(r"\d{1,2}", look) else 0
            response = self._render(link, refresh=link._get_refresh(count))
        if not robot:
            self._remember_visit(response, token)
        return response

    @_route("/checkout", "GET", "POST")
    def checkout(self, token, **kwargs):
        link = self._find_link(token)
        if not link:
            return self._render_not_found()
        if request.httprequest.method != "POST":
            return self._see_page(token)  # A reload, or an address from the browser's history.
        if not self._is_our_form(kwargs):
            return self._render_stale(link)
        try:
            url = link.start_checkout()
        except ProcessorError as error:
            _logger.warning("Link %s: %s", link.name, error)
            problem = link._get_problem_for_payer(error)
            return self._render(link, 503, problem=problem, problem_phone=True)
        return self._see_other(url, local=False) if url else self._see_page(token)

    @_route("/return", "GET")
    def return_(self, token, session_id="", cancelled=None, **_kwargs):
        link = self._find_link(token)
        if not link:
            return self._render_not_found()
        link._welcome_back(session_id, bool(cancelled))
        return self._see_page(token, "?back=1" if cancelled else "")

    @_route("/renew", "GET", "POST")
    def renew(self, token, **kwargs):
        link = self._find_link(token)
        if not link:
            return self._render_not_found()
        if request.httprequest.method == "POST":
            if not self._is_our_form(kwargs):
                return self._render_stale(link)
            link.renew()
        return self._see_page(token)

    @_route("/document", "GET")
    def document(self, token, **_kwargs):
        link = self._find_link(token)
        if not link or not link._has_document_pdf():
            return self._render_not_found()
        try:
            name, mimetype, content = link._get_document_pdf()
        except UserError as error:
            _logger.warning("The document of link %s could not be shown: %s", link.name, error)
            return self._render(link, 503, problem=link._get_problem_of_document())
        headers = {
            **file_headers(),
            "Content-Type": mimetype,
            "Content-Disposition": content_disposition(name, "inline"),
        }
        return request.make_response(content, headers=list(headers.items()))

    # -- who asks, and for what --

    def _find_link(self, token):
        """Return the link, as superuser and in the page's language; unknown, deleted and malformed
        tokens are all the same: an empty record."""
        links = self._links()
        if not _TOKEN.fullmatch(token):
            return links
        link = links.search([("token", "=", token), ("state", "!=", "cancelled")])
        return link and link._in_page_language(self._wanted_languages())

    def _find_page(self, token):
        """Return the link and its page, which may be of an earlier visit: (payment.link, KeptPage);
        two empty ones for no link."""
        links, mark = self._links(), None
        if _TOKEN.fullmatch(token):
            mark = links._mark_page(token, self._wanted_languages())
        if not mark:
            link = self._find_link(token)
            return link, link and self._make_page(link)
        link = links.browse(mark.link_id).with_context(lang=mark.lang)
        page = links._get_kept_page(mark)
        if not page:
            page = self._make_page(link)
            links._keep_page(mark, page)
        return link, page

    def _links(self):
        return request.env["payment.link"].sudo()

    def _wanted_languages(self):
        return request.env["ir.http"]._paylinks_wanted_languages()

    def _is_our_form(self, form):
        """Whether the form comes from a page that this browser got from us."""
        given = form.get("csrf_token")
        # Odoo's own check takes text without accents only.
        return isinstance(given, str) and given.isascii() and request.validate_csrf(given)

    def _count_visit(self, link):
        """Count the visit, if it is a new one; return whether a robot came."""
        headers = request.httprequest.headers
        robot = (
            request.httprequest.method != "GET"
            or is_fetched_ahead(headers)
            or is_robot(headers.get("User-Agent", ""))
        )
        if robot or VISIT_COOKIE not in request.httprequest.cookies:
            link._count_robot() if robot else link._count_open()
        return robot

    def _remember_visit(self, response, token):
        """A reload, the way back and another tab within half an hour belong to the same visit."""
        response.set_cookie(
            VISIT_COOKIE,
            "1",
            max_age=VISIT_SECONDS,
            path=f"{PAY_ROUTE}/{token}",
            secure=request.httprequest.is_secure,
            httponly=True,
            samesite="Lax",
        )

    # -- answers --

    def _render(self, link, status=200, **values):
        """Answer with the link's page; what is given goes before what the link says itself."""
        return self._answer(self._make_page(link, **values), status)

    def _make_page(self, link, **values):
        """Return the link's page.

        :rtype: KeptPage
        """
        values = {"csrf_token": FORM_KEY, **link._get_page_values(), **values}
        forms = f"'self' {link.provider_id._paylinks_page_origins()}".strip()
        return KeptPage(link._render_page(values), values["style"], values["refresh"], forms)

    def _answer(self, page, status=200):
        """Answer with a page, and the key for the forms in it that is this browser's."""
        html = page.html.replace(FORM_KEY, request.csrf_token())
        return request.env["ir.http"]._paylinks_answer(
            html, page.style, status, page.forms, page.refresh
        )

    def _render_stale(self, link):
        """The form was not ours, or of a session that is over: the page again, nothing done."""
        return self._render(link, problem=link._get_problem_of_form(), status=400)

    def _render_not_found(self):
        return request.env["ir.http"]._paylinks_plain_page(404)

    def _see_page(self, token, query=""):
        return self._see_other(f"{PAY_ROUTE}/{token}{query}")

    def _see_other(self, url, local=True):
        response = request.redirect(url, code=303, local=local)
        response.headers.update(page_headers())
        return response
