"""Markup in whatever people can enter stays text on the pages; and no address leads away from us,
but to Stripe. What is sent and printed: `test_injection_sent.py`."""

import json
import re

from odoo.tests import new_test_user

from .common import DECLINED, PaylinksCase
from .injection import BOTH, EVIL, EVIL_EMAIL, InjectionCase

EVIL_SITE = "https://evil.example/"
NAMES = ("next", "return", "return_url", "redirect", "url", "back", "continue", "to", "cancel_url")


class TestStored(InjectionCase):
    def test_the_page_in_every_state(self):
        links = self.evil_links()
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
        links |= {
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

    def test_the_preview_of_several_links(self):
        """The one place where HTML is built by hand."""
        link = self.evil_link()
        for operation in ("send", "extend", "delete"):
            bulk = self.env["payment.link.bulk"].create(
                {"operation": operation, "link_ids": link.ids}
            )
            self.assertIn("pwned", bulk.preview)
            self.assert_clean(f"<div>{bulk.preview}</div>")

    def test_an_address_that_is_markup(self):
        """The page tells where a new link goes; the message after it too."""
        link = self.evil_link()
        link.email = EVIL_EMAIL
        self.expire_by_time(link)
        self.assert_clean(self.open_page(link).text, "expired")
        token = re.search(r'name="csrf_token" value="([^"]+)"', self.open_page(link).text)[1]
        answer = self.url_open(self.path(link, "/renew"), data={"csrf_token": token})
        self.assertEqual(answer.status_code, 200)
        self.assert_clean(answer.text, "asked for anew")

    def test_the_portal(self):
        """Its list of links, and the documents with our buttons on them."""
        links = self.evil_links()
        user = new_test_user(self.env, "evil_portal", "base.group_portal")
        self.customer.parent_id = user.partner_id.commercial_partner_id
        user.partner_id.name = f"Portal {EVIL}"
        links["deposit"].sale_order_id.action_quotation_sent()
        self.authenticate("evil_portal", "evil_portal")
        for path in (
            "/my",
            "/my/payment-links",
            links["invoice"].invoice_id.get_portal_url(),
            links["deposit"].sale_order_id.get_portal_url(),
        ):
            with self.subTest(path):
                page = self.url_open(path)
                self.assertEqual(page.status_code, 200)
                self.assertIn("pwned", page.text)
                self.assert_clean(page.text)
        self.assertIn(links["invoice"].token, self.url_open("/my/payment-links").text)


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
        for action in ("checkout", "renew"):
            answer = self.url_open(
                self.path(link, f"/{action}?csrf_token={key}"), allow_redirects=False
            )
            self.assertEqual(answer.headers["Location"], self.path(link))
        self.assertFalse(self.client.calls)
        self.assertFalse(link.transaction_ids)

    def test_a_form_whose_key_stands_in_its_address_only_is_refused(self):
        """Addresses get about, in logs and histories: what stands there is no key."""
        for action in ("checkout", "renew"):
            for form in ({"x": "y"}, {"csrf_token": ""}, {"csrf_token": "no"}):
                with self.subTest(action, form=form):
                    link = self.make_link()
                    key = self.get_key(link)
                    self.client.calls.clear()
                    answer = self.press(link, f"{action}?csrf_token={key}", **form)
                    self.assertEqual(answer.status_code, 400)
                    self.assertFalse(self.client.calls)
                    self.assertFalse(link.transaction_ids)

    def test_only_forms_that_stand_on_our_page_are_framed_by_nobody(self):
        page = self.open_page(self.make_link())
        self.assertEqual(page.headers["X-Frame-Options"], "DENY")
        self.assertIn("frame-ancestors 'none'", page.headers["Content-Security-Policy"])
