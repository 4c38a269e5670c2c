import logging

from odoo import api, fields, models
from odoo.exceptions import ConcurrencyError
from odoo.fields import Domain
from odoo.tools import SQL
from psycopg2 import OperationalError

from ..exceptions import ProcessorError

_logger = logging.getLogger(__name__)

# Any of the ids that a notification tells may lead to the attempt.
KINDS = [
    ("checkout", "Checkout"),
    ("payment", "Payment"),
    ("refund", "Refund"),
    ("dispute", "Dispute"),
    ("other", "Other"),
]


class PaymentLinkEvent(models.Model):
    """The ledger of the processor's notifications: each event once, with what became of it.

    A row is written and committed before it is processed, so a failure is never lost: the schedule
    tries again. Payloads are not kept; the present state is asked from the processor.
    """

    _name = "payment.link.event"
    _description = "Payment Link Event"
    _order = "id desc"
    _rec_name = "event_ref"

    provider_id = fields.Many2one("payment.provider", required=True, ondelete="cascade")
    company_id = fields.Many2one(related="provider_id.company_id")
    event_ref = fields.Char("Event", required=True)
    event_type = fields.Char("Type", required=True)
    kind = fields.Selection(KINDS, required=True)
    object_ref = fields.Char("Object")
    payment_ref = fields.Char("Payment")
    attempt_key = fields.Char(groups="base.group_system")
    origin = fields.Char(groups="base.group_system")
    live = fields.Boolean()
    account = fields.Char()
    state = fields.Selection(
        [
            ("received", "Received"),
            ("done", "Done"),
            ("ignored", "Ignored"),
            ("failed", "Failed"),
        ],
        required=True,
        default="received",
    )
    error = fields.Char("Why")
    transaction_id = fields.Many2one(
        "payment.transaction", ondelete="set null", index="btree_not_null"
    )

    link_id = fields.Many2one(related="transaction_id.payment_link_id", string="Payment Link")
    swept = fields.Boolean(
        "Missed by the Webhook", help="Found in Stripe's list of events instead of delivered."
    )

    _event_unique = models.UniqueIndex(
        "(provider_id, event_ref)", "This event is in the ledger already."
    )
    _open_idx = models.Index("(id) WHERE state IN ('received', 'failed')")
    _recent_idx = models.Index("(provider_id, id DESC)")
    _settled_idx = models.Index("(create_date) WHERE state IN ('done', 'ignored')")

    @api.model
    def _receive(self, provider, notification):
        """Write a verified notification into the ledger, once, and process it.

        Commits the row first. Safe for the same event any number of times at once.

        :param provider: the `payment.provider` whose endpoint it came to
        :param Notification notification: verified
        """
        event = self._store(provider, notification)
        if event.swept:
            event.swept = False  # It came in the end: the endpoint works.
        # pylint: disable-next=invalid-commit
        self.env.cr.commit()
        if event.state in ("received", "failed"):
            event._process()
        return event

    def _store(self, provider, notification, swept=False):
        """Insert the row, or find the one that is there.

        :param bool swept: found in the processor's list, not delivered
        """
        self.env.cr.execute(
            SQL(
                """
                INSERT INTO payment_link_event (provider_id, event_ref, event_type, kind,
                    object_ref, payment_ref, attempt_key, origin, live, account, swept, state,
                    create_uid, write_uid, create_date, write_date)
                VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, 'received', 1, 1,
                    now() AT TIME ZONE 'UTC', now() AT TIME ZONE 'UTC')
                ON CONFLICT (provider_id, event_ref) DO NOTHING
                RETURNING id
                """,
                provider.id,
                notification.event_ref,
                notification.event_type,
                notification.kind,
                notification.object_ref,
                notification.payment_ref or None,
                notification.key or None,
                notification.origin or None,
                notification.live,
                notification.account or None,
                swept,
            ),
            log_exceptions=False,  # The same event at once: Odoo runs the request again.
        )
        return self.search(
            [("provider_id", "=", provider.id), ("event_ref", "=", notification.event_ref)]
        )

    def _process(self):
        """Act on the event and write down what became of it."""
        self.ensure_one()
        try:
            state, error = self._handle()
        except (OperationalError, ConcurrencyError):
            raise  # Odoo runs the request, or the schedule its batch, again.
        except ProcessorError as problem:
            _logger.warning("Event %s failed: %s", self.event_ref, problem)
            self._fail(str(problem))
        except Exception as problem:
            # Nothing half-done stays, but the ledger's row does.
            self.env.cr.rollback()
            self.invalidate_recordset()
            _logger.exception("Event %s failed.", self.event_ref)
            self._fail(type(problem).__name__)
        else:
            self.write({"state": state, "error": error})
            self._call_nobody_any_more()

    def _handle(self):
        """Find the attempt and let its checkout's present state be applied.

        :return: (state, why)
        """
        if self.account:
            return "ignored", self.env._("for a connected account")
        attempt = self._find_attempt()
        if self.live != (attempt.is_live if attempt else self.provider_id._paylinks_is_live()):
            return "ignored", self.env._("of the other mode (test or live)")
        if not attempt and (self.kind in ("refund", "dispute") or self._may_be_forgotten()):
            attempt = self._find_attempt_at_processor()
        if not attempt:
            return "ignored", self.env._("of no attempt of ours")
        if attempt._is_of_the_original():
            return "ignored", self.env._("for the original of this copy of the database")
        self.transaction_id = attempt
        problem = self._look(attempt)
        return ("failed", problem) if problem else ("done", False)

    def _may_be_forgotten(self):
        """Whether the event tells a link of ours whose attempt may be lost."""
        links = self.env["payment.link"]
        return bool(self.origin and links._find_by_origin(self.provider_id, self.origin))

    def _find_attempt_at_processor(self):
        """Return the attempt of a payment that we have not heard of yet: money that went back
        before the message that it had come, or that came before this database was restored."""
        processor, checkout = self.provider_id._paylinks_get_processor(), None
        if self.kind == "checkout":
            checkout = processor.look_at_checkout(self.object_ref)
        elif self.payment_ref:
            checkout = processor.find_checkout(self.payment_ref)
        attempts = self.env["payment.transaction"].sudo()
        if not checkout or not checkout.key:
            return attempts
        attempt = attempts.search(
            [
                ("checkout_key", "=", checkout.key),
                ("provider_id", "=", self.provider_id.id),
                ("payment_link_id", "!=", False),
            ]
        )
        return attempt or self.env["payment.link"]._recover_attempt(self.provider_id, checkout)

    def _find_attempt(self):
        """Return the attempt that the event is about; an empty record where it is none of ours."""
        attempts = self.env["payment.transaction"].sudo()
        ours = Domain("provider_id", "=", self.provider_id.id) & Domain(
            "payment_link_id", "!=", False
        )
        ways = [("checkout_key", self.attempt_key)]
        if self.kind == "checkout":
            ways.insert(0, ("checkout_ref", self.object_ref))
        if self.payment_ref:
            ways.append(("provider_reference", self.payment_ref))
        for field, value in ways:
            attempt = value and attempts.search(ours & Domain(field, "=", value), limit=1)
            if attempt:
                return attempt
        return attempts

    def _look(self, attempt):
        """Apply the present state of what the event is about.

        :return: a line on what was set aside, or a falsy value
        """
        if self.kind not in ("refund", "dispute"):
            return self._look_at_checkout(attempt)
        if attempt.state != "done" and (problem := self._look_at_checkout(attempt)):
            return problem
        if self.kind == "refund":
            return attempt._look_at_refunds()
        return attempt._look_at_disputes()

    def _look_at_checkout(self, attempt):
        if attempt.checkout_ref:
            return attempt._look_at_checkout()
        # The answer to our call was lost: the event tells which checkout it opened.
        processor = attempt.provider_id._paylinks_get_processor()
        if self.kind == "checkout":
            return attempt._apply_checkout(processor.look_at_checkout(self.object_ref))
        checkout = processor.find_checkout(self.payment_ref)
        return attempt._apply_checkout(checkout) if checkout else attempt._look_at_checkout()
