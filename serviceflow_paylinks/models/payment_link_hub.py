from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import AccessError
from odoo.fields import Domain
from odoo.tools import SQL

EXPIRING_DAYS, PAID_DAYS, SENT_DAYS = 7, 30, 90
ADMINISTRATORS_NAMED = 3

# What each figure counts: as the filters of the same name in the hub's search view, word for word.
FIGURES = {
    "active": [
        ("state", "=", "active"),
        "|",
        ("expires_at", "=", False),
        ("expires_at", ">", "now"),
    ],
    "expiring": [
        ("state", "=", "active"),
        ("expires_at", ">", "now"),
        ("expires_at", "<=", f"now +{EXPIRING_DAYS}d"),
    ],
    "paid_recently": [("last_payment_at", ">=", f"now -{PAID_DAYS}d")],
    "sent_recently": [("state", "!=", "cancelled"), ("sent_at", ">=", f"now -{SENT_DAYS}d")],
    "sent_and_paid": [("state", "=", "paid"), ("sent_at", ">=", f"now -{SENT_DAYS}d")],
}
# What came through a link since some day: as `_compute_amount_paid`, without tips, and less what
# was given back of it. Most have one attempt, the last payment: they are read from the index alone.
CAME_SINCE = """
    CASE WHEN payment_link.attempt_count = 1
         THEN payment_link.amount_paid - payment_link.amount_refunded ELSE
    (SELECT sum(payment.amount - coalesce(payment.tip_amount, 0)
              + (SELECT coalesce(sum(refund.amount - coalesce(refund.tip_amount, 0)), 0)
                   FROM payment_transaction refund
                  WHERE refund.source_transaction_id = payment.id
                    AND refund.operation = 'refund' AND refund.state = 'done'))
       FROM payment_transaction payment
      WHERE payment.payment_link_id = payment_link.id AND payment.state = 'done'
        AND coalesce(payment.checkout_paid_at, payment.last_state_change) >= %s) END"""


class PaymentLink(models.Model):
    """What stands above the hub's list: figures, and whether Stripe is connected. In SQL: nothing
    of it grows with the links that are long paid or expired."""

    _inherit = "payment.link"

    # What the figures read, and nothing beside it.
    _open_figures_idx = models.Index(
        "(company_id, currency_id) INCLUDE (expires_at, purpose, invoice_id, sale_order_id,"
        " amount_policy, amount_fixed, amount_paid) WHERE state = 'active'"
    )
    # The first column of these is empty on a new link, which so costs nothing here.
    _money_figures_idx = models.Index(
        "(last_payment_at) INCLUDE (id, company_id, currency_id, attempt_count, amount_paid,"
        " amount_refunded) WHERE last_payment_at IS NOT NULL"
    )
    _sent_figures_idx = models.Index(
        "(sent_at) INCLUDE (company_id, state, paid_at, first_sent_at) WHERE sent_at IS NOT NULL"
    )

    @api.model
    @api.readonly
    def get_hub_overview(self):
        """Return the hub's figures and whether customers can pay, for the companies selected.

        Amounts are in the currency of the first company selected, at today's rate.

        :return: dict of ``currency_id``, ``has_links``, ``figures`` ({filter of the search view:
            dict of ``count`` and ``amount``, ``total`` or ``seconds``}) and ``connection``
        :raise AccessError: the user may not see payment links
        """
        if not self.env.su and not self.env.user.has_group(
            "serviceflow_paylinks.group_payments_view"
        ):
            raise AccessError(
                self.env._(
                    "You may not see payment links. Ask an administrator for the right “Payment"
                    " Links: View”."
                )
            )
        self.env.flush_all()
        return {
            "currency_id": self.env.company.currency_id.id,
            "has_links": bool(self.search(self._hub_domain([]), limit=1)),
            "figures": {
                **self._hub_outstanding(),
                "paid_recently": self._hub_paid(),
                **self._hub_sent(),
            },
            "connection": self._hub_connection(),
        }

    # -- the figures --

    def _hub_domain(self, domain):
        return Domain("company_id", "in", self.env.companies.ids) & Domain(domain)

    def _hub_outstanding(self):
        """Return what the customers of open links owe, and of those that expire soon: of several
        links of one document together, no more than the document owes."""
        query = self._search(self._hub_domain(FIGURES["active"]))
        agreed, due = self._join_owed(query)
        links = query.select(
            SQL("payment_link.currency_id"),
            SQL(
                """CASE payment_link.purpose WHEN 'invoice' THEN payment_link.invoice_id
                        WHEN 'deposit' THEN -payment_link.sale_order_id END AS document"""
            ),
            SQL("%s AS agreed", agreed),
            SQL("%s AS due", due),
            SQL(
                "payment_link.expires_at <= %s AS soon",
                fields.Datetime.now() + timedelta(days=EXPIRING_DAYS),
            ),
        )
        # LEAST leaves out what is NULL: no agreed amount, or no document.
        rows = self.env.execute_query(
            SQL(
                """SELECT currency_id, sum(links)::int, sum(greatest(0, least(owed, due))),
                          sum(soon_links)::int, sum(greatest(0, least(coalesce(soon_owed, 0), due)))
                     FROM (SELECT currency_id, max(due) AS due,
                                  count(*) AS links, sum(owed) AS owed,
                                  count(*) FILTER (WHERE soon) AS soon_links,
                                  sum(owed) FILTER (WHERE soon) AS soon_owed
                             FROM (SELECT *, greatest(0, least(agreed, due)) AS owed
                                     FROM (%s OFFSET 0) links) links
                         GROUP BY currency_id, document) documents
                 GROUP BY currency_id""",
                links,
            )
        )
        return {
            "active": {
                "count": sum(row[1] for row in rows),
                "amount": self._hub_convert((row[0], row[2]) for row in rows),
            },
            "expiring": {
                "count": sum(row[3] for row in rows),
                "amount": self._hub_convert((row[0], row[4]) for row in rows),
            },
        }

    def _hub_paid(self):
        """Return through how many links money came lately, and how much, less what was refunded of
        it: parts of an amount too, and those of links that have expired or were deleted since."""
        query = self._search(self._hub_domain(FIGURES["paid_recently"]))
        since = fields.Datetime.now() - timedelta(days=PAID_DAYS)
        query.groupby = SQL("payment_link.currency_id")
        rows = self.env.execute_query(
            query.select(
                SQL("payment_link.currency_id"),
                SQL("count(*)"),
                SQL("sum(%s)", SQL(CAME_SINCE, since)),
            )
        )
        return {
            "count": sum(row[1] for row in rows),
            "amount": self._hub_convert((row[0], row[2]) for row in rows),
        }

    def _hub_sent(self):
        """Return how many of the links sent lately were paid, and how long that took from the first
        sending."""
        query = self._search(self._hub_domain(FIGURES["sent_recently"]))
        took = SQL(
            "extract(epoch FROM greatest(payment_link.paid_at - payment_link.first_sent_at, '0'))"
            "::float8"
        )
        paid = SQL("payment_link.state = 'paid'")
        median = SQL("percentile_cont(0.5) WITHIN GROUP (ORDER BY %s)", took)
        [(total, count, seconds)] = self.env.execute_query(
            query.select(
                SQL("count(*)"),
                SQL("count(*) FILTER (WHERE %s)", paid),
                SQL("%s FILTER (WHERE %s)", median, paid),
            )
        )
        return {
            "sent_recently": {"count": count, "total": total},
            "sent_and_paid": {"count": count, "seconds": seconds},
        }

    def _hub_convert(self, amounts):
        """Return the sum in the main company's currency, at today's rate.

        :param amounts: pairs of a currency's id and an amount in it, or None
        :rtype: float
        """
        company, today = self.env.company, fields.Date.context_today(self)
        return sum(
            self.env["res.currency"]
            .browse(currency_id)
            ._convert(amount or 0.0, company.currency_id, company, today)
            for currency_id, amount in amounts
        )

    # -- whether customers can pay --

    def _hub_connection(self):
        """Return whether the selected companies are connected to the processor.

        :return: dict of ``state`` (missing, test or live), the ``companies`` it is so for,
            ``may_connect``, and the ``administrators`` to ask where the user may not
        """
        missing, test = [], []
        for company in self.env.companies:
            provider = self.env["payment.provider"]._paylinks_of_company(company)
            if not provider.stripe_secret_key:
                missing.append(company.name)
            elif not provider._paylinks_is_live():
                test.append(company.name)
        may_connect = self._hub_may_connect()
        return {
            "state": "missing" if missing else "test" if test else "live",
            "companies": missing or test,
            "several": len(self.env.companies) > 1,
            "may_connect": may_connect,
            "administrators": [] if may_connect or not missing else self._hub_administrators(),
        }

    def _hub_may_connect(self):
        """Whether the user may open the settings."""
        return self.env["res.config.settings"].has_access("create")

    def _hub_administrators(self):
        """Return the names of those who may open the settings: a few of them."""
        users = self.env.ref("base.group_system").sudo().all_user_ids
        users = users.filtered(lambda user: user.active and not user.share)
        return users[:ADMINISTRATORS_NAMED].mapped("name")
