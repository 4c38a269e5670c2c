import logging
from datetime import timedelta

from odoo import SUPERUSER_ID, api, fields, models
from odoo.exceptions import ConcurrencyError, UserError
from psycopg2 import OperationalError

_logger = logging.getLogger(__name__)

# What is sent by itself waits a little: staff may be about to send the invoice, or book a payment.
GRACE = timedelta(minutes=5)
BATCH = 100
# Where invoices stand that were posted in this transaction: {(user id, superuser mode): [ids]}.
POSTED = "serviceflow_paylinks.posted"


class AccountMove(models.Model):
    """Links that make and send themselves with the invoice."""

    _inherit = "account.move"

    paylinks_auto_at = fields.Datetime(
        copy=False, help="When to make this invoice's link, should it still be unpaid by then."
    )

    _paylinks_auto_idx = models.Index("(paylinks_auto_at) WHERE paylinks_auto_at IS NOT NULL")

    def _post(self, soft=True):
        posted = super()._post(soft)
        posted._paylinks_post_links()
        return posted

    def _paylinks_post_links(self):
        """Make the links of invoices that were just posted, where the settings say so.

        They are made together when the transaction is about to be committed, or as soon as
        somebody looks for links: invoices are often posted one by one, and a batch costs little
        more than one. An invoice of an earlier day may be the import of one that was paid long
        ago: its payment is awaited first. Nothing in here fails the posting, nor calls anybody.
        """
        moves = self.filtered(
            lambda move: (
                move.move_type == "out_invoice"
                and move.state == "posted"
                and move.company_id.paylinks_auto_create
                and not move._paylinks_is_paid()
            )
        )
        if not moves:
            return
        today = fields.Date.context_today(self)
        late = moves.filtered(lambda move: move.invoice_date and move.invoice_date < today)
        late.sudo().paylinks_auto_at = fields.Datetime.now() + GRACE
        (moves - late)._paylinks_generate_soon()

    def _paylinks_generate_soon(self):
        if not self:
            return
        precommit = self.env.cr.precommit
        if POSTED not in precommit.data:
            precommit.data[POSTED] = {}
            precommit.add(self.browse()._paylinks_generate_posted)
        precommit.data[POSTED].setdefault((self.env.uid, self.env.su), []).extend(self.ids)
        # Whoever reads them searches for them, and so has them made.
        self.invalidate_recordset(["payment_link_ids", "payment_link_count"], flush=False)

    @api.model
    def _paylinks_generate_posted(self):
        """Make the links of the invoices that were posted in this transaction so far."""
        posted = self.env.cr.precommit.data.pop(POSTED, {})
        # What goes wrong here is not ours, and must fail.
        self.env.flush_all()
        for (uid, su), ids in posted.items():
            moves = self.sudo().browse(dict.fromkeys(ids)).exists()
            due = moves.filtered(
                lambda move: move.state == "posted" and not move._paylinks_is_paid()
            )
            due.with_env(self.env(user=uid, su=su))._paylinks_auto_generate()

    def _paylinks_auto_generate(self):
        """Make the links, and put them into the outbox where the settings say so."""
        for company, moves in self.sudo().grouped("company_id").items():
            try:
                with self.env.cr.savepoint():
                    moves._paylinks_auto_generate_in(company)
            except OperationalError:
                raise  # Odoo runs the whole posting again.
            except (UserError, ConcurrencyError):
                # Somebody else made the link at this moment.
                _logger.info("Payment links were not made with their invoices.")
            except Exception:
                _logger.exception("Payment links could not be made with their invoices.")

    def _paylinks_auto_generate_in(self, company):
        provider = self.env["payment.provider"]._paylinks_of_company(company)
        if not provider.stripe_secret_key:
            return  # Nobody could pay them; Settings say so.
        links, refused = self._paylinks_generate_where_possible()
        self.browse([move.id for move in refused])._message_log_batch(
            {
                move.id: self.env._("No payment link was made: %s", why)
                for move, why in refused.items()
            }
        )
        if channels := company.paylinks_auto_send:
            unsent = links.filtered(lambda link: not link.sent_at)
            old = unsent._leave_old(channels)
            (unsent - old)._ask_to_send(
                channels, automatic=True, scheduled_at=fields.Datetime.now() + GRACE
            )

    def _paylinks_generate_where_possible(self):
        """Make or find the links; what is wrong with one invoice keeps no other from its link.

        :return: as ``_generate_payment_links``
        """
        links, refused = self.env["payment.link"], {}
        for user_id, moves in self.grouped(lambda move: move._paylinks_get_maker()).items():
            try:
                with self.env.cr.savepoint():
                    some, why = moves._generate_payment_links(user_id=user_id)
            except UserError as error:
                if len(moves) == 1:
                    some, why = self.env["payment.link"], {moves: str(error)}
                else:
                    some, why = moves._paylinks_generate_one_by_one()
            links |= some
            refused.update(why)
        return links, refused

    def _paylinks_generate_one_by_one(self):
        links, refused = self.env["payment.link"], {}
        for move in self:
            some, why = move._paylinks_generate_where_possible()
            links |= some
            refused.update(why)
        return links, refused

    def _paylinks_get_maker(self):
        """Return whose link it is that comes with the invoice: a person's, who can be told of it.

        :return: the id of a user
        """
        seller = self.invoice_user_id
        if self.env.uid == SUPERUSER_ID and seller.active and not seller.share:
            return seller.id
        return self.env.uid

    @api.model
    def _paylinks_make_waiting_links(self):
        """For the schedule: the links of back-dated invoices that nobody has paid meanwhile."""
        while True:
            moves = self.search(
                [("paylinks_auto_at", "<=", fields.Datetime.now())],
                order="paylinks_auto_at",
                limit=BATCH,
            ).try_lock_for_update(allow_referencing=True)
            if not moves:
                return
            moves.paylinks_auto_at = False
            unpaid = moves.filtered(
                lambda move: move.state == "posted" and not move._paylinks_is_paid()
            )
            unpaid._paylinks_auto_generate()
            if not self.env["ir.cron"]._commit_progress(len(moves)):
                return
