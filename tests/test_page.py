"""The customer's page: what it shows in each state, and in which language."""

import re
from datetime import timedelta
from html import unescape

from odoo import Command, fields

from .common import DECLINED
from .page import PageCase


class TestStates(PageCase):
    def test_each_state_has_its_own_page(self):
        links = self.one_in_each_state()
        words = {
            "payable": "Pay $123.45",
            "processing": "Payment on its way",
            "checking": "Your payment is being checked",
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

    def test_browser_that_keeps_no_cookies(self):
        """It is told what to do, instead of to press the button for ever."""
        link = self.make_link()
        form = {"csrf_token": "none"}
        for words in ("press the button once more", "keeps no cookies, and without them"):
            self.opener.cookies.clear()
            answer = self.url_open(self.path(link, "/checkout"), data=form)
            self.assertEqual(answer.status_code, 400)
            self.assertIn(words, answer.text)
            self.assertIn("Nothing was charged", answer.text)
            form = dict(re.findall(r'name="(\w+)" value="([^"]*)"', answer.text))
        answer = self.url_open(self.path(link, "/checkout"), data=form, allow_redirects=False)
        self.assertEqual(answer.status_code, 303, "once cookies are kept, it works")

    def test_long_texts_are_cut_short(self):
        """The button stays on the first screen, and the page is no novel."""
        long = "Replace the pump " * 40
        lines = [Command.create({"name": f"{long} {n}", "price_unit": n}) for n in range(1, 30)]
        link = self.make_link(invoice_line_ids=lines)
        link.description = long
        page = self.open_page(link)
        self.assertLess(len(page.content), 20 * 1024)
        text = self.read(link)
        beside = re.search(r"\$435\.00 (Replace[^…]*…)", text)[1]
        self.assertLessEqual(len(beside), 60)
        self.assertIn(long.strip(), text, "the business's own words are below")
        names = re.findall(r"<li>\s*<span>\s*(.*)", page.text)
        self.assertEqual(len(names), 8)
        self.assertLessEqual(max(map(len, names)), 120)
        custom = self.make_custom_link(description=long)
        [title] = re.findall(r"<h1>(.*)</h1>", self.open_page(custom).text)
        self.assertEqual(len(title), 80)
        self.assertIn(long.strip(), self.read(custom))

    def test_phone_that_can_be_called(self):
        self.company.country_id = self.env.ref("base.uk")
        for phone, address in (
            ("+44 (0)20 7946 0958", "tel:+442079460958"),
            ("020 7946 0958 ext. 12", "tel:+442079460958;ext=12"),
            ("+1 555-555-5556", "tel:+15555555556"),
            ("12 34", "tel:1234"),
        ):
            with self.subTest(phone):
                self.company.phone = phone
                page = self.open_page(self.make_link())
                self.assertIn(f'href="{address}"', page.text)
                self.assertIn(phone, page.text)

    def test_day_of_a_quotation_is_the_customers(self):
        """Whatever zone the visitor's browser is in."""
        order = self.env["sale.order"].create(
            {
                "partner_id": self.customer.id,
                "date_order": "2026-03-02 23:30:00",
                "require_payment": True,
                "prepayment_percent": 0.3,
                "order_line": [Command.create({"name": "Bathroom", "price_unit": 1000})],
            }
        )
        link = order.generate_deposit_links()
        for zone, day in (("Europe/Paris", "March 3, 2026"), ("America/New_York", "March 2, 2026")):
            self.customer.tz = zone
            for browsers in ("Asia/Tokyo", "America/Los_Angeles"):
                self.opener.cookies.set("tz", browsers)
                self.assertIn(day, self.read(link))


class TestLanguages(PageCase):
    def test_words_come_from_the_catalogues(self):
        """The page's own words, and what is said of the due date, in each language that we have."""
        today = fields.Date.today()
        words = {
            "en_US": ("Pay $100.00", "What it is for", "Due today"),
            "fr_FR": ("Payer 100,00 $", "De quoi il s'agit", "À payer aujourd'hui"),
            "de_DE": ("100,00 $ bezahlen", "Wofür es ist", "Heute fällig"),
            "es_ES": ("Pagar 100,00", "Conceptos", "Vence hoy"),
            "nl_NL": ("US$ 100,00 betalen", "Waar het voor is", "Vandaag te betalen"),
        }
        addon = self.env.ref("base.module_serviceflow_paylinks")
        due = self.make_link(100, invoice_date_due=today)
        late = self.make_link(100, invoice_date_due=today - timedelta(days=3))
        for lang, said in words.items():
            with self.subTest(lang):
                self.speak(lang)
                addon._update_translations([lang])
                self.customer.lang = lang
                text = self.read(due)
                for sentence in said:
                    self.assertIn(sentence, text)
                # Whatever the catalogue has for it: with the day, and not the English.
                day = late._in_page_language()._format_day(late.invoice_id.invoice_date_due)
                [line] = re.findall(rf"<p>(.*){day}", unescape(self.open_page(late).text))
                self.assertEqual(line == "Was due on ", lang == "en_US", line)

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
