import re

from odoo import api, models

from ..providers.base import PAID, PROCESSING


class PaymentLink(models.Model):
    """Attempts that this database has forgotten, since it was restored from an older backup.

    The processor keeps what each was made from, and tells it with the money.
    """

    _inherit = "payment.link"

    def _get_origin(self, frozen):
        """Return what an attempt is made from: the link, which it is by its secret address, not by
        a number alone that a restored database gives to another one; and the tip.

        :param dict frozen: the request, as it was frozen with the attempt
        """
        return f"{self.id}/{frozen['address']}/{frozen.get('tip', 0)}"

    @api.model
    def _find_by_origin(self, provider, origin):
        """Return the link that an attempt was made from, where its money is this database's.

        A neutralised copy takes nothing over: the money is the original's.

        :param provider: the `payment.provider` that told it
        :param str origin: as `_get_origin` made it
        :return: the link as superuser, or an empty record
        """
        number, _slash, rest = origin.partition("/")
        nothing = self.sudo().browse()
        if not re.fullmatch(r"[0-9]{1,9}", number) or provider.sudo().paylinks_copied_at:
            return nothing
        link = nothing.browse(int(number)).exists()
        if not link or provider.company_id not in link.company_id.parent_ids:
            return nothing
        return link if rest.partition("/")[0] == link._get_address_mark() else nothing

    @api.model
    def _recover_attempt(self, provider, checkout):
        """Write the attempt of a checkout down anew, where money came through it or is on its way.

        :param provider: the `payment.provider` whose checkout it is
        :param Checkout checkout: as the processor sees it
        :return: the attempt, or an empty record
        """
        link = self._find_by_origin(provider, checkout.origin)
        if (
            not link
            or checkout.outcome not in (PAID, PROCESSING)
            or checkout.live != provider._paylinks_is_live()
            or checkout.currency != link.currency_id.name
        ):
            return self.env["payment.transaction"].sudo()
        tip = int(checkout.origin.rpartition("/")[2])
        return link.with_company(link.company_id)._write_forgotten(provider, checkout, tip)

    def _write_forgotten(self, provider, checkout, tip):
        """Write the attempt of a checkout down, and say so on the link's history.

        :param int tip: in minor units
        """

        def major(amount):
            return float(provider._paylinks_from_minor(amount, self.currency_id))

        request = {
            "address": self._get_address_mark(),
            "amount": checkout.amount,
            "tip": tip,
            "currency": checkout.currency,
        }
        attempt = self._write_attempt(
            provider,
            self._compute_attempt_reference(provider),
            request,
            checkout.key,
            amount=major(checkout.amount),
            tip_amount=major(tip),
            operation="online_redirect",
        )
        self._log_history(
            self.env._(
                "Payment %s is taken over from Stripe: Odoo did not know of it, as after a backup"
                " was restored.",
                attempt.reference,
            )
        )
        return attempt
