from decimal import Decimal

from odoo import api, fields, models

from ..exceptions import ChoiceError


class PaymentLink(models.Model):
    """A tip on top of what is paid, where the business takes tips."""

    _inherit = "payment.link"

    amount_tip = fields.Monetary(
        "Tips",
        compute="_compute_amount_tip",
        compute_sudo=True,
        help="Paid on top, and not given back since.",
    )

    @api.depends(
        "transaction_ids.state",
        "transaction_ids.tip_amount",
        "transaction_ids.child_transaction_ids.state",
        "transaction_ids.child_transaction_ids.tip_amount",
    )
    def _compute_amount_tip(self):
        for link in self:
            paid = link.transaction_ids.filtered(lambda tx: tx.state == "done")
            refunds = paid.child_transaction_ids.filtered(
                lambda tx: tx.operation == "refund" and tx.state == "done"
            )
            link.amount_tip = sum((paid + refunds).mapped("tip_amount"))

    def _offers_tips(self):
        """Whether the customer may add a tip.

        Not to a deposit: nothing has been done yet, and the order would count it as paid.
        """
        self.ensure_one()
        company = self.company_id.sudo()
        return bool(
            self.purpose != "deposit"
            and company.paylinks_tips
            and company._paylinks_usable_tip_account(
                company.paylinks_tip_account_id, self.currency_id
            )
        )

    def _get_tip_offers(self, owed):
        """Return the tips to choose from: [(percent, Decimal amount)].

        :param Decimal owed: what may be asked for now
        """
        percents = self.company_id.sudo()._paylinks_read_tip_presets() or []
        offers = [(percent, self._chargeable(owed * percent / 100)) for percent in percents]
        return [(percent, amount) for percent, amount in offers if amount]

    def _settle_tip(self, amount, tip):
        """Return the tip to ask for on top of an amount.

        :param Decimal amount: what is asked for
        :param Decimal tip: what was chosen; None or 0: none
        :rtype: Decimal
        :raise ChoiceError: that tip cannot be taken
        """
        if not tip:
            return Decimal(0)
        if not self._offers_tips():
            raise ChoiceError(
                self.env._("A tip cannot be added any more. Press Pay to pay without one."), "tip"
            )
        if tip < 0 or self._chargeable(tip) != tip:
            raise ChoiceError(self._get_unreadable_sentence(amount), "tip")
        if tip > amount:
            raise ChoiceError(self._get_too_generous_sentence(amount, tip), "tip")
        return tip

    def _get_too_generous_sentence(self, amount, tip):
        """Return what to say of a tip that is greater than the payment: a typing error, surely."""
        # A decimal point that was left out.
        meant = self._chargeable(tip.scaleb(-self.currency_id.decimal_places))
        values = {"tip": self._format(tip), "amount": self._format(amount)}
        if not 0 < meant <= amount:
            return self.env._(
                "A tip of %(tip)s is more than the payment of %(amount)s itself. Please enter a"
                " smaller one.",
                **values,
            )
        return self.env._(
            "A tip of %(tip)s is more than the payment of %(amount)s itself. Did you mean"
            " %(meant)s?",
            meant=self._format(meant),
            **values,
        )

    def _get_tip_title(self):
        """Return what the tip's line is called on the processor's page."""
        return self.with_context(lang=self._get_customer_lang()).env._("Tip")
