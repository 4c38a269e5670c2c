"""Every state of the customer's page, made on running servers the way customers come to it."""

import json
import re
from functools import cached_property
from html import unescape
from pathlib import Path

import requests

from .browser import Rpc, Stripe, eventually

SCRIPT = Path(__file__).with_name("page_gallery.script")
BROWSER = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/137.0.0.0"
DECLINED = "4000000000009995"
# States that a customer sees under the link's own address, and those that answer a form.
STATES = (
    "payable lines partly deposit custom long processing checking paid settled expired renewed"
    " unreachable-customer renewal-lost renewal-enough on-hold unavailable declined cancelled"
    " deleted sign choice-long"
).split()
# Where a part was paid, or is on its way; and what is shown when something went wrong.
PARTS = ("choice-rest", "choice-underway", "choice-paid")
TROUBLES = ("document-down", "error", "broken")
FORMS = ("stripe-down", "stale", "choice", "choice-made", "choice-refused")


class Gallery:
    """The links in each state, by language.

    :param Stack stack: running, with Stripe set up and bank debits that do not settle by themselves
    :param langs: Odoo's codes of the customers' languages
    """

    def __init__(self, stack, langs=("en_US", "de_DE"), **variables):
        self.stack = stack
        self.langs = langs
        self.stripe = Stripe(stack.sandbox_url)
        variables |= {"PAYLINKS_LANGS": " ".join(langs), "PAYLINKS_FORMS": " ".join(FORMS)}
        variables["PAYLINKS_PARTS"] = " ".join(PARTS)
        told = stack.shell(SCRIPT.read_text(), **variables)
        self.links = json.loads(re.search(r"^GALLERY (.*)$", told, re.MULTILINE)[1])
        for lang in langs:
            self._play(lang)

    def url(self, lang, state, suffix=""):
        return f"{self.stack.odoo_url}/pay/{self.token(lang, state)}{suffix}"

    def first_url(self, lang, state):
        """Return the address by which the customer comes to see the state."""
        return self.url(lang, state, "?back=1" if state == "cancelled" else "")

    def token(self, lang, state):
        return self.links[lang][state]["token"]

    def state_of(self, lang, state):
        """Return the state of a link in the database."""
        query = "SELECT state FROM payment_link WHERE id = %s"
        return self.stack.query(query, [self.links[lang][state]["id"]])[0][0]

    def new_link(self, amount=45.0):
        """Bill a customer and return the address of the invoice's link."""
        books = self.books
        partner = books.call("res.partner", "create", {"name": "Ada", "email": "ada@example.com"})
        line = {"name": "Boiler service", "price_unit": amount, "tax_ids": [(5, 0, 0)]}
        dollar = books.search("res.currency", ("name", "=", "USD"))[0]
        values = {"move_type": "out_invoice", "partner_id": partner, "currency_id": dollar}
        invoice = books.call(
            "account.move", "create", {**values, "invoice_line_ids": [(0, 0, line)]}
        )
        books.call("account.move", "action_post", [invoice])
        [link] = books.call("account.move", "generate_payment_links", [invoice])
        return books.read("payment.link", link, "url")["url"]

    @cached_property
    def books(self):
        return Rpc(self.stack.odoo_url, self.stack.database, "admin", "admin")

    def offer_choices(self, offered=True):
        """Let customers pay in parts and add tips, or no more."""
        values = {"paylinks_part_payments": offered, "paylinks_tips": offered}
        self.books.call("res.company", "write", self.books.search("res.company")[:1], values)

    # -- what customers do --

    def press(self, lang, state, action="checkout", **typed):
        """Open the page, fill in what is given and press its button; return the answer."""
        http = requests.Session()
        http.headers["User-Agent"] = BROWSER
        page = http.get(self.url(lang, state), timeout=30)
        csrf = re.search(r'name="csrf_token" value="([^"]+)"', page.text)
        form = {"csrf_token": unescape(csrf[1]), **typed}
        return http.post(
            self.url(lang, state, f"/{action}"), form, timeout=30, allow_redirects=False
        )

    def _play(self, lang):
        """Bring the links that need a customer and a bank into their states."""
        for state in ("processing", "paid", "declined", "cancelled"):
            self.press(lang, state)
        self._at_stripe(lang, "processing", "pay_by_bank")
        self._at_stripe(lang, "paid", "pay")
        self._at_stripe(lang, "declined", "pay", card=DECLINED)
        self.press(lang, "renewed", "renew")
        for state, wanted in (("processing", "processing"), ("paid", "paid")):
            assert eventually(lambda s=state: self.state_of(lang, s), wanted) == wanted
        requests.get(self.url(lang, "declined", "/return?cancelled=1"), timeout=30)
        self._play_parts(lang)

    def _play_parts(self, lang):
        """Pay a part by card, one by a bank debit, and an invoice in two parts."""
        self.offer_choices()
        for state, action in (
            ("choice-rest", "pay"),
            ("choice-underway", "pay_by_bank"),
            ("choice-paid", "pay"),
        ):
            self.press(lang, state, amount="60", tip_other="6")
            self._at_stripe(lang, state, action)
        self._wait_for_amount(lang, "choice-paid")
        self.press(lang, "choice-paid")
        self._at_stripe(lang, "choice-paid", "pay")
        assert eventually(lambda: self.state_of(lang, "choice-paid"), "paid") == "paid"
        self._wait_for_amount(lang, "choice-rest")
        waiting = lambda: self.state_of(lang, "choice-underway")  # noqa: E731
        assert eventually(waiting, "processing") == "processing"
        self.offer_choices(False)

    def _wait_for_amount(self, lang, state):
        """Wait until the part that was paid is booked."""
        query = "SELECT amount_paid FROM payment_link WHERE id = %s"
        look = lambda: float(self.stack.query(query, [self.links[lang][state]["id"]])[0][0])  # noqa: E731
        assert eventually(look, 60.0) == 60.0

    def _at_stripe(self, lang, state, action, **data):
        query = (
            "SELECT checkout_ref FROM payment_transaction WHERE payment_link_id = %s"
            " ORDER BY id DESC LIMIT 1"
        )
        [(session,)] = self.stack.query(query, [self.links[lang][state]["id"]])
        self.stripe.post(f"sessions/{session}/{action}", **data)
