import time
from typing import NamedTuple

from odoo import api, models
from odoo.tools import SQL
from odoo.tools.lru import LRU

# As each process keeps them for itself: some two megabytes.
KEEP_COUNT = 128
# For what the mark does not tell: dates that come to be past, names of units.
KEEP_SECONDS = 600
# Stands in a kept page for what is different in each answer.
FORM_KEY = "csrf-token-of-this-answer"

_kept = LRU(KEEP_COUNT)

# Everything that a payable page shows, by the version (`xmin`) of each row; of the link itself all
# but what a visit changes.
MARK = """
SELECT link.id, partner.lang, business.lang, md5(concat_ws('|',
           (to_jsonb(link) - 'open_count' - 'opened_at' - 'robot_open_count')::text,
           partner.xmin, company.xmin, business.xmin, provider.xmin, currency.xmin,
           invoice.xmin, sale.xmin,
           (SELECT string_agg(line.xmin::text, ',' ORDER BY line.id)
              FROM account_move_line line WHERE line.move_id = link.invoice_id),
           (SELECT string_agg(line.xmin::text, ',' ORDER BY line.id)
              FROM sale_order_line line WHERE line.order_id = link.sale_order_id),
           (SELECT string_agg(tx.id || ':' || tx.xmin, ',' ORDER BY tx.id) FROM (
                SELECT tx.id, tx.xmin FROM payment_transaction tx
                 WHERE tx.payment_link_id = link.id
                 UNION ALL
                SELECT tx.id, tx.xmin FROM payment_transaction tx
                  JOIN account_invoice_transaction_rel rel ON rel.transaction_id = tx.id
                 WHERE rel.invoice_id = link.invoice_id
                 UNION ALL
                SELECT tx.id, tx.xmin FROM payment_transaction tx
                  JOIN sale_order_transaction_rel rel ON rel.transaction_id = tx.id
                 WHERE rel.sale_order_id = link.sale_order_id) tx)))
  FROM payment_link link
  JOIN res_partner partner ON partner.id = link.partner_id
  JOIN res_company company ON company.id = link.company_id
  JOIN res_partner business ON business.id = company.partner_id
  JOIN res_currency currency ON currency.id = link.currency_id
  LEFT JOIN payment_provider provider ON provider.id = link.provider_id
  LEFT JOIN account_move invoice ON invoice.id = link.invoice_id
  LEFT JOIN sale_order sale ON sale.id = link.sale_order_id
 WHERE link.token = %s AND link.state = 'active'
   AND (link.expires_at IS NULL OR link.expires_at > now() AT TIME ZONE 'UTC')
"""


class PageMark(NamedTuple):
    """What a payable page was made of: the same mark, the same page.

    :param link_id: the link's id
    :param lang: the language it speaks
    :param versions: of the rows, the templates and the translations that it shows
    """

    link_id: int
    lang: str
    versions: tuple


class KeptPage(NamedTuple):
    """A page as it is answered, but for the key of its forms: ``FORM_KEY`` stands there.

    :param style: the style sheet in it
    :param refresh: when to look again, as the ``Refresh`` header says it
    :param forms: where its forms may lead to
    """

    html: str
    style: str
    refresh: str
    forms: str


class PaymentLink(models.Model):
    """Payable pages are kept for a while, as long as nothing that they show has changed.

    A customer looks more than once, and the messenger that brings the link looks first. One query
    tells whether the kept page is still the right one; the click computes the amount anew anyway.
    """

    _inherit = "payment.link"

    @api.model
    def _mark_page(self, token, wanted):
        """Return the mark of a payable link's page; None where there is no such link.

        :param str token: as asked for
        :param list wanted: the languages that the browser asks for
        :rtype: PageMark | None
        """
        self.env.flush_all()
        # A statement that fails is not logged: the token in it is a key.
        self.env.cr.execute(SQL(MARK, token), log_exceptions=False)
        row = self.env.cr.fetchone()
        if not row:
            return None
        link_id, own, business, digest = row
        lang = self._choose_lang(own, wanted, business)
        registry = self.env.registry
        versions = (
            self.env.cr.dbname,
            token,
            digest,
            int(time.time() / KEEP_SECONDS),
            registry.registry_sequence,
            *registry.cache_sequences.values(),
        )
        return PageMark(link_id, lang, versions)

    @api.model
    def _get_kept_page(self, mark):
        """Return the page of this mark, if it is kept.

        :rtype: KeptPage | None
        """
        return _kept.get(mark)

    @api.model
    def _keep_page(self, mark, page):
        _kept[mark] = page


def forget():
    """Keep no page any more, in this process."""
    for mark in list(_kept):
        _kept.pop(mark, None)
