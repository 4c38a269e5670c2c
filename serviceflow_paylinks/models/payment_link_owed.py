from odoo import fields, models
from odoo.tools import SQL

# As the domain IN_FLIGHT of payment_link_amount.py; word for word as in the index on
# payment.transaction, so that PostgreSQL knows it again.
IN_FLIGHT = (
    "(state IN ('pending', 'authorized')"
    " OR (state = 'done' AND is_post_processed IS NOT TRUE AND payment_id IS NULL))"
)


class PaymentLink(models.Model):
    """What active links may still ask for, as SQL: ``_compute_amount`` for any number of links."""

    _inherit = "payment.link"

    def _join_owed(self, query):
        """Join what a link's amount depends on, and return the amount's two limits: the smaller is
        the field ``amount`` of an active link, but for what the processor would round.

        :param Query query: a query on links
        :return: (what was agreed and is not paid yet, what the document owes), as SQL; NULL where
            there is no agreement, or no document, and below zero where more came
        """
        link = query.table
        invoice = query.left_join(link, "invoice_id", "account_move", "id", "invoice")
        order = query.left_join(link, "sale_order_id", "sale_order", "id", "order")
        flying = self._join_in_flight(query, link)
        agreed = SQL(
            """CASE WHEN %(link)s.deposit_follows THEN %(deposit_due)s
                    WHEN %(link)s.amount_policy = 'fixed'
                    THEN %(link)s.amount_fixed - coalesce(%(link)s.amount_paid, 0) END""",
            link=SQL.identifier(link),
            deposit_due=self._deposit_due(order),
        )
        due = SQL(
            """CASE %(link)s.purpose
                    WHEN 'invoice' THEN %(invoice_due)s - coalesce(%(flying)s.amount, 0)
                    WHEN 'deposit' THEN %(order_due)s END""",
            link=SQL.identifier(link),
            invoice_due=self._invoice_due(invoice, link),
            order_due=self._order_due(order, link),
            flying=SQL.identifier(flying),
        )
        return agreed, due

    def _join_in_flight(self, query, link):
        """Join what is on its way to each invoice.

        Few attempts are, and an index knows them; the array keeps PostgreSQL, which expects many,
        from reading all the others.
        """
        flying = query.make_alias(link, "flying")
        table = SQL(
            """(SELECT rel.invoice_id, sum(tx.amount) AS amount
                  FROM account_invoice_transaction_rel rel
                  JOIN payment_transaction tx ON tx.id = rel.transaction_id
                 WHERE rel.transaction_id = ANY(ARRAY(
                       SELECT id FROM payment_transaction
                        WHERE %s AND coalesce(operation, '') NOT IN ('refund', 'validation')))
              GROUP BY rel.invoice_id)""",
            SQL(IN_FLIGHT),
        )
        condition = SQL(
            "%s = %s", SQL.identifier(flying, "invoice_id"), SQL.identifier(link, "invoice_id")
        )
        query.add_join("LEFT JOIN", flying, table, condition)
        return flying

    def _invoice_due(self, invoice, link):
        """Return what an invoice owes today, less an early-payment discount.

        As ``_paylinks_amount_due`` of account.move.
        """
        return SQL(
            """CASE WHEN %(invoice)s.state != 'posted' OR %(invoice)s.move_type != 'out_invoice'
                      OR %(invoice)s.payment_state IN ('paid', 'in_payment', 'reversed')
                      OR %(invoice)s.currency_id != %(link)s.currency_id THEN 0
                    WHEN %(invoice)s.amount_residual = %(invoice)s.amount_total
                     AND %(invoice)s.invoice_payment_term_id IN (
                         SELECT id FROM account_payment_term WHERE early_discount)
                    THEN coalesce(
                        (SELECT line.discount_amount_currency FROM account_move_line line
                          WHERE line.move_id = %(invoice)s.id
                            AND line.display_type = 'payment_term'
                            AND line.discount_date >= %(today)s LIMIT 1),
                        %(invoice)s.amount_residual)
                    ELSE %(invoice)s.amount_residual END""",
            invoice=SQL.identifier(invoice),
            link=SQL.identifier(link),
            today=fields.Date.context_today(self),
        )

    def _order_due(self, order, link):
        """Return what is not paid of an order. As ``_paylinks_amount_due`` of sale.order, less what
        is in flight."""
        return SQL(
            """CASE WHEN %(order)s.state = 'cancel' OR %(order)s.currency_id != %(link)s.currency_id
                    THEN 0 ELSE %(order)s.amount_total - %(paid)s END""",
            order=SQL.identifier(order),
            link=SQL.identifier(link),
            paid=self._order_paid(order),
        )

    def _deposit_due(self, order):
        """Return what is not paid of the deposit that an order asks for. As ``_get_deposit_due`` of
        sale.order, less what is in flight."""
        return SQL(
            """CASE WHEN %(order)s.require_payment
                    THEN CASE WHEN %(order)s.prepayment_type = 'fixed'
                              THEN least(%(order)s.prepayment_amount, %(order)s.amount_total)
                              ELSE round((%(order)s.amount_total * %(order)s.prepayment_percent)
                                         ::numeric, 2) END - %(paid)s
                    ELSE 0 END""",
            order=SQL.identifier(order),
            paid=self._order_paid(order),
        )

    def _order_paid(self, order):
        """Return what is paid of an order, or in flight. As ``_paylinks_get_paid`` of orders."""
        return SQL(
            """(SELECT greatest(
                         coalesce(sum(amount) FILTER (WHERE state IN ('authorized', 'done')), 0),
                         (SELECT coalesce(sum(
                                    CASE move_type WHEN 'out_refund' THEN -1 ELSE 1 END
                                    * (move.amount_total - move.amount_residual)), 0)
                            FROM account_move move
                           WHERE move.state = 'posted'
                             AND move.move_type IN ('out_invoice', 'out_refund')
                             AND move.currency_id = %(order)s.currency_id
                             AND move.id IN (
                                 SELECT line.move_id
                                   FROM sale_order_line ordered
                                   JOIN sale_order_line_invoice_rel lines
                                     ON lines.order_line_id = ordered.id
                                   JOIN account_move_line line ON line.id = lines.invoice_line_id
                                  WHERE ordered.order_id = %(order)s.id)))
                     + coalesce(sum(amount) FILTER (
                           WHERE %(flying)s
                             AND coalesce(operation, '') NOT IN ('refund', 'validation')), 0)
                  FROM payment_transaction
                  JOIN sale_order_transaction_rel rel
                    ON rel.transaction_id = payment_transaction.id
                 WHERE rel.sale_order_id = %(order)s.id)""",
            order=SQL.identifier(order),
            flying=SQL(IN_FLIGHT),
        )
