from odoo import api, fields, models
from odoo.tools import SQL

SECONDS_A_DAY = 24 * 60 * 60
MEASURES = frozenset(
    "hub_currency_id collected days_to_payment is_sent is_opened is_started is_paid".split()
)
GROUP = "serviceflow_paylinks.group_payments_view"


class PaymentLink(models.Model):
    """What the pivot and the graph count. Nothing is stored: SQL computes it where it is asked."""

    _inherit = "payment.link"

    hub_currency_id = fields.Many2one(
        "res.currency", compute="_compute_hub_currency_id", exportable=False
    )
    collected = fields.Monetary(
        compute="_compute_collected",
        currency_field="hub_currency_id",
        groups=GROUP,
        help="What was paid less what was refunded, in the company's currency at the rate of the"
        " day of the last payment.",
    )
    days_to_payment = fields.Float(
        "Days to Payment",
        compute="_compute_days_to_payment",
        aggregator="avg",
        groups=GROUP,
        help="From the first sending to the payment.",
    )
    is_sent = fields.Integer(
        "Sent Links",
        compute="_compute_stages",
        groups=GROUP,
        help="Sent from here, or opened by the customer though they were passed on another way.",
    )
    is_opened = fields.Integer("Opened Links", compute="_compute_stages", groups=GROUP)
    is_started = fields.Integer(
        "Payments Started",
        compute="_compute_stages",
        groups=GROUP,
        help="The customer pressed Pay.",
    )
    is_paid = fields.Integer("Paid Links", compute="_compute_stages", groups=GROUP)

    @api.depends_context("company")
    def _compute_hub_currency_id(self):
        self.hub_currency_id = self.env.company.currency_id

    @api.depends("amount_paid", "amount_refunded", "last_payment_at", "currency_id")
    @api.depends_context("company")
    def _compute_collected(self):
        company = self.env.company
        for link in self:
            day = (link.last_payment_at or fields.Datetime.now()).date()
            net = link.amount_paid - link.amount_refunded
            link.collected = link.currency_id._convert(net, company.currency_id, company, day)

    @api.depends("first_sent_at", "paid_at", "state")
    def _compute_days_to_payment(self):
        for link in self:
            timed = link.state == "paid" and link.first_sent_at and link.paid_at
            took = max((link.paid_at - link.first_sent_at).total_seconds(), 0) if timed else 0
            link.days_to_payment = took / SECONDS_A_DAY

    @api.depends("state", "attempt_count", "opened_at", "sent_at")
    def _compute_stages(self):
        for link in self.sudo():
            link.is_paid = int(link.state == "paid")
            link.is_started = int(link.is_paid or link.attempt_count > 0)
            link.is_opened = int(link.is_started or bool(link.opened_at))
            link.is_sent = int(link.is_opened or bool(link.sent_at))

    # -- the same in SQL, which is what makes them measures --

    def _field_to_sql(self, alias, field_expr, query=None):
        """Override of the ORM: how to compute, and so to sum up, what is not stored."""
        if field_expr not in MEASURES:
            return super()._field_to_sql(alias, field_expr, query)
        self._check_field_access(self._fields[field_expr], "read")

        def column(name):
            return self._field_to_sql(alias, name, query)

        return self._measure_to_sql(field_expr, column)

    @api.model
    def _measure_to_sql(self, name, column):
        """Return the expression of one measure.

        How far a link came includes what comes after: a link that was opened was passed on somehow,
        though nobody pressed Send.

        :param column: function of a stored field's name, returning its SQL
        """
        if name == "hub_currency_id":
            return SQL("%s", self.env.company.currency_id.id)
        if name == "collected":
            return self._collected_to_sql(column)
        paid = SQL("(%s = 'paid')", column("state"))
        if name == "days_to_payment":
            took = SQL("greatest(%s - %s, '0')", column("paid_at"), column("first_sent_at"))
            seconds = SQL("extract(epoch FROM %s)::float8", took)
            return SQL("CASE WHEN %s THEN %s / %s END", paid, seconds, SECONDS_A_DAY)
        started = SQL("(%s OR coalesce(%s, 0) > 0)", paid, column("attempt_count"))
        opened = SQL("(%s OR %s IS NOT NULL)", started, column("opened_at"))
        sent = SQL("(%s OR %s IS NOT NULL)", opened, column("sent_at"))
        stages = {"is_sent": sent, "is_opened": opened, "is_started": started, "is_paid": paid}
        return SQL("%s::int", stages[name])

    def _collected_to_sql(self, column):
        """Return what was collected, converted only where it was paid in another currency."""
        company = self.env.company
        day = SQL("coalesce(%s, now() AT TIME ZONE 'UTC')::date", column("last_payment_at"))
        return SQL(
            """(%(paid)s - %(refunded)s) * CASE WHEN %(own)s = %(currency)s THEN 1
               ELSE %(rate)s / %(own_rate)s END""",
            paid=column("amount_paid"),
            refunded=column("amount_refunded"),
            own=column("currency_id"),
            currency=company.currency_id.id,
            rate=self._rate_to_sql(SQL("%s", company.currency_id.id), day),
            own_rate=self._rate_to_sql(column("currency_id"), day),
        )

    def _rate_to_sql(self, currency, day):
        """Return a currency's rate on a day.

        As ``_get_rates`` of odoo/addons/base/models/res_currency.py: the last one by that day, else
        the first there is.
        """
        return SQL(
            """coalesce(
                (SELECT rate FROM res_currency_rate
                  WHERE currency_id = %(currency)s
                    AND (company_id IS NULL OR company_id = %(company)s)
               ORDER BY name > %(day)s, company_id,
                        CASE WHEN name <= %(day)s THEN name END DESC, name LIMIT 1), 1)""",
            currency=currency,
            company=self.env.company.root_id.id,
            day=day,
            to_flush=self.env["res.currency.rate"]._fields["rate"],
        )
