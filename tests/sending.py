"""A company that sends for real: through an SMTP server and a text message service on loopback."""

from contextlib import contextmanager
from unittest.mock import patch

import requests
from odoo.addons.sms.tools.sms_api import SmsApi

from .common import PaylinksCase
from .postoffice import MailServer, TextServer


class SendingCase(PaylinksCase):
    """The mail server and the text service run for the whole class; each test finds them empty."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.mail_server = cls.enterClassContext(MailServer())
        cls.text_server = cls.enterClassContext(TextServer())
        cls.env["ir.mail_server"].search([]).active = False
        cls.smtp = cls.env["ir.mail_server"].create(
            {
                "name": "Post office",
                "smtp_host": "127.0.0.1",
                "smtp_port": cls.mail_server.port,
                "smtp_encryption": "none",
            }
        )
        cls.company.email = "office@brook.example.com"
        # During tests Odoo sends nothing, and lets nobody call its services: here, it does.
        cls.startClassPatcher(
            patch.object(
                cls.registry["ir.mail_server"], "_disable_send", classmethod(lambda _cls: False)
            )
        )
        cls.startClassPatcher(patch.object(SmsApi, "_contact_iap", _contact_loopback))
        cls.env["ir.config_parameter"].set_param("sms.endpoint", cls.text_server.url)

    def setUp(self):
        super().setUp()
        self.mail_server.messages.clear()
        self.mail_server.refuse.clear()
        self.text_server.texts.clear()
        self.text_server.answers.clear()

    def send(self):
        """Run the schedule that empties the outbox."""
        self.run_schedule("cron_send_links")

    def emails(self, address="ada@example.com"):
        return self.mail_server.to(address)

    def texts(self, number="+12025550143"):
        return self.text_server.to(number)

    def rows(self, link):
        """What the outbox has on a link, the oldest first."""
        return link.message_row_ids.sorted("id")

    def states(self, link):
        return self.rows(link).mapped("state")

    @contextmanager
    def mail_server_down(self):
        """Nobody listens at the mail server's address."""
        port = self.smtp.smtp_port
        self.smtp.smtp_port = 1
        yield
        self.smtp.smtp_port = port


def _contact_loopback(api, local_endpoint, params, timeout=15):
    """As Odoo's, which lets nobody call its services during tests."""
    url = api.env["ir.config_parameter"].sudo().get_param("sms.endpoint") + local_endpoint
    return requests.post(url, json={"params": params}, timeout=timeout).json()["result"]
