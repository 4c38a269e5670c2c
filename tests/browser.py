"""What an end-to-end test sees and does: a real browser, and Odoo and the sandbox over HTTP.

Nothing here touches Odoo in this process, where the other tests have a registry open.
"""

import http.cookiejar
import json
import os
import time
import urllib.request
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import sync_playwright

DESKTOP = {"viewport": {"width": 1280, "height": 800}}
PHONE = {"viewport": {"width": 360, "height": 740}, "is_mobile": True, "has_touch": True}
PICTURES = Path(__file__).resolve().parent.parent / ".dev" / "screenshots"
SECONDS = 45


@contextmanager
def chromium(*options):
    """Start the machine's own Chromium (``CHROMIUM`` names another) and yield the browser.

    :param options: further options of its command line
    """
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=os.environ.get("CHROMIUM") or "/usr/bin/chromium",
            args=["--no-sandbox", "--disable-dev-shm-usage", *options],
        )
        try:
            yield browser
        finally:
            browser.close()


def picture(page, name, full=False):
    """Take a picture of the page, if ``PAYLINKS_SCREENSHOTS`` asks for pictures.

    :param bool full: of all of it, not only what is in view
    """
    if os.environ.get("PAYLINKS_SCREENSHOTS"):
        PICTURES.mkdir(parents=True, exist_ok=True)
        page.screenshot(path=PICTURES / f"{name}.png", full_page=full)


def eventually(look, wanted, seconds=SECONDS):
    """Call ``look()`` until it returns what is wanted, and return what it returned last."""
    deadline = time.monotonic() + seconds
    while (seen := look()) != wanted and time.monotonic() < deadline:
        time.sleep(0.2)
    return seen


class Rpc:
    """Odoo's models over JSON-RPC, as one user.

    :param str url: where Odoo answers
    """

    def __init__(self, url, database, login, password):
        self.url = url
        jar = http.cookiejar.CookieJar()
        self._opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(jar))
        self._post(
            "/web/session/authenticate", {"db": database, "login": login, "password": password}
        )

    def call(self, model, method, *args, **kwargs):
        """Call a public method; records come back as ids."""
        return self._post(
            f"/web/dataset/call_kw/{model}/{method}",
            {"model": model, "method": method, "args": args, "kwargs": kwargs},
        )

    def read(self, model, ids, *names):
        """Return the fields of one record as a dictionary, of several as a list of them."""
        rows = self.call(model, "read", ids if isinstance(ids, list) else [ids], list(names))
        return rows if isinstance(ids, list) else rows[0]

    def search(self, model, *conditions):
        return self.call(model, "search", list(conditions))

    def _post(self, path, params):
        body = json.dumps({"jsonrpc": "2.0", "method": "call", "params": params}).encode()
        request = urllib.request.Request(
            self.url + path, body, {"Content-Type": "application/json"}
        )
        with self._opener.open(request, timeout=60) as answer:
            answer = json.loads(answer.read())
        assert "error" not in answer, answer["error"]["data"]["debug"]
        return answer["result"]


class Stripe:
    """The sandbox's controls over HTTP.

    :param str url: where the sandbox answers
    """

    def __init__(self, url):
        self.url = url

    def get(self, path):
        return self._call("GET", path)

    def post(self, path, /, **data):
        return self._call("POST", path, data)

    def delete(self, path):
        return self._call("DELETE", path)

    def _call(self, method, path, data=None):
        body = json.dumps(data).encode() if data else None
        request = urllib.request.Request(f"{self.url}/_sandbox/{path}", body, method=method)
        with urllib.request.urlopen(request, timeout=10) as answer:
            return json.loads(answer.read())


class Clerk:
    """A member of the staff, logged in.

    :param browser: Playwright's browser
    :param dict device: the browser's window; a desktop by default
    :param str url: where Odoo answers
    """

    def __init__(self, browser, url, login, password, device=DESKTOP):
        self.url = url
        self.complaints = []  # what went wrong in the browser's own scripts
        self.context = browser.new_context(**device)
        self.context.grant_permissions(["clipboard-read", "clipboard-write"], origin=url)
        self.page = self.context.new_page()
        self.page.set_default_timeout(SECONDS * 1000)
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.goto(f"{url}/web/login")
        self.page.fill("input[name=login]", login)
        self.page.fill("input[name=password]", password)
        self.page.click("button[type=submit]")
        self.page.wait_for_selector(".o_main_navbar", timeout=60_000)

    def open_invoice(self, invoice):
        self.page.goto(f"{self.url}/odoo/customer-invoices/{invoice}")
        self.page.wait_for_selector(".o_form_view .o_statusbar_status")

    def press(self, label):
        """Press a button of the invoice's header, which a narrow screen hides in a menu."""
        button = self.page.locator(f"button:has-text('{label}'):visible")
        if not button.count():
            self.page.locator(".o_statusbar_buttons button.dropdown-toggle").first.click()
            button = self.page.locator(f".o-dropdown--menu button:has-text('{label}')")
        button.first.click()

    def collect(self):
        """Open the dialog that collects on the invoice on the screen, and return it."""
        self.press("Collect")
        return self.dialog()

    def dialog(self):
        """The dialog on the screen, on top of others."""
        dialog = self.page.locator(".modal:visible").last
        dialog.wait_for()
        return dialog

    def generate_link(self, shot="generate"):
        """Generate a link for the invoice on the screen, copy it, and return what was copied."""
        self.collect().get_by_role("button", name="Generate", exact=True).wait_for()
        picture(self.page, f"{shot}-wizard")
        self.dialog().get_by_role("button", name="Generate", exact=True).click()
        self.page.locator(".o_paylinks_share .o_clipboard_button").click()
        picture(self.page, f"{shot}-done")
        copied = self.page.evaluate("navigator.clipboard.readText()")
        self.close_dialog()
        return copied

    def close_dialog(self):
        self.dialog().locator("footer").get_by_role("button", name="Close").click()
        self.page.locator(".modal").first.wait_for(state="detached")


class Customer:
    """A customer with a phone, who has nothing but the link.

    :param browser: Playwright's browser
    :param str link: the address that the clerk sent
    """

    def __init__(self, browser, link):
        self.link = link
        self.context = browser.new_context(**PHONE)
        self.page = self.context.new_page()
        self.page.set_default_timeout(SECONDS * 1000)
        self.complaints = []  # what the browser refused or could not do
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("console", self._listen)
        self.open()

    def _listen(self, line):
        if line.type == "error":
            self.complaints.append(f"{line.location['url']}: {line.text}")

    def open(self):
        self.page.goto(self.link)

    def fits_the_phone(self):
        """Whether the page is proper HTML and need not be moved sideways to be read."""
        return self.page.evaluate(
            "document.compatMode === 'CSS1Compat'"
            " && document.documentElement.scrollWidth <= innerWidth"
        )

    def press_pay(self):
        """Press the one button; Stripe's page comes."""
        self.page.get_by_role("button", name="Pay").click()
        self.page.wait_for_url("**/c/pay/**")

    def pay_by_card(self, number):
        """Fill in a card on Stripe's page and send it."""
        if self.page.locator("label[for=method-card]").count():
            self.page.click("label[for=method-card]")
        self.page.fill("#number", number)
        self.page.fill("#expiry", "12 / 39")
        self.page.fill("#cvc", "123")
        self.page.fill("#name", "Ada Payer")
        self.page.click("button[type=submit]")

    def pay_by_bank(self, account, routing="110000000"):
        """Fill in a bank account on Stripe's page and send it."""
        self.page.click("label[for=method-bank]")
        self.page.fill("#holder", "Ada Payer")
        self.page.fill("#routing", routing)
        self.page.fill("#account", account)
        self.page.click("button[type=submit]")

    def reads(self, words):
        """Wait until the link's own page says these words."""
        self.page.wait_for_url(f"{self.link}*")
        self.page.get_by_text(words).first.wait_for()
