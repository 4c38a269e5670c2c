import logging

from odoo import models
from odoo.exceptions import UserError
from odoo.http import Response, request
from werkzeug.exceptions import HTTPException, MethodNotAllowed

from ..const import PAY_ROUTE, WEBHOOK_ROUTE
from ..page_headers import page_headers

_logger = logging.getLogger(__name__)


class IrHttp(models.AbstractModel):
    """Answers below ``/pay/``. What goes wrong there, before the controller or in it, is answered
    as the page is: with its headers, in plain words, and without a hint whether a link exists."""

    _inherit = "ir.http"

    @classmethod
    def _match(cls, path):
        try:
            return super()._match(path)
        except MethodNotAllowed as error:
            if cls._paylinks_is_page():
                error.error_response = cls._paylinks_error(error.code)
            raise

    @classmethod
    def _serve_fallback(cls):
        # There is nothing else below this path; Odoo would look it up as it was sent, junk and all.
        return None if cls._paylinks_is_page() else super()._serve_fallback()

    @classmethod
    def _dispatch(cls, endpoint):
        if cls._paylinks_is_page() and request.httprequest.method == "OPTIONS":
            # Odoo lets it through to any route; no page elsewhere has anything to ask here.
            raise MethodNotAllowed
        if request.httprequest.path.startswith((f"{PAY_ROUTE}/", f"{WEBHOOK_ROUTE}/")):
            # A field of this name would stand in for the controller itself.
            request.params.pop("self", None)
        return super()._dispatch(endpoint)

    @classmethod
    def _handle_error(cls, exception):
        if not cls._paylinks_is_page() or not isinstance(exception, (HTTPException, UserError)):
            if cls._paylinks_is_page():
                return cls._paylinks_error(500)
            return super()._handle_error(exception)
        if isinstance(exception, UserError):
            return cls._paylinks_error(exception.http_status)
        return cls._paylinks_error(exception.code)

    @classmethod
    def _paylinks_is_page(cls):
        return request.httprequest.path.startswith(f"{PAY_ROUTE}/")

    @classmethod
    def _paylinks_error(cls, status):
        request.env.cr.rollback()
        if not request.env.uid:
            cls._auth_method_public()
        response = cls._paylinks_plain_page(status)
        request.dispatcher.post_dispatch(response)
        return response

    @classmethod
    def _paylinks_plain_page(cls, status):
        """Answer with a page that is about no link.

        :param int status: 404 for what is not there
        """
        kind = "not_found" if status == 404 else "error" if status < 500 else "broken"
        links = request.env["payment.link"].sudo()
        lang = links._match_lang(cls._paylinks_wanted_languages()) or links._get_any_lang()
        html, values = links.with_context(lang=lang)._render_plain_page(
            f"serviceflow_paylinks.pay_{kind}"
        )
        return cls._paylinks_answer(html, values, status)

    @classmethod
    def _paylinks_wanted_languages(cls):
        """Return the language tags that the browser asks for, the most wanted first."""
        return [tag for tag, _quality in request.httprequest.accept_languages]

    @classmethod
    def _paylinks_answer(cls, html, values, status=200, forms="'none'"):
        """Answer with a page.

        :param dict values: what it was rendered with
        :param str forms: where its forms may lead to
        """
        headers = page_headers(values["style"], forms)
        if values["refresh"]:
            headers["Refresh"] = values["refresh"]
        if status == 503:
            headers["Retry-After"] = "60"
        return Response(html, status=status, headers=headers)

    def session_info(self):
        """Tell the web client whether the user menu leads to the payment links."""
        info = super().session_info()
        user = self.env.user
        if user._is_internal():
            info["paylinks_in_user_menu"] = user.has_group(
                "serviceflow_paylinks.group_payments_view"
            ) and self.env["payment.provider"]._paylinks_any_connected(
                tuple(user._get_company_ids())
            )
        return info
