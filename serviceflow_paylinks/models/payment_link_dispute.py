from odoo import api, fields, models

STATES = [
    ("warning_needs_response", "Inquiry: needs an answer"),
    ("warning_under_review", "Inquiry: under review"),
    ("warning_closed", "Inquiry closed"),
    ("needs_response", "Needs an answer"),
    ("under_review", "Under review"),
    ("won", "Won"),
    ("lost", "Lost"),
    ("prevented", "Prevented"),
]
OPEN = ("warning_needs_response", "warning_under_review", "needs_response", "under_review")
ANSWERABLE = ("warning_needs_response", "needs_response")


class PaymentLinkDispute(models.Model):
    """A dispute: the customer's bank asks for the money back, and often takes it.

    A row of its own, since a payment may be disputed more than once. What the money did is booked
    by a manager's approval: ``payment_link_dispute_books.py``.
    """

    _name = "payment.link.dispute"
    _description = "Payment Dispute"
    _order = "id desc"
    _rec_name = "ref"

    link_id = fields.Many2one(
        "payment.link", required=True, readonly=True, index=True, ondelete="restrict"
    )
    transaction_id = fields.Many2one(
        "payment.transaction", "Payment", required=True, readonly=True, ondelete="restrict"
    )
    company_id = fields.Many2one(related="link_id.company_id")
    partner_id = fields.Many2one(related="link_id.partner_id")
    provider_id = fields.Many2one("payment.provider", required=True, readonly=True)
    ref = fields.Char("Dispute", required=True, readonly=True)
    state = fields.Selection(STATES, "Status", required=True, readonly=True)
    reason = fields.Char(readonly=True)
    currency_id = fields.Many2one("res.currency", required=True, readonly=True)
    amount = fields.Monetary("Disputed", readonly=True)
    due_by = fields.Datetime("Answer By", readonly=True, help="Until when Stripe takes evidence.")
    movements = fields.Integer(readonly=True)
    withdrawn = fields.Monetary(readonly=True, help="What Stripe took and did not give back.")
    fee = fields.Monetary("Stripe's Fee", readonly=True, currency_field="fee_currency_id")
    fee_currency_id = fields.Many2one("res.currency", required=True, readonly=True)

    _ref_unique = models.UniqueIndex("(provider_id, ref)", "This dispute is known already.")
    _transaction_idx = models.Index("(transaction_id)")

    def action_open(self):
        """Open the dispute.

        :raise AccessError: the user may not see it
        """
        self.ensure_one()
        self.check_access("read")
        return self._get_records_action()

    @api.model
    def _take_over(self, attempt, dispute):
        """Make or bring up to date the row of a dispute. Only ever moves forward.

        :param attempt: the disputed `payment.transaction`, locked
        :param Dispute dispute: as the processor sees it
        :return: the row, and whether it is news
        """
        known = self.search(
            [("provider_id", "=", attempt.provider_id.id), ("ref", "=", dispute.ref)]
        )
        closed = known.state not in OPEN and dispute.status in OPEN
        if known and (
            dispute.movements < known.movements or (closed and dispute.movements == known.movements)
        ):
            return known, False  # An answer that was overtaken on its way.
        values = known._read_dispute(attempt, dispute)
        if not known:
            return self.create(values), True
        before = (known.state, known.movements)
        known.write(values)
        return known, before != (known.state, known.movements)

    def _read_dispute(self, attempt, dispute):
        """Return the values of a row for a dispute of the processor's."""
        provider = attempt.provider_id
        fee_currency = (
            self.env["res.currency"]
            .with_context(active_test=False)
            .search([("name", "=", dispute.fee_currency)], limit=1)
            or attempt.currency_id
        )

        def major(amount, currency):
            return float(provider._paylinks_from_minor(amount, currency))

        status = dispute.status if dispute.status in dict(STATES) else "under_review"
        return {
            "link_id": attempt.payment_link_id.id,
            "transaction_id": attempt.id,
            "provider_id": provider.id,
            "ref": dispute.ref,
            "state": status,
            "reason": dispute.reason.replace("_", " ").capitalize(),
            "currency_id": attempt.currency_id.id,
            "amount": major(dispute.amount, attempt.currency_id),
            "due_by": dispute.due_by,
            "movements": dispute.movements,
            "withdrawn": major(dispute.withdrawn, attempt.currency_id),
            "fee": major(dispute.fee, fee_currency),
            "fee_currency_id": fee_currency.id,
        }

    def _announce(self):
        """Tell staff how the dispute stands: one activity for it, due when the answer is."""
        self.ensure_one()
        labels = dict(self._fields["state"]._description_selection(self.env))
        self.link_id._log_history(
            self.env._(
                "Dispute %(ref)s over %(amount)s: %(state)s.",
                ref=self.ref,
                amount=self.currency_id.format(self.amount),
                state=labels[self.state],
            )
        )
        summary = self.env._("Dispute")
        self.link_id._unflag(summary, self.ref)
        note = self._describe()
        if not note:
            return
        self.link_id._flag(summary, note, self.ref)
        if self.due_by and self.state in ANSWERABLE:
            activities = self.link_id.activity_ids
            activities.filtered(lambda a: self.ref in (a.summary or "")).write(
                {"date_deadline": fields.Date.to_date(self.due_by)}
            )

    def _describe(self):
        """Return in words what a person has to do about the dispute; empty if nothing."""
        amount = self.currency_id.format(self.amount)
        if self.state in ANSWERABLE:
            what = self.env._(
                "The customer's bank disputes %(amount)s (%(reason)s). Answer in Stripe's"
                " dashboard until %(due)s, or the money is lost.",
                amount=amount,
                reason=self.reason or "?",
                due=fields.Date.to_string(self.due_by) if self.due_by else "?",
            )
        elif self.state in OPEN:
            what = self.env._("The bank decides about the dispute over %s.", amount)
        elif self.state == "lost":
            what = self.env._("The dispute over %s is lost.", amount)
        elif self.state == "won":
            what = self.env._("The dispute over %s is won.", amount)
        else:
            what = ""
        if self._has_to_book():
            what += " " + self.env._(
                "Stripe has moved money: look at it under Disputes on the link and press “Book”."
            )
        elif self.state in ("won", "prevented", "warning_closed"):
            return ""
        return what.strip()


class PaymentTransaction(models.Model):
    _inherit = "payment.transaction"

    def _look_at_disputes(self):
        """Ask the processor for the attempt's disputes, and apply the answer.

        :return: a line on what was set aside, or a falsy value
        """
        self.ensure_one()
        disputes = self._get_processor().look_at_disputes(self.provider_reference)
        self._begin_anew()
        return self._apply_disputes(disputes)

    def _apply_disputes(self, disputes):
        """Bring the attempt's disputes in Odoo in line with the processor's.

        Safe to call any number of times, in any order, from any number of processes.

        :param list[Dispute] disputes: as the processor sees them; some or all
        :return: a line on what was set aside, or an empty string
        """
        self.ensure_one()
        attempt = self._with_system_user()
        attempt._lock_checkout()
        rows = attempt.env["payment.link.dispute"]
        for dispute in disputes:
            if dispute.live != attempt.is_live or dispute.currency != attempt.currency_id.name:
                problem = self.env._("dispute %s does not fit: currency or mode", dispute.ref)
                attempt._set_aside(problem)
                return problem
            row, is_news = rows._take_over(attempt, dispute)
            if is_news:
                row._announce()
        attempt.payment_link_id._refresh_dispute_state()
        return ""


class PaymentLink(models.Model):
    _inherit = "payment.link"

    dispute_ids = fields.One2many(
        "payment.link.dispute",
        "link_id",
        "Disputes",
        readonly=True,
        groups="serviceflow_paylinks.group_payments_view",
    )
    # Written when a dispute is heard of: nothing to compute for a new link.
    dispute_state = fields.Selection(
        [("open", "Disputed"), ("lost", "Dispute lost"), ("won", "Dispute won")],
        "Dispute",
        readonly=True,
        copy=False,
        groups="serviceflow_paylinks.group_payments_view",
    )

    _in_dispute_idx = models.Index("(invoice_id) WHERE dispute_state = 'open'")

    def _refresh_dispute_state(self):
        """Sum the link's disputes up: an open one first, then a lost one. An inquiry that was
        closed, or a dispute that giving the money back prevented, was neither lost nor won."""
        for link in self.sudo():
            states = set(link.dispute_ids.mapped("state"))
            if states & set(OPEN):
                state = "open"
            else:
                state = next((state for state in ("lost", "won") if state in states), False)
            if link.dispute_state != state:
                link.dispute_state = state

    def _is_in_dispute(self):
        """Whether a payment of the link, or of another one of its invoice or order, is disputed."""
        self.ensure_one()
        link = self.sudo()
        links = link | link.invoice_id.payment_link_ids
        if order := link.sale_order_id:
            links |= link.search([("sale_order_id", "=", order.id)])
        return "open" in links.mapped("dispute_state")
