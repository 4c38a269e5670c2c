"""The customer's page over HTTP, and a link in each of its states."""

import base64
import io
import re
from html import unescape

from odoo.tools import mute_logger
from PIL import Image, ImageDraw

from .common import PaylinksCase

ASIDE = "odoo.addons.serviceflow_paylinks.models.payment_transaction_aside"
PHONE = {
    "User-Agent": "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15"
}
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
        links["checking"] = self.make_link(300)
        attempt = self.pay(links["checking"])
        self.sandbox.store.get("checkout.session", attempt.checkout_ref)["amount_total"] -= 100
        with mute_logger(ASIDE):
            self.deliver_webhooks()
        links["unavailable"] = self.make_link()
        links["unavailable"].invoice_id.button_draft()
        self.env.invalidate_all()
        return links
