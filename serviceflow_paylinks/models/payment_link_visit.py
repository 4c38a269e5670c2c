import logging

from odoo import fields, models
from odoo.exceptions import ConcurrencyError
from odoo.tools import SQL
from psycopg2 import OperationalError

from ..exceptions import ProcessorError

_logger = logging.getLogger(__name__)


class PaymentLink(models.Model):
    """What the customer's visits leave behind."""

    _inherit = "payment.link"

    last_opened_at = fields.Datetime(
        "Last Opened",
        readonly=True,
        copy=False,
        groups="serviceflow_paylinks.group_payments_view",
    )
    robot_open_count = fields.Integer(
        "Opened by Robots",
        readonly=True,
        copy=False,
        groups="serviceflow_paylinks.group_payments_view",
        help="Previews, scanners and browsers that fetched the page ahead.",
    )

    def _count_open(self, robot=False):
        """Count one visit; one statement, and no wait, neither for a click that holds the row nor
        for the disk: what a crash of the database would lose is the count of that moment.

        :param bool robot: kept apart, and no sign that the customer has seen the link
        """
        self.env.flush_all()
        seen = SQL("robot_open_count = coalesce(robot_open_count, 0) + 1")
        if not robot:
            seen = SQL(
                "open_count = coalesce(open_count, 0) + 1,"
                " opened_at = coalesce(opened_at, %(now)s), last_opened_at = %(now)s",
                now=fields.Datetime.now(),
            )
        self.env.execute_query(
            SQL(
                """
                UPDATE payment_link SET %s
                 WHERE id = (SELECT id FROM payment_link WHERE id = %s
                                FOR NO KEY UPDATE SKIP LOCKED)
                RETURNING set_config('synchronous_commit', 'off', true)
                """,
                seen,
                self.id,
            )
        )
        self.invalidate_recordset(["open_count", "opened_at", "last_opened_at", "robot_open_count"])
        if not robot:
            self._note_messages_opened()

    def _welcome_back(self, checkout_ref="", cancelled=False):
        """The customer returns from the processor's page: ask how it went, if that is open yet.

        :param str checkout_ref: the checkout that the customer comes from; only an attempt of this
            very link is asked about
        :param bool cancelled: came by the processor's way back, which names no checkout
        """
        attempts = self.transaction_ids.filtered(lambda tx: tx.state in ("draft", "pending"))
        if cancelled:
            attempt = attempts.filtered(lambda tx: tx.checkout_open and tx.checkout_ref)[-1:]
        else:
            attempt = attempts.filtered(lambda tx: tx.checkout_ref == checkout_ref)
        try:
            if attempt:
                attempt._look_at_checkout()
        except (OperationalError, ConcurrencyError):
            raise  # Odoo runs the request again.
        except ProcessorError as error:
            attempt._postpone_check(error)  # The webhook or the schedule will tell.
        except Exception:
            # The customer has paid and must see our page; the schedule tries again.
            self.env.cr.rollback()
            _logger.exception("The return to link %s failed.", self.name)
