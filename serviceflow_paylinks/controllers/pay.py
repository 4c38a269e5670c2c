import logging
import re

from odoo import http
from odoo.exceptions import UserError
from odoo.http import content_disposition, request

from ..const import PAY_ROUTE
from ..exceptions import ChoiceError, ProcessorError
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
    def pay(self, token, look=None, back=None, **_kwargs):
        link = self._find_link(token)
        if not link:
            return self._render_not_found()
        # A page that looks again by itself is no visit; a browser without cookies would count each.
        person = look is None and not self._count_visit(link)
        notice = link._get_notice_of_return() if back else ""
        look = int(look) if isinstance(look, str) and re.fullmatch(r"\d{1,2}", look) else 0
        # In another browser it would be somebody else's choice.
        form = link._recall_choice() if self._has_visited() else None
        response = self._render(link, notice=notice, look=look, form=form)
        if person:
            self._remember_visit(response, token)
        return response

    @_route("/checkout", "GET", "POST")
    def checkout(self, token, **kwargs):
        link = self._find_link(token)
        if not link:
            return self._render_not_found()
        if request.httprequest.method != "POST":
            return self._see_page(token)  # A reload, or an address from the browser's history.
        if not self._is_our_form():
            return self._render_stale(link, kwargs)
        if address := link._get_signing_address():
            return self._see_other(address)
        try:
            url = link.start_checkout(*link._read_choice(kwargs))
        except ChoiceError as error:
            return self._render(link, status=422, form=kwargs, error=error)
        except ProcessorError as error:
            _logger.warning("Link %s: %s", link.name, error)
            values = {"problem": link._get_problem_for_payer(error), "form": kwargs}
            return self._render(link, status=503, **values)
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
            if not self._is_our_form():
                return self._render_stale(link, kwargs)
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
            return self._render(link, problem=link._get_problem_of_document(), status=503)
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
        links = request.env["payment.link"].sudo()
        if not _TOKEN.fullmatch(token):
            return links
        link = links._read_by_token(token)
        return link and link._in_page_language(request.env["ir.http"]._paylinks_wanted_languages())

    def _is_our_form(self):
        """Whether the form comes from a page that this browser got from us: it carries the key, not
        its address, which ends up in logs and histories."""
        given = request.httprequest.form.get("csrf_token")
        # Odoo's own check takes text without accents only.
        return isinstance(given, str) and given.isascii() and request.validate_csrf(given)

    def _count_visit(self, link):
        """Count the visit, if it is a new one; return whether it was not the customer's."""
        headers = request.httprequest.headers
        robot = (
            request.httprequest.method != "GET"
            or is_fetched_ahead(headers)
            or is_robot(headers.get("User-Agent", ""))
        )
        if not robot and request.env.user._is_internal():
            return True  # Staff who look at it are not the customer.
        if robot or not self._has_visited():
            link._count_open(robot)
        return robot

    def _has_visited(self):
        """Whether this browser has seen this link a moment ago."""
        return VISIT_COOKIE in request.httprequest.cookies

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

    def _render(self, link, status=200, **said):
        """Answer with the link's page.

        :param said: what it says besides, as ``_get_page_values`` takes it
        """
        values = link._get_page_values(**said)
        html = link._render_page({**values, "csrf_token": request.csrf_token()})
        forms = f"'self' {link.provider_id._paylinks_page_origins()}".strip()
        return request.env["ir.http"]._paylinks_answer(html, values, status, forms)

    def _render_stale(self, link, form):
        """The form was not ours, or of a session that is over: the page again, nothing done."""
        # Whoever got this very answer before, and still sends no cookie of ours, keeps none.
        cookies = {"session_id", VISIT_COOKIE} & request.httprequest.cookies.keys()
        keeps_none = "again" in form and not cookies
        problem = link._get_problem_of_form(keeps_none)
        return self._render(link, problem=problem, again=True, status=400)

    def _render_not_found(self):
        return request.env["ir.http"]._paylinks_plain_page(404)

    def _see_page(self, token, query=""):
        return self._see_other(f"{PAY_ROUTE}/{token}{query}")

    def _see_other(self, url, local=True):
        response = request.redirect(url, code=303, local=local)
        response.headers.update(page_headers())
        return response
