"""The customer's page: headers, weight, and what it never tells."""

import re

from odoo import Command
from odoo.tools import mute_logger

from .page import HEADERS, KILOBYTES_20, PageCase, make_logo


class TestHeadersAndWeight(PageCase):
    def answers(self):
        """Every kind of answer of these routes: {name: response}."""
        self.company.write({"logo": make_logo(), "primary_color": "#7a1f3d"})
        links = self.one_in_each_state()
        answers = {state: self.open_page(link) for state, link in links.items()}
        payable = links["payable"]
        for name, suffix in (
            ("click", "/checkout"),
            ("renewal", "/renew"),
            ("return", "/return"),
            ("return junk", "/return?session_id=x"),
        ):
            answers[name] = self.url_open(self.path(payable, suffix), allow_redirects=False)
        answers["to Stripe"] = self.click_pay(payable)
        answers["stale form"] = self.url_open(self.path(payable, "/checkout"), data={"a": "b"})
        answers["not allowed"] = self.url_open(self.path(payable), method="PUT")
        answers["no such page"] = self.url_open(self.path(payable, "/nothing"))
        answers["too large"] = self.url_open(
            self.path(payable, "/checkout"), data={"a": "b" * 100_000}
        )
        for suffix in ("", "/checkout", "/return", "/renew", "/document"):
            answers[f"unknown {suffix}"] = self.url_open(f"/pay/{'x' * 24}{suffix}")
        answers["unknown deep"] = self.url_open("/pay/a/b/c")
        answers["head"] = self.url_open(self.path(payable), method="HEAD")
        self.sandbox.faults.add("refused", "POST", "*", times=None)
        with self.assertLogs("odoo.addons.serviceflow_paylinks", "WARNING"):
            answers["unreachable"] = self.click_pay(self.make_link())
        return answers

    def test_headers_of_every_answer(self):
        for name, answer in self.answers().items():
            with self.subTest(name):
                for header, value in HEADERS.items():
                    self.assertEqual(answer.headers.get(header), value)
                policy = answer.headers["Content-Security-Policy"]
                self.assertTrue(policy.startswith("default-src 'none';"))
                self.assertIn("frame-ancestors 'none'", policy)
                self.assertIn("base-uri 'none'", policy)
                self.assertNotIn("unsafe", policy)
                self.assertNotIn("script", policy, "nothing but the default: none")

    def test_weight_of_every_page(self):
        """The whole page with its style and the logo of a spendthrift: nothing else is fetched."""
        for name, answer in self.answers().items():
            with self.subTest(name):
                self.assertLess(len(answer.content), KILOBYTES_20)
                sources = re.findall(r"""(?:src|<link[^>]* href)=["']([^"']*)""", answer.text)
                self.assertFalse([source for source in sources if not source.startswith("data:")])
                self.assertNotIn("<script", answer.text)
                self.assertNotRegex(answer.text, r"""\son\w+=|style=|url\(|@import""")
        self.assertIn("data:image/png;base64,", self.open_page(self.make_link()).text)

    def test_weight_of_a_long_invoice(self):
        self.company.write({"logo": make_logo()})
        lines = [
            Command.create({"name": "A long description of a job " * 6, "price_unit": 12345.67})
            for _line in range(30)
        ]
        self.assertLess(len(self.open_page(self.make_link(invoice_line_ids=lines)).content), 20480)

    def test_odoos_placeholder_is_no_logo(self):
        self.assertTrue(self.company.uses_default_logo)
        self.assertNotIn("<img", self.open_page(self.make_link()).text)

    def test_unknown_deleted_and_malformed_look_the_same_everywhere(self):
        deleted = self.make_link()
        deleted.cancel()
        tokens = (deleted.token, "x" * 24, "x", "%00", "é", "a b", "1" * 500, "a%2Fb")
        for method in ("GET", "HEAD", "POST"):
            seen = set()
            for suffix in ("", "/checkout", "/return", "/renew", "/document"):
                if method == "POST" and suffix not in ("/checkout", "/renew"):
                    continue
                for token in tokens:
                    self.opener.cookies.clear()
                    data = {"csrf_token": "x"} if method == "POST" else None
                    answer = self.url_open(f"/pay/{token}{suffix}", method=method, data=data)
                    headers = {
                        name: value
                        for name, value in answer.headers.items()
                        if name not in ("Set-Cookie", "Date")
                    }
                    cookies = sorted(answer.cookies.keys())
                    seen.add((answer.status_code, answer.text, str(headers), str(cookies)))
            self.assertEqual(len(seen), 1, f"{method}: {seen}"[:3000])
            self.assertEqual(next(iter(seen))[0], 404)

    def test_methods_that_are_none_tell_nothing_of_a_link(self):
        """What a browser asks before it asks, and what no page does: for a link that works the
        answer is the same as for none."""
        deleted, payable = self.make_link(), self.make_link()
        deleted.cancel()
        for method in ("OPTIONS", "PUT", "PATCH", "DELETE"):
            for suffix in ("", "/checkout", "/return", "/renew", "/document"):
                seen = set()
                for token in (payable.token, deleted.token, "x" * 24, "x", "%00", "1" * 500):
                    self.opener.cookies.clear()
                    answer = self.url_open(f"/pay/{token}{suffix}", method=method)
                    headers = {
                        name: value
                        for name, value in answer.headers.items()
                        if name not in ("Set-Cookie", "Date")
                    }
                    cookies = sorted(answer.cookies.keys())
                    seen.add((answer.status_code, answer.text, str(headers), str(cookies)))
                with self.subTest(method, suffix=suffix):
                    self.assertEqual(len(seen), 1, str(seen)[:2000])

    def test_a_fault_of_ours_keeps_the_manners(self):
        link = self.make_link()

        def fail(*_args, **_kwargs):
            raise RuntimeError("broken on purpose")

        self.patch(self.registry["payment.link"], "_get_page_values", fail)
        with mute_logger("odoo.http"):
            answer = self.open_page(link)
        self.assertEqual(answer.status_code, 500)
        self.assertIn("Something went wrong on our side", answer.text)
        self.assertNotIn("broken on purpose", answer.text)
        self.assertEqual(answer.headers["Cache-Control"], "no-store")
        self.assertEqual(answer.headers["Referrer-Policy"], "no-referrer")


class TestWhatItNeverTells(PageCase):
    def test_no_secret_of_any_field_is_in_the_page(self):
        """The customer, the company and the documents hold a secret in every other field."""
        secret = "SECRET-7f3a"
        salesman = self.env["res.users"].create({"name": f"{secret} Seller", "login": secret})
        parent = self.env["res.partner"].create({"name": f"{secret} Holding", "is_company": True})
        self.customer.write(
            {
                "parent_id": parent.id,
                "comment": secret,
                "ref": secret,
                "vat": f"{secret}-V",
                "street": secret,
                "city": secret,
                "function": secret,
                "website": f"https://{secret}.example",
                "email": f"{secret}@example.com",
                "user_id": salesman.id,
            }
        )
        self.company.write({"vat": f"{secret}-C", "company_registry": secret})
        links = self.one_in_each_state()
        for link in links.values():
            link.invoice_id.write(
                {
                    "narration": secret,
                    "ref": secret,
                    "invoice_origin": secret,
                    "payment_reference": secret,
                    "invoice_user_id": salesman.id,
                }
            )
            link.user_id = salesman
            link.message_post(body=secret)
            link.invoice_id.message_post(body=secret)
            link.transaction_ids.state_message = secret
        self.env["payment.token"].create(
            {
                "provider_id": self.provider.id,
                "payment_method_id": self.provider._paylinks_payment_method().id,
                "partner_id": self.customer.id,
                "payment_details": secret,
                "provider_ref": secret,
            }
        )
        for state, link in links.items():
            with self.subTest(state):
                text = self.open_page(link).text
                self.assertNotIn(secret.lower(), text.lower())
                self.assertNotIn(self.customer.name, text, "whoever opens it need not learn whose")
                for other in links.values():
                    self.assertNotIn(other.name, text, "nor the link's own number")
                    if other != link:
                        self.assertNotIn(other.invoice_id.name, text)
                        self.assertNotIn(other.token, text)
                for reference in link.transaction_ids.mapped("checkout_ref"):
                    self.assertNotIn(reference, text)

    def test_no_ids(self):
        """Records with numbers that occur nowhere else: none is in the page."""
        self.env.cr.execute("SELECT setval('payment_link_id_seq', 76543210)")
        self.env.cr.execute("SELECT setval('account_move_id_seq', 86543210)")
        link = self.make_link()
        text = self.open_page(link).text
        self.assertNotIn("7654321", text)
        self.assertNotIn("8654321", text)
        self.assertNotRegex(text, r"[?&]id=|data-id|res_id|t-att")
