from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import phonenumbers
from odoo import fields, models
from odoo.tools import email_normalize, format_time
from phonenumbers import NumberParseException, PhoneNumberType

from .payment_link_message import REACHED


class PaymentLink(models.Model):
    """What keeps a message from being sent: said in a sentence, to whoever asked for it."""

    _inherit = "payment.link"

    def _find_obstacle(self, channel, row=None):
        """Return in a sentence why the link cannot be sent by a channel; False if it can.

        :param row: the ``payment.link.message`` that is about to be sent
        """
        return self._find_obstacles(channel, row).get(self, False)

    def _find_obstacles(self, channel, row=None):
        """Return which links cannot be sent by a channel, and why; with two queries at most.

        :param str channel: email or sms
        :return: {link: sentence}
        """
        chosen = row and row._get_chosen_addresses()
        blacklisted = self._get_blacklisted(channel, chosen)
        result = {}
        for link in self:
            addresses = chosen or [link._get_address(channel)]
            why = link._find_obstacle_in_state(row) or (
                not chosen and link._find_obstacle_in_address(channel)
            )
            if not why and (out := [one for one in addresses if one in blacklisted]):
                why = link._say_opted_out(channel, ", ".join(out))
            if why:
                result[link] = why
        return result

    def _get_address(self, channel):
        if channel == "sms":
            return self.phone or ""
        return email_normalize(self.email) or ""

    def _find_obstacle_in_state(self, row):
        if row and row.kind == "receipt":
            return False
        if self.state in ("paid", "settled"):
            return self.env._("There is nothing left to pay on %s.", self.name)
        if self.state == "processing":
            return self.env._("A payment on %s is on its way.", self.name)
        if self.state != "active" or self._is_past_expiry():
            return self.env._(
                "%s can no longer be paid, so it is not sent. Generate a new link, or edit"
                " its expiry if it has expired.",
                self.name,
            )
        if row and row.kind == "reminder" and self._is_disputed():
            return self.env._("%s is in dispute.", self.name)
        if self._chargeable(self.amount) <= 0:
            return self.env._("There is nothing left to pay on %s.", self.name)
        if problem := self.sudo().provider_id._paylinks_minimum_problem(
            self.amount, self.currency_id
        ):
            return f"{self.name}: {problem}"
        if self.sudo().provider_id._paylinks_connection() == "none":
            return self.env._(
                "Stripe is not connected, so %s cannot be paid and is not sent.", self.name
            )
        if not self._is_payable():
            return self.env._(
                "The time to accept %(order)s is over, so %(link)s is not sent. Enter a later"
                " expiration on the quotation first.",
                order=self.sudo()._get_document().name,
                link=self.name,
            )
        if row and row.automatic and row.kind == "link" and self._was_sent_by_hand():
            return self.env._("%s was sent by hand meanwhile.", self.name)
        return False

    def _is_disputed(self):
        """Whether the payer disputes a payment of this link; elsewhere is known how."""
        check = getattr(self, "_is_in_dispute", None)
        return bool(check and check())

    def _was_sent_by_hand(self):
        """Whether a person has sent it: by us, with its document, or another way."""
        return self.sent_channel == "other" or bool(
            self.sudo().message_row_ids.filtered(
                lambda row: (
                    not row.automatic and row.kind == "link" and row.state in ("sending", *REACHED)
                )
            )
        )

    # -- addresses --

    def _find_obstacle_in_address(self, channel):
        customer = self.partner_id.display_name
        if not self._get_address(channel):
            labels = {"email": self.env._("email address"), "sms": self.env._("phone number")}
            return self.env._(
                "%(customer)s has no %(contact)s. Enter it on link %(link)s and send it again.",
                customer=customer,
                contact=labels[channel],
                link=self.name,
            )
        return channel == "sms" and self._find_obstacle_in_number()

    def _find_obstacle_in_number(self):
        """Check the number against the plan of its country: does it exist, can it be texted?"""
        country = self.partner_id.country_id or self.company_id.country_id
        try:
            number = phonenumbers.parse(self.phone, country.code or None)
        except NumberParseException:
            number = None
        if not number or not phonenumbers.is_valid_number(number):
            return self.env._(
                "%(phone)s is no number that exists. Correct it on link %(link)s, with the country"
                " code, such as +1 555 123 4567.",
                phone=self.phone,
                link=self.name,
            )
        if phonenumbers.number_type(number) in (
            PhoneNumberType.FIXED_LINE,
            PhoneNumberType.PREMIUM_RATE,
            PhoneNumberType.TOLL_FREE,
            PhoneNumberType.SHARED_COST,
        ):
            return self.env._(
                "%(phone)s is no mobile phone, so it takes no text messages. Enter a mobile number"
                " on link %(link)s, or send it by email.",
                phone=self.phone,
                link=self.name,
            )
        return False

    def _get_blacklisted(self, channel, chosen=()):
        """Return which of the links' addresses are on Odoo's blacklist; one query.

        :param list chosen: the addresses that a clerk chose instead
        """
        addresses = set(chosen or ()) or {
            address for link in self if (address := link._get_address(channel))
        }
        model, field = {
            "email": ("mail.blacklist", "email"),
            "sms": ("phone.blacklist", "number"),
        }[channel]
        entries = self.env[model].sudo().search([(field, "in", list(addresses))])
        return set(entries.mapped(field))

    def _say_opted_out(self, channel, address):
        if channel == "sms":
            return self.env._(
                "%(customer)s wants no text messages: %(address)s is on the phone blacklist.",
                customer=self.partner_id.display_name,
                address=address,
            )
        return self.env._(
            "%(customer)s wants no emails: %(address)s is on the email blacklist.",
            customer=self.partner_id.display_name,
            address=address,
        )

    # -- quiet hours --

    def _get_quiet_end(self, row):
        """Return until when a message is held (UTC); False where it may go out now."""
        if row.kind in ("receipt", "notice") or (row.channel != "sms" and row.kind != "reminder"):
            return False
        company = self.company_id
        start, end = company.paylinks_quiet_from, company.paylinks_quiet_until
        if start == end:
            return False
        zone = self._get_zone()
        now = fields.Datetime.now().replace(tzinfo=UTC).astimezone(zone)
        hour = now.hour + now.minute / 60
        quiet = start <= hour < end if start < end else hour >= start or hour < end
        if not quiet:
            return False
        day = now.date() if hour < end else now.date() + timedelta(days=1)
        clock = time(int(end) % 24, round(end % 1 * 60) % 60)
        morning = datetime.combine(day, clock, tzinfo=zone)
        return morning.astimezone(UTC).replace(tzinfo=None)

    def _get_text_quiet_end(self):
        """As ``_get_quiet_end``, for a text message that would be sent now."""
        return self.sudo()._get_quiet_end(
            self.env["payment.link.message"].new({"kind": "link", "channel": "sms"})
        )

    def _say_quiet(self):
        """Return in a sentence until when a text message would be held now; else empty."""
        until = self._get_text_quiet_end()
        if not until:
            return ""
        local = until.replace(tzinfo=UTC).astimezone(self._get_zone())
        return self.env._(
            "It is quiet hours for the customer: the message goes out at %s, the customer's time.",
            format_time(self.env, local.time(), time_format="short"),
        )

    def _get_zone(self):
        """Return the customer's time zone, else the company's, else that of the link's creator."""
        company = self.company_id
        name = self.partner_id.tz or company.partner_id.tz or self.sudo().user_id.tz
        try:
            return ZoneInfo(name) if name else company._paylinks_zone()
        except (ZoneInfoNotFoundError, ValueError):
            return company._paylinks_zone()
