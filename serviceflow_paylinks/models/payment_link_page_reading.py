from odoo import api, models

# What the page needs of rows that have up to a hundred columns.
LINK_FIELDS = """name token state cancel_reason purpose amount_policy amount_fixed amount_paid
    amount_refunded currency_id company_id partner_id provider_id invoice_id sale_order_id
    description expires_at paid_at email phone renewal_id renewed_at"""
PARTNER_FIELDS = "lang tz"
COMPANY_FIELDS = """name phone email primary_color secondary_color paylinks_logo partner_id
    account_price_include currency_id paylinks_part_payments paylinks_part_minimum paylinks_tips
    paylinks_tip_presets paylinks_tip_account_id"""
INVOICE_FIELDS = """name state move_type payment_state currency_id company_id partner_id
    invoice_date invoice_date_due invoice_payment_term_id amount_total amount_tax amount_residual"""
PROVIDER_FIELDS = "code state company_id"
CURRENCY_FIELDS = "name symbol rounding decimal_places position"
ATTEMPT_FIELDS = """state operation amount tip_amount is_post_processed payment_id token_id
    payment_link_id checkout_aside checkout_open checkout_ref checkout_problem
    checkout_paid_at provider_id reference last_state_change"""


class PaymentLink(models.Model):
    """Reading for the page: each table once, and of it no more than the page shows.

    Only speed depends on it: what is missing here is read when it is wanted.
    """

    _inherit = "payment.link"

    @api.model
    def _read_by_token(self, token):
        """Return the link that has this token, with what its page needs; deleted ones excepted."""
        links = self.search_fetch(
            [("token", "=", token), ("state", "!=", "cancelled")], LINK_FIELDS.split()
        )
        if links:
            links._read_around()
        return links

    def _read_around(self):
        """Read what the page needs besides the link itself."""
        self.company_id.fetch(COMPANY_FIELDS.split())
        (self.partner_id | self.company_id.partner_id).fetch(PARTNER_FIELDS.split())
        self.provider_id.fetch(PROVIDER_FIELDS.split())
        self.currency_id.fetch(CURRENCY_FIELDS.split())
        self.invoice_id.fetch(INVOICE_FIELDS.split())
        self.transaction_ids.fetch(ATTEMPT_FIELDS.split())
