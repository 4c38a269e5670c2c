"""The hosted checkout page, by hand and in Chromium."""

import os
import re
import threading
from pathlib import Path

import pytest

from sandbox import ManualClock, Sandbox
from sandbox.page import Page
from sandbox.page.amounts import amount_text
from sandbox.page.texts import TEXTS, language_of
from sandbox.server import SandboxServer
from sandbox.testing import Bench, session_params

CHROMIUM = Path(os.environ.get("CHROMIUM") or "/usr/bin/chromium")
CARD = {
    "method": "card",
    "number": "4242 4242 4242 4242",
    "expiry": "12 / 34",
    "cvc": "123",
    "name": "Ada",
}


@pytest.fixture
def bench():
    bench = Bench()
    bench.page = Page(bench.sandbox)
    yield bench
    bench.sandbox.assert_clean()


def get(bench, session, **headers):
    answer = bench.page.handle("GET", f"/c/pay/{session.id}", headers=headers)
    return answer.body.decode()


def submit(bench, session, **values):
    body = "&".join(f"{name}={value}" for name, value in {**CARD, **values}.items())
    return bench.page.handle("POST", f"/c/pay/{session.id}", body.encode())


def test_it_says_what_is_paid_to_whom(bench):
    html = get(bench, bench.open(123456))
    for words in ("ServiceFlow Demo", "$1,234.56", "Gutter cleaning", "ada@example.com"):
        assert words in html
    assert 'href="https://erp.example.com/pay/abc"' in html
    assert not re.findall(r'(?:src|href)="(?!data:|https://erp\.example\.com/pay/abc)', html)


def test_looking_has_no_effect(bench):
    session = bench.open()
    before = bench.sandbox.dump()
    get(bench, session)
    assert bench.sandbox.dump() == before


def test_everything_from_outside_is_escaped(bench):
    evil = '"><script>alert(1)</script>'
    product = {"name": evil, "description": evil}
    price = {"currency": "usd", "unit_amount": 500, "product_data": product}
    bench.sandbox.dashboard.change_account(
        settings={**bench.sandbox.account["settings"], "dashboard": {"display_name": evil}}
    )
    session = bench.open(line_items=[{"quantity": 1, "price_data": price}])
    pages = (
        get(bench, session)
        + submit(bench, session, name="%22%3E%3Cscript%3E", cvc="").body.decode()
    )
    assert "<script>alert" not in pages
    assert '"><script>' not in pages.replace('"><script>\n', "")


def test_paying_leads_back(bench):
    session = bench.open()
    answer = submit(bench, session)
    assert answer.status == 303
    assert answer.headers["Location"] == f"https://erp.example.com/return?session={session.id}"
    assert TEXTS["en"]["done"] in get(bench, session)


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"number": "4242"}, "card number is invalid"),
        ({"expiry": "13 / 34"}, "expiration date is incomplete"),
        ({"expiry": "12 / 20"}, "in the past"),
        ({"cvc": "1"}, "security code is incomplete"),
        ({"name": ""}, "cardholder"),
        ({"method": "bank"}, "name and account number"),
        ({"number": "4000000000009995"}, "insufficient funds"),
    ],
)
def test_mistakes_and_declines_stay_on_the_page(bench, values, words):
    session = bench.open()
    answer = submit(bench, session, **values)
    assert answer.status == 200
    assert words in answer.body.decode()
    assert bench.session(session).status == "open"
    assert submit(bench, session).status == 303


def test_the_challenge_page(bench):
    session = bench.open()
    answer = submit(bench, session, number="4000002760003184")
    path = answer.headers["Location"].removeprefix(bench.sandbox.checkout_base)
    assert "3-D Secure" in bench.page.handle("GET", path).body.decode()
    failed = bench.page.handle("POST", path, b"outcome=fail").headers["Location"]
    assert "unable to authenticate" in bench.page.handle("GET", failed).body.decode()
    submit(bench, session, number="4000002760003184")
    passed = bench.page.handle("POST", path, b"outcome=complete")
    assert "session=cs_test" in passed.headers["Location"]


def test_an_expired_and_an_unknown_session(bench):
    session = bench.open()
    bench.clock.advance(90_000)
    assert TEXTS["en"]["expired"] in get(bench, session)
    assert TEXTS["en"]["expired"] in submit(bench, session).body.decode()
    assert bench.page.handle("GET", "/c/pay/cs_test_none").status == 404
    assert bench.page.handle("GET", "/c/elsewhere").status == 404


def test_it_speaks_the_sessions_language_or_the_browsers(bench):
    assert language_of("fr-CA") == "fr"
    assert language_of("auto", "pt, nl;q=0.8") == "nl"
    assert language_of("ja", "de") == "en"
    for language, words in TEXTS.items():
        session = bench.open(locale=language)
        assert words["name_on_card"].replace("'", "&#x27;") in get(bench, session)
        assert f'<html lang="{language}">' in get(bench, session)
    assert TEXTS["es"]["back"] in get(bench, bench.open(), **{"Accept-Language": "es-ES,es"})
    declined = submit(bench, bench.open(locale="de"), number="4000000000000002")
    assert "Ihre Karte wurde abgelehnt." in declined.body.decode()


def test_amounts_as_each_language_writes_them():
    assert amount_text(123456, "usd", "en") == "$1,234.56"
    assert amount_text(123456, "eur", "de") == "1.234,56\u00a0€"
    assert amount_text(123456, "eur", "nl") == "€\u00a01.234,56"
    assert amount_text(1234, "jpy", "en") == "¥1,234"
    assert amount_text(1234560, "kwd", "fr") == "1\u202f234,560\u00a0KWD"


# -- in a browser -----------------------------------------------------------


@pytest.fixture(scope="module")
def browser():
    playwright = pytest.importorskip("playwright.sync_api")
    if not CHROMIUM.exists():
        pytest.skip("Chromium is not installed")
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=str(CHROMIUM), args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def served():
    sandbox = Sandbox(ManualClock(), settle_after=30)
    server = SandboxServer(sandbox)
    thread = threading.Thread(target=server.run)
    thread.start()
    yield sandbox, server.address
    server.shutdown()
    thread.join()
    sandbox.assert_clean()


class Visit:
    """A customer at the page of a new session."""

    def __init__(self, browser, served, width, scheme, **params):
        self.sandbox, address = served
        back = {
            "success_url": f"{address}/?paid={{CHECKOUT_SESSION_ID}}",
            "cancel_url": f"{address}/",
        }
        self.session = self.sandbox.sessions.open({**session_params(), **back, **params})
        context = browser.new_context(viewport={"width": width, "height": 780}, color_scheme=scheme)
        self.page = context.new_page()
        self.page.set_default_timeout(10_000)
        self.problems = []
        self.page.on("console", lambda message: self.problems.append(message.text))
        self.page.on("pageerror", lambda error: self.problems.append(str(error)))
        self.page.on("request", lambda request: self._stay(request.url, address))
        self.page.goto(self.session["url"])

    def _stay(self, url, address):
        if not url.startswith((address, "data:")):
            self.problems.append(f"external request {url}")

    def type_card(self, number):
        self.page.fill("#number", number)
        self.page.fill("#expiry", "1234")
        self.page.fill("#cvc", "123")
        self.page.fill("#name", "Ada Payer")
        self.page.click("button[type=submit]")

    def fits(self):
        return self.page.evaluate("document.documentElement.scrollWidth <= innerWidth")

    def end(self):
        self.page.wait_for_url("**/?paid=cs_test_*")
        self.page.context.close()
        assert self.problems == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1280])
def test_decline_then_pay_in_a_browser(browser, served, width, scheme):
    visit = Visit(browser, served, width, scheme)
    assert visit.fits()
    visit.type_card("4000000000000002")
    visit.page.wait_for_selector(".error >> text=Your card was declined.")
    assert visit.page.input_value("#expiry") == "12 / 34"
    assert visit.fits()
    visit.type_card("4242424242424242")
    visit.end()
    assert visit.session["payment_status"] == "paid"


def test_3d_secure_in_a_browser(browser, served):
    visit = Visit(browser, served, 360, "light")
    visit.type_card("4000002760003184")
    visit.page.click("text=Fail")
    visit.page.wait_for_selector(".error >> text=unable to authenticate")
    visit.type_card("4000002760003184")
    visit.page.click("text=Complete")
    visit.end()
    assert visit.session["status"] == "complete"


def test_bank_debit_in_a_browser(browser, served):
    visit = Visit(browser, served, 360, "dark")
    visit.page.click("label[for=method-bank]")
    visit.page.fill("#holder", "Ada Payer")
    visit.page.fill("#account", "000123456789")
    visit.page.click("button[type=submit]")
    visit.end()
    assert (visit.session["status"], visit.session["payment_status"]) == ("complete", "unpaid")
    visit.sandbox.clock.advance(31)
    visit.sandbox.tick()
    assert visit.session["payment_status"] == "paid"


def test_without_javascript_and_back_to_the_merchant(browser, served):
    visit = Visit(browser, served, 360, "light")
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(visit.session["url"])
    for name, value in CARD.items():
        if name != "method":
            page.fill(f"#{name}", value)
    page.click("button[type=submit]")
    page.wait_for_url("**/?paid=cs_test_*")
    context.close()
    visit.page.click("a.back")
    visit.page.wait_for_url(re.compile(r"/$"))
    visit.page.go_back()
    visit.page.wait_for_selector("text=all done here")
    visit.page.context.close()
