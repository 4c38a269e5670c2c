"""Markup in whatever people can enter stays text in what is sent and printed: emails, text
messages, notices to staff, their history and activities, PDFs."""

from datetime import timedelta

from odoo import fields

from .injection import BOTH, EVIL_EMAIL, PRODUCT, InjectionCase
from .sending import SendingCase

MODULE = "serviceflow_paylinks"
# Who gets a template: the purpose of the link. All of ours are here.
EMAILS = {
    "mail_template_invoice": "invoice",
    "mail_template_deposit": "deposit",
    "mail_template_custom": "custom",
    "mail_template_reminder": "invoice",
    "mail_template_receipt": "invoice",
}
TEXTS = {
    "sms_template_invoice": "invoice",
    "sms_template_deposit": "deposit",
    "sms_template_custom": "custom",
    "sms_template_reminder": "invoice",
}
REPORTS = ("account.account_invoices", "account.account_invoices_without_payment")


class TestSent(InjectionCase, SendingCase):
    def templates_of(self, model):
        """The addon's own: {name: template}."""
        rows = self.env["ir.model.data"].search([("module", "=", MODULE), ("model", "=", model)])
        return {row.name: self.env[model].browse(row.res_id) for row in rows}

    def assert_shown_as_text(self, text, where):
        self.assert_clean(text, where)
        self.assertIn("&lt;script&gt;pwned", text, where)

    # -- to the customer --

    def test_every_email(self):
        """As it arrives: its subject, who it is from and to, its HTML and its plain text."""
        templates = self.templates_of("mail.template")
        self.assertEqual(set(templates), set(EMAILS))
        links = self.evil_links()
        for name, template in templates.items():
            link = links[EMAILS[name]]
            with self.subTest(name):
                self.mail_server.messages.clear()
                template.send_mail(
                    link.id, force_send=True, email_layout_xmlid=template.email_layout_xmlid
                )
                [message] = self.emails()
                self.assert_shown_as_text(message.get_body(("html",)).get_content(), name)
                self.assertNotIn(PRODUCT, message.get_body(("plain",)).get_content())
                for header in ("Subject", "From", "To", "Reply-To"):
                    self.assertNotIn(PRODUCT, message[header] or "")
                    self.assertNotIn("\n", message[header] or "")
                self.assertIn("<script>pwned(1)", message["Subject"], "a subject is no markup")

    def test_every_text_message(self):
        """Text is text: nothing in it is calculated, and the whole address is in it. Names are cut
        short in it, so this one is short."""
        self.company.name = "{{ 7 * 191 }}"
        templates = self.templates_of("sms.template")
        self.assertEqual(set(templates), set(TEXTS))
        links = self.evil_links()
        links["custom"].description = "{{ 7 * 191 }}"
        for name, template in templates.items():
            link = links[TEXTS[name]]
            with self.subTest(name):
                text = link._render_sms(template)
                self.assertNotIn("1337", text)
                self.assertIn("{{ 7 * 191 }}:", text)
                self.assertIn(link.url, text)

    def test_text_messages_that_went_out(self):
        for purpose, link in self.evil_links().items():
            with self.subTest(purpose):
                self.text_server.texts.clear()
                link.send_by_sms()
                self.run_schedule("cron_send_texts")
                [text] = self.texts()
                self.assertNotIn(PRODUCT, text["body"])
                self.assertIn(link.url, text["body"])
                [shown] = link.message_ids.filtered(lambda m: m.message_type == "sms")
                self.assert_clean(f"<div>{shown.body}</div>", "history")

    # -- to staff --

    def test_notices_and_histories(self):
        """All that is written down while a business goes through everything."""
        latest = self.env["mail.message"].search([], limit=1, order="id desc").id
        self.company.write({"paylinks_tell_paid": True, "paylinks_tell_expired": True})
        self.company.paylinks_expired_told_at = fields.Datetime.now() - timedelta(hours=1)
        self.go_through_everything()
        messages = self.env["mail.message"].search([("id", ">", latest)])
        words = " ".join(f"{message.subject} {message.body}" for message in messages)
        for said in ("paid $", "that expired by", "messages do not arrive", "Not sent", "Deleted"):
            self.assertIn(said, words)
        for message in messages:
            self.assert_clean(f"<div>{message.body}</div>", message.subject)
            self.assertNotIn("\n", message.subject or "")
            self.assertNotIn(PRODUCT, message.subject or "")
        activities = self.env["mail.activity"].search([("res_model", "=", "payment.link")])
        words = " ".join(activities.mapped("note"))
        for said in ("arrived", "disputes", "pwned(7)", "550"):
            self.assertIn(said, words)
        for activity in activities:
            self.assert_clean(f"<div>{activity.note}</div>", activity.summary)

    def go_through_everything(self):
        """Paid, paid too late, disputed, sent in vain, expired, deleted."""
        paid, late, disputed, bounced, expired = (self.evil_link() for _i in range(5))
        self.pay(paid)
        self.deliver_webhooks()
        attempt = self.open_checkout(late)
        late.cancel()
        self.sandbox.customer.pay(attempt.checkout_ref)
        attempt = self.pay(disputed)
        self.deliver_webhooks()
        self.sandbox.bank.open_dispute(attempt.provider_reference)
        self.deliver_webhooks()
        bounced.email = EVIL_EMAIL
        bounced.send_by_email()
        self.send()
        self.rows(bounced)._set_state("bounced", f"550 {BOTH}")
        bounced._note_skipped("sms", {bounced: f"Why {BOTH}"})
        self.expire_by_time(expired)
        self.run_schedule("cron_expire_links")
        self.run_schedule("cron_send_texts")
        self.provider._paylinks_report_outage()

    def test_what_is_said_of_trouble(self):
        """Whatever a bank, a mail server or a program's error has in it."""
        link = self.evil_link()
        link._flag(f"Summary {BOTH}", f"Note {BOTH}", BOTH)
        link._log_history(f"History {BOTH}")
        activity = self.activities(link)
        self.assertIn("&lt;script&gt;pwned", activity.note)
        for message in link.message_ids:
            self.assert_clean(f"<div>{message.body}</div>")

    # -- on paper --

    def test_the_invoices_pdf(self):
        """The QR code and the address that we add to it, and all around."""
        self.company.paylinks_invoice_qr = True
        link = self.evil_link()
        for report in REPORTS:
            with self.subTest(report):
                page, _kind = self.env["ir.actions.report"]._render_qweb_html(
                    report, link.invoice_id.ids, data={"report_type": "pdf"}
                )
                self.assertIn(link.url, page.decode())
                self.assertIn("paylinks_qr", page.decode())
                self.assert_shown_as_text(page.decode(), report)
