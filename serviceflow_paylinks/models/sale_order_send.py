import logging

from odoo import models
from odoo.exceptions import UserError

from .own_context import get_handed_down, hand_down

_logger = logging.getLogger(__name__)


class SaleOrder(models.Model):
    """Odoo's own Send of a quotation carries the deposit link: for one, for several, scheduled."""

    _inherit = "sale.order"

    def action_quotation_send(self):
        """Override of ``sale``: the composer knows what it is opened for."""
        action = super().action_quotation_send()
        composer = action
        if action.get("res_model") != "mail.compose.message":
            # The layout of documents is asked for first; the composer comes after it.
            composer = action.get("context", {}).get("report_action") or action
        if isinstance(composer, dict) and isinstance(composer.get("context"), dict):
            composer["context"]["paylinks_send"] = True
        return action

    def _paylinks_links_to_send(self):
        """Return the links that go out with the quotations: existing or new ones; none where Stripe
        is not connected or nothing is asked for. Sending never fails by them.

        :return: {order id: link id}
        """
        result = {}
        provider = self.env["payment.provider"].sudo()
        for order in self:
            if not provider._paylinks_of_company(order.company_id).stripe_secret_key:
                continue
            try:
                with self.env.cr.savepoint():
                    link = order.sudo()._find_or_create_deposit_links(user_id=self.env.uid)
            except UserError as error:
                _logger.info("An order is sent without a deposit link: %s", type(error).__name__)
                continue
            except Exception:
                _logger.exception("An order is sent without a deposit link.")
                continue
            if link._is_payable():
                result[order.id] = link.id
        return result

    def _paylinks_sent_link(self):
        """Return the link that the email being made carries, as superuser; or an empty record."""
        sent = get_handed_down(self, "paylinks_sent_orders", {})
        links = self.env["payment.link"].sudo().browse(sent.get(self.id, []))
        return links.filtered(lambda link: link.sale_order_id == self)

    def message_post(self, **kwargs):
        """Override of ``sale``: the message that sends a quotation carries its link."""
        order = self
        if self._paylinks_is_sending():
            sent = self._paylinks_links_to_send()
            order = hand_down(self, paylinks_sent_orders=sent)
        return super(SaleOrder, order).message_post(**kwargs)

    def _paylinks_is_sending(self):
        """Whether the message being made is Odoo's Send of a quotation, which is for staff.

        Who has a quotation's address may write a message on it, with any context, and does so as
        superuser: the user is the public one still.
        """
        context = self.env.context
        asked = context.get("paylinks_send") or context.get("mark_so_as_sent")
        return bool(asked) and self.env.user._is_internal()

    def _notify_get_recipients_groups(self, message, model_description, msg_vals=False):
        """Override of ``sale``: the customer's button pays."""
        groups = super()._notify_get_recipients_groups(
            message, model_description, msg_vals=msg_vals
        )
        link = self._paylinks_sent_link() if len(self) == 1 else None
        if not link:
            return groups
        signs = link._needs_signature()
        title = self.env._("Sign and pay online") if signs else self.env._("Pay online")
        for name, _belongs, data in groups:
            if name == "portal_customer":
                button = {"url": link.url, "title": title}
                data.update(has_button_access=True, button_access=button)
        return groups

    def _message_post_after_hook(self, message, msg_vals):
        result = super()._message_post_after_hook(message, msg_vals)
        if link := self._paylinks_sent_link():
            link._note_sent_with_order(message)
        return result

    def _message_mail_after_hook(self, mails):
        result = super()._message_mail_after_hook(mails)
        # Odoo leaves out a second email to the same address.
        sent = mails.filtered(lambda mail: mail.model == self._name and mail.state != "cancel")
        for mail in sent:
            if link := self.browse(mail.res_id)._paylinks_sent_link():
                link._note_sent_with_order(mail.mail_message_id, mail.recipient_ids)
        return result


class MailComposeMessage(models.TransientModel):  # pylint: disable=no-wizard-in-models
    _inherit = "mail.compose.message"

    def _action_send_mail_mass_mail(self, res_ids, auto_commit=False):
        """Override of ``mail``: several quotations at once; one goes by ``message_post``."""
        composer, orders = self, self.env["sale.order"]
        if self.model == orders._name and orders._paylinks_is_sending():
            orders = orders.browse(res_ids)
            orders.check_access("read")  # The links are made as superuser.
            sent = orders._paylinks_links_to_send()
            composer = hand_down(self, paylinks_sent_orders=sent)
        return super(MailComposeMessage, composer)._action_send_mail_mass_mail(
            res_ids, auto_commit=auto_commit
        )
