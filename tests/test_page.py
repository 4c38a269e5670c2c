"""The customer's page over HTTP: states, headers, weight, languages, and what it never tells."""

import base64
import io
import re
from datetime import timedelta
from html import unescape

from odoo import Command, fields
from odoo.tools import mute_logger
from PIL import Image, ImageDraw

from .common import DECLINED, PaylinksCase

PHONE = {
    "User-Agent": "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15"
}
CONTROLLER = "odoo.addons.serviceflow_paylinks.controllers.pay"
HEADERS = {
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Robots-Tag": "noindex, nofollow",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
KILOBYTES_20 = 20 * 1024


def make_logo(width=1200, height=500):
    """A busy logo that compresses badly."""
    image = Image.effect_noise((width, height), 90).convert("RGB")
    draw = ImageDraw.Draw(image)
    for step in range(0, width, 7):
        draw.line((step, 0, width - step, height), fill=(step % 256, 90, 255 - step % 256), width=5)
    result = io.BytesIO()
    image.save(result, "PNG")
    return base64.b64encode(result.getvalue())


class PageCase(PaylinksCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company.write({"phone": "+1 555-555-5556", "email": "office@brook.example"})

    def read(self, link, **kwargs):
        """Return the page's text as a person reads it: no tags, no style."""
        page = self.open_page(link, **kwargs).text
        page = re.sub(r"(?s)<(style|title)>.*?</\1>", "", page)
        return " ".join(unescape(re.sub(r"<[^>]+>", " ", page)).split()).replace("\xa0", " ")

    def send_form(self, link, action):
        """Open the page and send one of its forms; the redirect is not followed."""
        page = self.open_page(link)
        match = re.search(r'name="csrf_token" value="([^"]+)"', page.text)
        form = {"csrf_token": match[1] if match else "none"}
        return self.url_open(self.path(link, f"/{action}"), data=form, allow_redirects=False)

    def speak(self, *codes):
        for code in codes:
            self.env["res.lang"]._activate_lang(code)

    def one_in_each_state(self):
        """Return {state of the page: a link in it}."""
        links = {"payable": self.make_link(123.45), "paid": self.make_link(), "processing": None}
        self.pay(links["paid"])
        links["processing"] = self.make_link(70)
        attempt = self.open_checkout(links["processing"])
        self.sandbox.customer.pay_by_bank(attempt.checkout_ref)
        self.deliver_webhooks()
        links["settled"] = self.make_link()
        self.pay_by_bank_transfer(links["settled"].invoice_id)
        links["expired"] = self.make_link()
        self.expire_by_time(links["expired"])
        links["unavailable"] = self.make_link()
        links["unavailable"].invoice_id.button_draft()
        self.env.invalidate_all()
        return links


class TestStates(PageCase):
    def test_each_state_has_its_own_page(self):
        links = self.one_in_each_state()
        words = {
            "payable": "Pay $123.45",
            "processing": "Payment on its way",
            "paid": "Paid. Thank you!",
            "settled": "Nothing left to pay",
            "expired": "This link has expired",
            "unavailable": "Nothing to pay at the moment",
        }
        for state, link in links.items():
            with self.subTest(state):
                self.assertEqual(link._get_page_state(), state)
                text = self.read(link)
                self.assertIn(words[state], text)
                self.assertFalse([w for s, w in words.items() if s != state and w in text])

    def test_payable_says_what_it_is_for(self):
        link = self.make_link(
            123.45,
            invoice_date="2026-03-02",
            invoice_date_due="2126-04-01",
            invoice_line_ids=[
                Command.create({"name": "Boiler service\nat the back", "price_unit": 100.0}),
                Command.create({"name": "Travel", "price_unit": 11.725, "quantity": 2}),
            ],
        )
        link.invoice_id.invoice_line_ids.tax_ids = False
        text = self.read(link)
        for words in (
            "Brook Plumbing",
            f"Invoice {link.invoice_id.name} March 2, 2026",
            "$123.45",
            "Due on April 1, 2126",
            "Boiler service and 1 more",
            "Travel 2 ×",
            "View invoice (PDF)",
            "+1 555-555-5556",
            "office@brook.example",
            "processed securely by Stripe",
        ):
            self.assertIn(words, text)
        self.assertNotIn("at the back", text)

    def test_many_lines_are_cut_short_and_notes_left_out(self):
        lines = [
            Command.create({"name": "Ground floor", "display_type": "line_section"}),
            Command.create({"name": "Our own note", "display_type": "line_note"}),
            *(Command.create({"name": f"Job {n}", "price_unit": n}) for n in range(1, 12)),
            Command.create({"name": "Empty section", "display_type": "line_section"}),
        ]
        text = self.read(self.make_link(invoice_line_ids=lines))
        self.assertIn("Ground floor Job 1", text)
        self.assertIn("Job 8", text)
        self.assertNotIn("Job 9", text)
        self.assertIn("and 3 more", text)
        self.assertNotIn("Our own note", text)
        self.assertNotIn("Empty section", text)

    def test_hidden_lines_stay_hidden(self):
        """A section whose make-up the business hides shows its sum alone, as on its PDF."""
        lines = [
            Command.create(
                {"name": "Bathroom", "display_type": "line_section", "collapse_composition": True}
            ),
            Command.create({"name": "Secret margin", "price_unit": 70, "tax_ids": False}),
            Command.create({"name": "Secret part", "price_unit": 30, "tax_ids": False}),
        ]
        text = self.read(self.make_link(invoice_line_ids=lines))
        self.assertIn("Bathroom $100.00", text)
        self.assertNotIn("Secret", text)

    def test_part_paid(self):
        link = self.make_link(100)
        self.pay_by_bank_transfer(link.invoice_id, 30)
        text = self.read(link)
        self.assertIn("Pay $70.00", text)
        self.assertIn("Total $100.00 Paid so far -$30.00", text)

    def test_deposit_says_what_remains(self):
        order = self.env["sale.order"].create(
            {
                "partner_id": self.customer.id,
                "require_payment": True,
                "prepayment_percent": 0.3,
                "order_line": [
                    Command.create({"name": "Bathroom", "price_unit": 1000, "tax_ids": False})
                ],
            }
        )
        text = self.read(order.generate_deposit_links())
        for words in (f"Deposit on {order.name}", "Bathroom", "View quotation"):
            self.assertIn(words, text)
        amounts = re.findall(r"(Total|To pay now|Left after this payment) \D*([\d.,]+)", text)
        self.assertEqual(
            amounts,
            [
                ("Total", "1,000.00"),
                ("To pay now", "300.00"),
                ("Left after this payment", "700.00"),
            ],
        )

    def test_processing_shows_the_amount_and_looks_again_a_few_times(self):
        link = self.one_in_each_state()["processing"]
        page = self.open_page(link)
        self.assertIn("$70.00", page.text)
        self.assertRegex(page.headers["Refresh"], rf"^5; url=/pay/{link.token}\?look=1$")
        waits = []
        for _again in range(20):
            if "Refresh" not in page.headers:
                break
            seconds, path = page.headers["Refresh"].split("; url=")
            waits.append(int(seconds))
            page = self.url_open(path)
        self.assertEqual(waits, sorted(waits))
        self.assertLess(len(waits), 10)
        self.assertIn("Look again", page.text)
        self.assertNotIn("<button", page.text)

    def test_processing_of_another_link_of_the_invoice(self):
        link = self.make_link(100)
        part = self.env["payment.link"].create(
            {"invoice_id": link.invoice_id.id, "amount": 100, "purpose": "invoice"}
        )
        attempt = self.open_checkout(part)
        self.sandbox.customer.pay_by_bank(attempt.checkout_ref)
        self.deliver_webhooks()
        self.assertIn("Payment on its way $100.00", self.read(link))

    def test_paid_is_a_receipt(self):
        link = self.make_link(123.45)
        attempt = self.pay(link)
        self.deliver_webhooks()
        text = self.read(link)
        self.assertIn("Paid. Thank you!", text)
        self.assertRegex(text, r"Amount \$123.45 Date \w+ \d+, \d{4} Paid with VISA")
        self.assertIn(f"Reference {attempt.reference}", text)
        self.assertIn("View invoice (PDF)", text)

    def test_being_corrected(self):
        link = self.make_link()
        link.invoice_id.button_draft()
        text = self.read(link)
        self.assertIn("is being corrected", text)
        self.assertNotIn("View invoice", text, "a draft is the business's own")

    def test_stripe_unreachable(self):
        link = self.make_link()
        self.sandbox.faults.add("refused", "POST", "*", times=None)
        with self.assertLogs("odoo.addons.serviceflow_paylinks", "WARNING"):
            answer = self.click_pay(link)
        self.assertEqual(answer.status_code, 503)
        self.assertEqual(answer.headers["Retry-After"], "60")
        for words in ("Nothing was charged", "try again", 'href="tel:+15555555556"', "<button"):
            self.assertIn(words, answer.text)

    def test_reasons_in_plain_words(self):
        """Each card that Stripe declines gives a sentence of ours, and none of Stripe's."""
        cards = {
            DECLINED: "Your bank declined the payment.",
            "4000000000009995": "not enough money",
            "4000000000009987": "Your bank declined the payment.",
            "4000000000000069": "This card has expired.",
            "4000000000000127": "Something in the card's details is not right.",
            "4000000000000119": "The bank could not be reached.",
        }
        link = self.make_link()
        attempt = self.open_checkout(link)
        for card, words in cards.items():
            with self.subTest(card):
                outcome = self.sandbox.customer.pay(attempt.checkout_ref, card=card)
                # The customer goes back at once: no webhook has come yet.
                answer = self.url_open(self.path(link, "/return?cancelled=1"))
                self.assertEqual(answer.status_code, 200)
                text = unescape(answer.text)
                self.assertIn(words, text)
                self.assertNotIn(outcome.message, text)
                self.assertIn("Pay $100.00", text, "ready to try again")

    def test_abandoned(self):
        link = self.make_link()
        attempt = self.open_checkout(link)
        session = self.sandbox.store.get("checkout.session", attempt.checkout_ref)
        answer = self.url_open(re.sub(r"^https?://[^/]+", "", session["cancel_url"]))
        self.assertIn("You have not paid yet, and nothing was charged.", answer.text)
        self.assertIn("Pay $100.00", answer.text)
        self.assertNotIn("nothing was charged", self.read(link))

    def test_back_from_stripe_after_paying(self):
        """Back instead of forward: Stripe is asked, and the page does not say that nothing came."""
        link = self.make_link()
        self.pay(link)
        answer = self.url_open(self.path(link, "/return?cancelled=1"))
        self.assertIn("Paid. Thank you!", answer.text)
        self.assertNotIn("nothing was charged", answer.text)

    def test_reload_of_the_return_page(self):
        link = self.make_link()
        attempt = self.pay(link)
        for _reload in range(3):
            self.assertIn("Paid. Thank you!", self.come_back(link, attempt).text)
        self.assert_booked_once(100)

    def test_an_address_from_the_history(self):
        """A form's address in the address bar leads to the page; it does nothing."""
        link = self.make_link()
        for action in ("checkout", "renew"):
            answer = self.url_open(self.path(link, f"/{action}"), allow_redirects=False)
            self.assertEqual(answer.status_code, 303)
            self.assertURLEqual(answer.headers["Location"], self.path(link))
        self.assertFalse(self.client.calls)

    def test_form_of_a_session_that_is_over(self):
        link = self.make_link()
        page = self.open_page(link)
        form = {"csrf_token": re.search(r'name="csrf_token" value="([^"]+)"', page.text)[1]}
        self.opener.cookies.clear()
        answer = self.url_open(self.path(link, "/checkout"), data=form)
        self.assertEqual(answer.status_code, 400)
        self.assertIn("press the button once more", answer.text)
        self.assertFalse(self.client.calls)
        form = {"csrf_token": re.search(r'name="csrf_token" value="([^"]+)"', answer.text)[1]}
        answer = self.url_open(self.path(link, "/checkout"), data=form, allow_redirects=False)
        self.assertEqual(answer.status_code, 303, "pressed once more, it works")


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


class TestLanguages(PageCase):
    def test_customers_language_comes_first(self):
        self.speak("fr_FR", "de_DE")
        self.customer.lang = "fr_FR"
        link = self.make_link(1234.5)
        page = self.open_page(link, headers={"Accept-Language": "de-DE,de;q=0.9"})
        self.assertIn('<html lang="fr-FR" dir="ltr">', page.text)
        self.assertIn("1\u202f234,50\xa0$US", page.text)

    def test_then_the_browsers_then_the_companys(self):
        self.speak("fr_FR", "de_DE", "es_ES")
        self.customer.lang = False
        self.company.partner_id.lang = "es_ES"
        link = self.make_link(1234.5)
        for wanted, lang in (
            ("de-AT,en;q=0.5", "de-DE"),
            ("sv-SE,fr-BE;q=0.9,de;q=0.8", "fr-FR"),
            ("fr;q=0.3,de;q=0.7", "de-DE"),
            ("sv-SE", "es-ES"),
            ("", "es-ES"),
            ("*", "es-ES"),
            ("xx-" + "y" * 4000, "es-ES"),
        ):
            with self.subTest(wanted):
                page = self.open_page(link, headers={"Accept-Language": wanted})
                self.assertIn(f'<html lang="{lang}"', page.text)

    def test_right_to_left(self):
        self.speak("ar_001")
        self.customer.lang = "ar_001"
        self.assertIn('lang="ar-001" dir="rtl"', self.open_page(self.make_link()).text)

    def test_not_found_speaks_the_browsers_language(self):
        self.speak("fr_FR")
        answer = self.url_open(f"/pay/{'x' * 24}", headers={"Accept-Language": "fr"})
        self.assertIn('<html lang="fr-FR"', answer.text)

    def test_stripes_page_speaks_the_pages_language(self):
        self.speak("fr_FR", "nl_NL")
        self.customer.lang = False
        self.company.partner_id.lang = "fr_FR"
        for wanted, locale in (("nl,en;q=0.5", "nl"), ("", "fr")):
            link = self.make_link()
            self.opener.headers["Accept-Language"] = wanted
            attempt = self.open_checkout(link)
            session = self.sandbox.store.get("checkout.session", attempt.checkout_ref)
            self.assertEqual(session["locale"], locale)

    def test_money_as_people_write_it(self):
        yen, dinar = self.activate("JPY", 150), self.activate("KWD", 0.3)
        self.speak("de_DE", "nl_NL")
        link = self.make_link()
        for lang, currency, text in (
            ("en_US", self.usd, "$1,234.50"),
            ("de_DE", self.usd, "1.234,50\xa0$"),
            ("nl_NL", self.env.ref("base.EUR"), "€\xa01.234,50"),
            ("en_US", yen, "¥1,235"),
            ("en_US", dinar, "KWD1,234.500"),
        ):
            amount = 1235 if currency == yen else 1234.5
            self.assertEqual(link.with_context(lang=lang)._format_money(amount, currency), text)


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


class TestVisits(PageCase):
    def counts(self, link):
        self.env.invalidate_all()
        return link.open_count, link.robot_open_count

    def test_a_visit_counts_once(self):
        link = self.make_link()
        for _time in range(3):
            self.open_page(link, headers=PHONE)
        self.assertEqual(self.counts(link), (1, 0))
        self.opener.cookies.clear()  # another phone, or later than half an hour
        self.open_page(link, headers=PHONE)
        self.assertEqual(self.counts(link), (2, 0))

    def test_each_link_has_visits_of_its_own(self):
        one, other = self.make_link(), self.make_link()
        for link in (one, other):
            self.open_page(link, headers=PHONE)
        self.assertEqual((self.counts(one), self.counts(other)), ((1, 0), (1, 0)))

    def test_the_visits_cookie_says_nothing(self):
        link = self.make_link()
        page = self.open_page(link, headers=PHONE)
        cookie = next(c for c in page.cookies if c.name == "pay_visit")
        self.assertEqual((cookie.value, cookie.path), ("1", self.path(link)))
        self.assertTrue(cookie.has_nonstandard_attr("HttpOnly"))
        self.assertEqual(cookie.get_nonstandard_attr("SameSite"), "Lax")
        self.assertLessEqual(cookie.expires - fields.Datetime.now().timestamp(), 30 * 60 + 5)

    def test_coming_back_from_stripe_is_the_same_visit(self):
        link = self.make_link()
        self.opener.headers.update(PHONE)
        attempt = self.pay(link)
        self.come_back(link, attempt)
        self.assertEqual(self.counts(link), (1, 0))

    def test_robots_are_kept_apart(self):
        link = self.make_link()
        robots = (
            {"User-Agent": "WhatsApp/2.23.20.0"},
            {"User-Agent": "Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)"},
            {"User-Agent": ""},
            {**PHONE, "Purpose": "prefetch"},
            {**PHONE, "Sec-Purpose": "prefetch;prerender"},
            {**PHONE, "X-Moz": "prefetch"},
        )
        for headers in robots:
            page = self.open_page(link, headers=headers)
            self.assertNotIn("pay_visit", page.cookies)
        self.url_open(self.path(link), method="HEAD", headers=PHONE)
        self.assertEqual(self.counts(link), (0, len(robots) + 1))
        self.assertFalse(link.opened_at)

    def test_the_documents_route_counts_nothing(self):
        link = self.make_link()
        self.url_open(self.path(link, "/document"), headers=PHONE)
        self.assertEqual(self.counts(link), (0, 0))

    def test_staff_read_the_robots_count_only_with_the_right(self):
        self.assertEqual(
            self.env["payment.link"]._fields["robot_open_count"].groups,
            "serviceflow_paylinks.group_payments_view",
        )


class TestDocument(PageCase):
    def test_this_document_and_no_other(self):
        link = self.make_link()
        other = self.make_link(77)
        answer = self.url_open(self.path(link, f"/document?id={other.invoice_id.id}"))
        self.assertEqual(answer.status_code, 200)
        self.assertIn(link.invoice_id.name, answer.text)
        self.assertNotIn(other.invoice_id.name, answer.text)
        name = link.invoice_id.name.replace("/", "_")
        self.assertIn(f"{name}.pdf", answer.headers["Content-Disposition"])
        self.assertTrue(answer.headers["Content-Disposition"].startswith("inline"))
        for header, value in HEADERS.items():
            self.assertEqual(answer.headers.get(header), value)

    def test_what_odoo_has_sent_is_what_the_customer_sees(self):
        link = self.make_link()
        self.env["ir.attachment"].create(
            {
                "name": "whatever.pdf",
                "raw": b"%PDF-1.4 as sent",
                "mimetype": "application/pdf",
                "res_model": "account.move",
                "res_id": link.invoice_id.id,
                "res_field": "invoice_pdf_report_file",
            }
        )
        link.invoice_id.invalidate_recordset()
        answer = self.url_open(self.path(link, "/document"))
        self.assertEqual(answer.content, b"%PDF-1.4 as sent")
        self.assertEqual(answer.headers["Content-Type"], "application/pdf")

    def test_a_look_leaves_nothing_with_the_document(self):
        link = self.make_link()
        before = self.env["ir.attachment"].search_count([("res_model", "=", "account.move")])
        self.url_open(self.path(link, "/document"))
        after = self.env["ir.attachment"].search_count([("res_model", "=", "account.move")])
        self.assertEqual(before, after)

    def test_made_once_for_many_looks(self):
        link = self.make_link()
        made = []
        plain = type(link)._make_pdf

        def count(record):
            made.append(record._get_pdf_key())
            return plain(record)

        self.patch(type(link), "_make_pdf", count)
        for _look in range(4):
            self.assertEqual(self.url_open(self.path(link, "/document")).status_code, 200)
        self.assertEqual(len(made), 1, made)
        self.pay_by_bank_transfer(link.invoice_id, 40)
        self.url_open(self.path(link, "/document"))
        self.assertEqual(len(made), 2, "it looks different now")

    def test_draft_cancelled_and_custom_have_none(self):
        draft, cancelled = self.make_link(), self.make_link()
        draft.invoice_id.button_draft()
        cancelled.invoice_id.button_draft()
        cancelled.invoice_id.button_cancel()
        for link in (draft, cancelled, self.make_custom_link()):
            self.assertEqual(self.url_open(self.path(link, "/document")).status_code, 404)
            if link.state != "cancelled":
                self.assertNotIn("/document", self.open_page(link).text)

    def test_without_the_program_that_makes_it(self):
        self.patch(
            self.registry["ir.actions.report"], "get_wkhtmltopdf_state", lambda reports: "install"
        )
        link = self.make_link()
        self.assertNotIn("/document", self.open_page(link).text)
        self.assertEqual(self.url_open(self.path(link, "/document")).status_code, 404)


class TestRenewal(PageCase):
    def setUp(self):
        super().setUp()
        self.env["mail.mail"].search([]).unlink()

    def mails(self):
        self.env.invalidate_all()
        return self.env["mail.mail"].search([])

    def make_expired(self, link=None):
        link = link or self.make_link()
        self.expire_by_time(link)
        self.run_schedule("cron_expire_links")
        return link

    def renewals(self, link):
        self.env.invalidate_all()
        return link._get_latest_renewal() - link

    def test_a_new_link_goes_to_the_contact_on_file(self):
        link = self.make_expired()
        answer = self.send_form(link, "renew")
        self.assertEqual(answer.status_code, 303)
        renewal = self.renewals(link)
        self.assertEqual((renewal.invoice_id, renewal.state), (link.invoice_id, "active"))
        self.assertEqual((renewal.email, renewal.user_id), (link.email, link.user_id))
        self.assertGreater(renewal.expires_at, fields.Datetime.now() + timedelta(days=29))
        self.assertFalse(self.mails(), "the request itself sends nothing")
        self.run_schedule("cron_send_links")
        [mail] = self.mails()
        self.assertEqual(mail.email_to, "ada@example.com")
        self.assertIn(renewal.token, mail.body_html)
        self.assertIn(renewal.name, link.message_ids[0].body)
        self.assertTrue(renewal.message_ids.filtered(lambda m: link.name in m.body))

    def test_the_page_tells_neither_the_contact_nor_the_new_address(self):
        link = self.make_expired()
        self.send_form(link, "renew")
        page = self.open_page(link)
        self.assertIn("A new link is on its way", page.text)
        self.assertNotIn("<button", page.text)
        renewal = self.renewals(link)
        for secret in (link.email, link.phone, "ada", renewal.token, renewal.name):
            self.assertNotIn(secret, page.text)

    def test_one_in_15_minutes(self):
        link = self.make_expired()
        page = self.open_page(link)
        form = {"csrf_token": re.search(r'name="csrf_token" value="([^"]+)"', page.text)[1]}
        for _press in range(3):
            answer = self.url_open(self.path(link, "/renew"), data=form)
            self.assertIn("A new link is on its way", answer.text)
            self.run_schedule("cron_send_links")
        self.assertEqual(len(self.mails()), 1)
        link.renewed_at -= timedelta(minutes=15)
        renewal = self.renewals(link)
        self.send_form(link, "renew")
        self.run_schedule("cron_send_links")
        self.assertEqual(len(self.mails()), 2)
        self.assertEqual(self.renewals(link), renewal, "the same link once more, not another one")

    def test_the_limit_is_the_documents(self):
        """Two expired links of one invoice do not make two mails."""
        first = self.make_expired()
        second = self.make_expired(first.invoice_id.generate_payment_links())
        for link in (first, second):
            self.send_form(link, "renew")
            self.run_schedule("cron_send_links")
        self.assertEqual(len(self.mails()), 1)

    def test_the_open_link_of_the_invoice_is_sent_again(self):
        link = self.make_expired()
        other = link.invoice_id.generate_payment_links()
        self.send_form(link, "renew")
        self.assertEqual(self.renewals(link), other)

    def test_agreed_amounts_are_asked_for_once(self):
        """Who has paid the new link is not offered another one by the old one."""
        link = self.make_expired(self.make_custom_link(50, description="Call-out"))
        self.send_form(link, "renew")
        renewal = self.renewals(link)
        self.assertEqual((renewal.amount, renewal.description), (50, "Call-out"))
        self.pay(renewal)
        self.deliver_webhooks()
        self.assertIn("Nothing left to pay", self.read(link))
        link.renewed_at -= timedelta(minutes=15)
        self.send_form(link, "renew")
        self.assertEqual(self.renewals(link), renewal)

    def test_what_staff_withdrew_is_not_sent_again(self):
        link = self.make_expired()
        self.send_form(link, "renew")
        renewal = self.renewals(link)
        renewal.cancel()
        link.renewed_at -= timedelta(minutes=15)
        self.assertNotIn("<button", self.open_page(link).text)
        self.send_form(link, "renew")
        self.assertEqual(self.renewals(link), renewal)

    def test_text_message_where_there_is_no_email(self):
        link = self.make_link()
        link.email = False
        self.make_expired(link)
        self.send_form(link, "renew")
        self.run_schedule("cron_send_links")
        self.env.invalidate_all()
        sms = self.env["sms.sms"].search([("number", "=", link.phone)])
        self.assertIn(self.renewals(link).token, sms.body)

    def test_no_contact_on_file(self):
        link = self.make_link()
        link.write({"email": False, "phone": False})
        self.make_expired(link)
        text = self.read(link)
        self.assertIn("Please contact us for a new link", text)
        self.assertNotIn("Send me a new link", text)
        self.send_form(link, "renew")
        self.assertFalse(self.renewals(link))

    def test_only_what_has_expired_is_renewed(self):
        for state, link in self.one_in_each_state().items():
            if state != "expired":
                self.send_form(link, "renew")
                self.assertFalse(self.renewals(link), state)

    def test_without_the_pages_token_and_by_get(self):
        link = self.make_expired()
        self.url_open(self.path(link, "/renew"))
        answer = self.url_open(self.path(link, "/renew"), data={"a": "b"})
        self.assertEqual(answer.status_code, 400)
        self.assertFalse(self.renewals(link))

    def test_deposit(self):
        order = self.env["sale.order"].create(
            {
                "partner_id": self.customer.id,
                "require_payment": True,
                "prepayment_percent": 0.5,
                "order_line": [
                    Command.create({"name": "Bathroom", "price_unit": 900, "tax_ids": False})
                ],
            }
        )
        link = self.make_expired(order.generate_deposit_links())
        self.send_form(link, "renew")
        renewal = self.renewals(link)
        self.assertEqual((renewal.purpose, renewal.amount), ("deposit", 450))
        self.assertEqual(renewal.sale_order_id, order)
