import logging

from odoo import http
from odoo.http import request

from ..const import WEBHOOK_MAX_BYTES, WEBHOOK_ROUTE
from ..exceptions import ProcessorError

_logger = logging.getLogger(__name__)


class PaymentLinkWebhook(http.Controller):
    """Where notifications arrive. Nothing is read before its signature is checked."""

    @http.route(
        f"{WEBHOOK_ROUTE}/<int:provider_id>",
        type="http",
        auth="public",
        methods=["POST"],
        csrf=False,
        save_session=False,
        # A body that calls itself a form would be parsed before the controller is reached.
        max_content_length=WEBHOOK_MAX_BYTES,
    )
    def receive(self, provider_id, **_kwargs):
        """Verify, write down, process. 200 once the event is in the ledger: what fails then is
        tried again by the schedule, so that Stripe has no reason to give the endpoint up."""
        length = request.httprequest.content_length
        if length is None or length > WEBHOOK_MAX_BYTES:
            return self._answer(413, "too large")
        provider = request.env["payment.provider"].sudo().browse(provider_id).exists()
        if not provider or provider.code not in provider._paylinks_codes():
            return self._answer(404, "no such endpoint")
        # Cached: Odoo may run the request again.
        body = request.httprequest.get_data()
        signature = request.httprequest.headers.get("Stripe-Signature", "")
        try:
            notification = provider._paylinks_get_processor().read_notification(body, signature)
        except ProcessorError as error:
            _logger.warning("Refused a notification to provider %s: %s", provider_id, error)
            return self._answer(400, "not accepted")
        request.env["payment.link.event"].sudo()._receive(provider, notification)
        return self._answer(200, "received")

    def _answer(self, status, text):
        return request.make_response(
            text, headers={"Content-Type": "text/plain; charset=utf-8"}, status=status
        )
