"""Markup in whatever people can enter stays text, on pages, in emails, text messages and PDFs; and
no address leads away from us, but to Stripe."""

import json
import re

from lxml import html
from odoo import Command
from odoo.tests import new_test_user
from odoo.tools import mute_logger

from .common import DECLINED, PaylinksCase

# Were any of it taken for markup, there would be an element or an attribute of this name.
EVIL = (
    "\"'><script>pwned(1)</script><img src=x onerror=pwned(2)><b id=pwned>x</b>"
    "</title></style></textarea><svg/onload=pwned(3)>"
)
# Were it taken for a template, there would be the product.
TEMPLATE = "{{ 1234 * 1001 }}${1234*1001}<t t-out='1234*1001'/>%(x)s {0}"
PRODUCT = "1235234"
BOTH = EVIL + TEMPLATE
EVIL_SITE = "https://evil.example/"
NAMES = ("next", "return", "return_url", "redirect", "url", "back", "continue", "to", "cancel_url")


class InjectionCase(PaylinksCase):
    """Everything that has a name is named as an attacker would."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company.write(
            {
                "name": f"Company {BOTH}",
                "phone": f"555 {EVIL}",
                "street": f"Street {EVIL}",
                "city": f"City {EVIL}",
                "email": "office@brook.example",
            }
        )
        cls.company.partner_id.website = "javascript:pwned(4)"
        cls.customer.write({"name": f"Payer {BOTH}", "street": f"Road {EVIL}"})

    def evil_link(self, **values):
        product = self.env["product.product"].create({"name": f"Product {BOTH}"})
        lines = [
            Command.create(
                {
                    "product_id": product.id,
                    "name": f"Line {BOTH}",
                    "price_unit": 100,
                    "tax_ids": [Command.clear()],
                }
            )
        ]
        invoice = self.make_invoice(
            invoice_line_ids=lines,
            ref=f"Ref {BOTH}",
            payment_reference=f"Communication {BOTH}",
            **values,
        )
        return invoice.generate_payment_links()

    def assert_clean(self, text, where=""):
        """No element and no attribute came of it, and nothing was calculated."""
        self.assertNotIn(PRODUCT, text, where)
        tree = html.fromstring(text)
        for element in tree.iter():
            if not isinstance(element.tag, str):
                continue
            self.assertNotEqual(element.get("id"), "pwned", where)
            for name, value in element.attrib.items():
                if "pwned" in value:
                    self.assertFalse(name.lower().startswith("on"), (where, name))
                    self.assertNotRegex(value.strip().lower(), r"^(javascript|data):", where)
            self.assertFalse(element.tag == "img" and element.get("src") == "x", where)
            if element.tag == "script":
                self.assertNotRegex(element.text or "", r"^\s*pwned", where)


class TestStored(InjectionCase):
    def test_the_page_in_every_state(self):
        payable = self.evil_link()
        custom = self.make_custom_link(description=f"For {BOTH}")
        declined = self.evil_link()
        attempt = self.open_checkout(declined)
        self.sandbox.customer.pay(attempt.checkout_ref, card=DECLINED)
        self.come_back(declined, attempt)
        paid = self.evil_link()
        self.pay(paid)
        self.deliver_webhooks()
        processing = self.evil_link()
        attempt = self.open_checkout(processing)
        self.sandbox.customer.pay_by_bank(attempt.checkout_ref)
        self.deliver_webhooks()
        expired = self.evil_link()
        self.expire_by_time(expired)
        settled = self.evil_link()
        self.pay_by_bank_transfer(settled.invoice_id)
        links = {
            "payable": payable,
            "custom": custom,
            "declined": declined,
            "paid": paid,
            "processing": processing,
            "expired": expired,
            "settled": settled,
        }
        for name, link in links.items():
            with self.subTest(name):
                page = self.open_page(link)
                self.assertEqual(page.status_code, 200)
                self.assertIn("&lt;script&gt;pwned", page.text, "it is shown, as text")
                self.assertNotIn("<script", page.text)
                self.assert_clean(page.text, name)

    def test_what_a_bank_says_of_a_decline(self):
        link = self.evil_link()
        attempt = self.open_checkout(link)
        attempt.sudo().write({"state_message": BOTH, "checkout_problem": EVIL})
        self.assert_clean(self.open_page(link).text)

    def test_emails_and_their_subjects(self):
        link = self.evil_link()
        link.send_by_email()
        self.run_schedule("cron_send_links")
        self.pay(link)
        self.deliver_webhooks()  # a receipt
        self.run_schedule("cron_send_links")
        messages = self.env["mail.message"].search([("model", "=", "payment.link")])
        self.assertTrue(messages.filtered(lambda m: link.token in (m.body or "")))
        for message in messages:
            self.assert_clean(f"<div>{message.body}</div>", message.subject)
            self.assertNotIn("\n", message.subject or "")
            self.assertNotIn(PRODUCT, message.subject or "")
        for mail in self.env["mail.mail"].search([("model", "=", "payment.link")]):
            self.assert_clean(mail.body_html)

    def test_text_messages(self):
        """Text is text: nothing in it is calculated, and nothing cut out."""
        link = self.evil_link()
        for kind in ("link", "reminder"):
            body = link._get_template("sms", kind, self.env["payment.link.reminder.rule"])
            text = body._render_field("body", link.ids)[link.id]
            self.assertNotIn(PRODUCT, text)
            self.assertIn(link.token, text)

    def test_the_invoices_pdf(self):
        """The QR code and the address that we add to it, and all around."""
        self.company.paylinks_invoice_qr = True
        link = self.evil_link()
        page, _kind = self.env["ir.actions.report"]._render_qweb_html(
            "account.account_invoices", link.invoice_id.ids, data={"report_type": "pdf"}
        )
        self.assertIn(link.url, page.decode())
        self.assert_clean(page.decode())

    def test_history_and_activities_of_staff(self):
        link = self.evil_link()
        link._flag(f"Summary {EVIL}", f"Note {BOTH}")
        link._log_history(f"History {BOTH}")
        activity = self.activities(link)
        self.assertIn("&lt;script&gt;", activity.note)
        self.assert_clean(f"<div>{activity.note}</div>")
        for message in link.message_ids:
            self.assert_clean(f"<div>{message.body}</div>")

    def test_the_preview_of_several_links(self):
        """The one place where HTML is built by hand."""
        link = self.evil_link()
        for operation in ("send", "extend", "delete"):
            bulk = self.env["payment.link.bulk"].create(
                {"operation": operation, "link_ids": link.ids}
            )
            self.assertIn("pwned", bulk.preview)
            self.assert_clean(f"<div>{bulk.preview}</div>")

    def test_the_portal(self):
        link = self.evil_link()
        user = new_test_user(self.env, "evil_portal", "base.group_portal")
        link.partner_id.parent_id = user.partner_id.commercial_partner_id
        user.partner_id.name = f"Portal {EVIL}"
        self.authenticate("evil_portal", "evil_portal")
        page = self.url_open("/my/payment-links")
        self.assertEqual(page.status_code, 200)
        self.assertIn(link.token, page.text)
        self.assert_clean(page.text)


class TestReflected(InjectionCase):
    def test_query_form_and_headers(self):
        link = self.evil_link()
        names = ("look", "back", "session_id", "cancelled", "problem", "amount", "tip", EVIL)
        query = dict.fromkeys(names, BOTH)
        headers = {
            "Accept-Language": "<script>pwned(1)</script>,de-<b id=pwned>;q=0.9",
            "User-Agent": f"Mozilla/5.0 {EVIL}",
            "Referer": f"https://evil.example/?{EVIL}",
            "X-Forwarded-For": EVIL,
        }
        answers = []
        for suffix in ("", "/checkout", "/return", "/renew", f"/{EVIL}"):
            answers.append(self.url_open(self.path(link, suffix), params=query, headers=headers))
            if suffix in ("/checkout", "/renew"):
                answers.append(
                    self.url_open(
                        self.path(link, suffix), data={**query, "csrf_token": EVIL}, headers=headers
                    )
                )
        answers.append(self.url_open(f"/pay/{EVIL}", headers=headers))
        for answer in answers:
            with self.subTest(answer.url):
                if answer.headers["Content-Type"].startswith("text/html"):
                    self.assert_clean(answer.text)
                    self.assertNotIn("<script", answer.text)
                self.assertNotIn("pwned", json.dumps(dict(answer.headers)))


class TestLeadsNowhereElse(PaylinksCase):
    def test_no_parameter_leads_away(self):
        link = self.make_link()
        attempt = self.open_checkout(link)
        query = {**dict.fromkeys(NAMES, EVIL_SITE), "session_id": attempt.checkout_ref}
        page = self.open_page(link)
        token = re.search(r'name="csrf_token" value="([^"]+)"', page.text)[1]
        for suffix, data in (
            ("", None),
            ("/return", None),
            ("/checkout", None),
            ("/renew", None),
            ("/renew", {"csrf_token": token, **query}),
            ("/checkout", {"csrf_token": "no", **query}),
        ):
            with self.subTest(suffix, form=bool(data)):
                answer = self.url_open(
                    self.path(link, suffix), params=query, data=data, allow_redirects=False
                )
                self.assertNotIn("evil.example", answer.text)
                self.assert_stays(answer, link)

    def assert_stays(self, answer, link):
        location = answer.headers.get("Location", "")
        self.assertTrue(
            not location or re.fullmatch(rf"({self.base_url()})?/pay/{link.token}.*", location),
            location,
        )
        self.assertNotIn("evil.example", str(answer.headers))

    def test_no_path_leads_away(self):
        link = self.make_link()
        for path in (
            "//evil.example",
            "//evil.example/return",
            "/%2F%2Fevil.example/return",
            "/..%2F..%2Fevil.example",
            "/\\evil.example",
        ):
            for start in ("/pay", f"/pay/{link.token}"):
                with self.subTest(start + path):
                    answer = self.url_open(self.base_url() + start + path, allow_redirects=False)
                    self.assertNotRegex(
                        answer.headers.get("Location", ""), r"^(https?:)?[/\\]{2}evil"
                    )

    def test_a_false_host_is_not_passed_on(self):
        """Neither to Stripe, as where the customer is to return, nor into an email."""
        link = self.make_link()
        headers = {"Host": "evil.example", "X-Forwarded-Host": "evil.example"}
        page = self.open_page(link, headers=headers)
        self.assertNotIn("evil.example", page.text)
        token = re.search(r'name="csrf_token" value="([^"]+)"', page.text)[1]
        answer = self.url_open(
            self.path(link, "/checkout"),
            data={"csrf_token": token},
            headers=headers,
            allow_redirects=False,
        )
        self.assertEqual(answer.status_code, 303)
        self.env.invalidate_all()
        session = self.sandbox.store.get("checkout.session", link.transaction_ids.checkout_ref)
        for name in ("success_url", "cancel_url"):
            self.assertTrue(session[name].startswith(f"{self.base_url()}/pay/"), session[name])


class TestForms(PaylinksCase):
    """CSRF: a page elsewhere cannot press our buttons in a customer's browser."""

    def press(self, link, action="checkout", **form):
        return self.url_open(
            self.path(link, f"/{action}"),
            data=form or {"x": "y"},
            headers={"Origin": "https://evil.example", "Referer": EVIL_SITE},
            allow_redirects=False,
        )

    def get_key(self, link):
        page = self.open_page(link)
        return re.search(r'name="csrf_token" value="([^"]+)"', page.text)[1]

    def test_without_or_with_another_persons_key_nothing_happens(self):
        link = self.make_link()
        own = self.get_key(link)
        self.opener.cookies.clear()
        self.authenticate(None, None)
        another = self.get_key(link)
        self.assertNotEqual(own, another)
        self.client.calls.clear()
        for action in ("checkout", "renew"):
            for form in (
                {},
                {"csrf_token": ""},
                {"csrf_token": own},
                {"csrf_token": another[:-1]},
                {"csrf_token": another + "0"},
                {"csrf_token": f"{'0' * 40}o{'9' * 10}"},
                {"csrf_token": another.partition("o")[0] + "o1"},
            ):
                with self.subTest(action, form=form):
                    answer = self.press(link, action, **form)
                    self.assertEqual(answer.status_code, 400)
                    self.assertFalse(self.client.calls)
                    self.assertFalse(link.transaction_ids)
        answer = self.press(link, csrf_token=another)
        self.assertEqual(answer.status_code, 303, "the page's own key")

    def test_a_key_in_the_address_counts_no_more_than_a_get(self):
        link = self.make_link()
        key = self.get_key(link)
        with mute_logger("odoo.http"):
            self.url_open(self.path(link, f"/checkout?csrf_token={key}"), allow_redirects=False)
        self.assertFalse(self.client.calls)
        self.assertFalse(link.transaction_ids)

    def test_only_forms_that_stand_on_our_page_are_framed_by_nobody(self):
        page = self.open_page(self.make_link())
        self.assertEqual(page.headers["X-Frame-Options"], "DENY")
        self.assertIn("frame-ancestors 'none'", page.headers["Content-Security-Policy"])
