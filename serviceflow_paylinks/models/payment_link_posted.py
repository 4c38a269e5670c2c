from odoo import models

from .account_move_auto import POSTED
from .own_context import get_handed_down


class PaymentLink(models.Model):
    """Links of invoices that were posted in this transaction are there for whoever looks."""

    _inherit = "payment.link"

    def _search(self, domain, *args, **kwargs):
        """Override: make those first that wait for the commit (``account_move_auto.py``)."""
        posted = self.env.cr.precommit.data.get(POSTED)
        if posted and not get_handed_down(self, "paylinks_leave_posted"):
            self.env["account.move"]._paylinks_generate_posted()
        return super()._search(domain, *args, **kwargs)
