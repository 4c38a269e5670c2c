"""What a reasonable person expects of the page: double clicks, the way back, tabs, reloads, weeks.

In Chromium on running servers, with JavaScript and without: the page has none of its own.
"""

import re

import pytest
from playwright.sync_api import expect

from dev.stack import Stack, clone_for_test, drop_database

from .browser import SECONDS, Stripe, chromium, eventually
from .page_gallery import BROWSER, Gallery

DECLINED_CARD = "4000000000009995"
GOOD_ACCOUNT = "000123456789"
EN = "en_US"


@pytest.fixture(scope="module")
def gallery():
    database = clone_for_test("pagebrowser")
    try:
        options = ("--settle-after", "-1", "--backoff", "0.2,0.5,1,2,4")
        with Stack(database, name="pagebrowser", sandbox_options=options) as stack:
            stack.configure_stripe()
            yield Gallery(stack, (EN,))
    finally:
        drop_database(database)


@pytest.fixture(scope="module")
def browser():
    with chromium() as browser:
        yield browser


@pytest.fixture(params=[True, False], ids=["with JavaScript", "without"])
def payer(request, gallery, browser):
    """A customer with a phone and a link of their own to pay."""
    payer = Payer(gallery, browser, javascript=request.param)
    yield payer
    payer.context.close()
    assert payer.complaints == []


class Payer:
    def __init__(self, gallery, browser, javascript):
        self.gallery = gallery
        self.stripe = Stripe(gallery.stack.sandbox_url)
        self.url = gallery.new_link()
        self.token = self.url.rsplit("/", 1)[1]
        self.context = browser.new_context(
            viewport={"width": 360, "height": 640},
            user_agent=BROWSER,
            java_script_enabled=javascript,
        )
        self.complaints = []
        self.page = self.new_tab()

    def new_tab(self):
        page = self.context.new_page()
        page.set_default_timeout(20_000)
        page.on("console", lambda line: line.type == "error" and self.complaints.append(line.text))
        page.goto(self.url)
        return page

    def press_pay(self, page=None):
        page = page or self.page
        page.get_by_role("button", name="Pay").click()
        page.wait_for_url("**/c/pay/**")

    def pay_at_stripe(self, page=None):
        """Pay by the sandbox's control and go where Stripe would send the customer."""
        page = page or self.page
        session = self.session()
        self.stripe.post(f"sessions/{session['id']}/pay")
        page.goto(session["success_url"].replace("{CHECKOUT_SESSION_ID}", session["id"]))

    def session(self):
        """Return the newest session of this link."""
        sessions = self.stripe.get("sessions")
        return next(s for s in sessions if self.token in s["success_url"])

    def sessions(self):
        return [s for s in self.stripe.get("sessions") if self.token in s["success_url"]]

    def sees(self, words, page=None):
        (page or self.page).get_by_text(words).first.wait_for()

    def link(self, *names):
        query = f"SELECT {', '.join(names)} FROM payment_link WHERE token = %s"
        return self.gallery.stack.query(query, [self.token])[0]

    def payments(self):
        """Return how many payments of this link are done."""
        query = (
            "SELECT count(*) FROM payment_transaction t JOIN payment_link l"
            " ON t.payment_link_id = l.id WHERE l.token = %s AND t.state = 'done'"
        )
        return self.gallery.stack.query(query, [self.token])[0][0]


def test_double_click(payer):
    payer.page.get_by_role("button", name="Pay").dblclick(no_wait_after=True)
    # The second click ends the first one's way there, which `wait_for_url` would take for a fault.
    expect(payer.page).to_have_url(re.compile("/c/pay/"), timeout=SECONDS * 1000)
    assert len(payer.sessions()) == 1


def test_back_button_before_paying(payer):
    payer.press_pay()
    payer.page.go_back()
    payer.sees("Pay $45.00")
    payer.press_pay()
    assert len(payer.sessions()) == 1, "the same page of Stripe's serves the second click"
    payer.pay_at_stripe()
    payer.sees("Paid. Thank you!")


def test_stripes_own_way_back(payer):
    payer.press_pay()
    payer.page.goto(payer.session()["cancel_url"])
    payer.sees("You have not paid yet, and nothing was charged.")
    payer.press_pay()
    payer.pay_at_stripe()
    payer.sees("Paid. Thank you!")
    assert payer.payments() == 1


def test_back_button_after_paying(payer):
    payer.press_pay()
    payer.pay_at_stripe()
    payer.sees("Paid. Thank you!")
    payer.page.go_back()
    payer.page.goto(payer.url)
    payer.sees("Paid. Thank you!")
    assert payer.page.get_by_role("button").count() == 0
    assert eventually(payer.payments, 1) == 1


def test_the_old_page_from_the_browsers_history(payer):
    """All the way back, past Stripe's page: the page as it is now, not as it was."""
    payer.press_pay()
    payer.pay_at_stripe()
    payer.sees("Paid. Thank you!")
    for _step in range(2):
        payer.page.go_back()
    payer.sees("Paid. Thank you!")
    assert payer.page.get_by_role("button").count() == 0


def test_two_tabs(payer):
    other = payer.new_tab()
    payer.press_pay()
    payer.press_pay(other)
    assert len(payer.sessions()) == 1
    payer.pay_at_stripe()
    payer.sees("Paid. Thank you!")
    third = payer.context.pages[1]
    third.goto(payer.url)
    payer.sees("Paid. Thank you!", third)
    assert eventually(payer.payments, 1) == 1


def test_a_tab_that_stayed_open_is_pressed_after_paying(payer):
    stale = payer.new_tab()
    payer.press_pay()
    payer.pay_at_stripe()
    payer.sees("Paid. Thank you!")
    stale.get_by_role("button", name="Pay").click()
    payer.sees("Paid. Thank you!", stale)
    assert len(payer.sessions()) == 1


def test_reload_of_the_return_page(payer):
    payer.press_pay()
    payer.pay_at_stripe()
    payer.sees("Paid. Thank you!")
    back = payer.session()["success_url"].replace("{CHECKOUT_SESSION_ID}", payer.session()["id"])
    for _time in range(2):
        payer.page.reload()
        payer.sees("Paid. Thank you!")
        payer.page.goto(back)
        payer.sees("Paid. Thank you!")
    assert eventually(payer.payments, 1) == 1
    assert payer.link("open_count") == (1,), "all of it one visit"


def test_opened_again_a_week_later(payer):
    """Stripe's page of last week is closed; the link is as good as on the first day."""
    payer.press_pay()
    first = payer.session()
    payer.stripe.post(f"sessions/{first['id']}/expire")
    closed = "SELECT checkout_open FROM payment_transaction WHERE checkout_ref = %s"
    look = lambda: payer.gallery.stack.query(closed, [first["id"]])[0][0]  # noqa: E731
    assert eventually(look, False) is False
    payer.page.goto(payer.url)
    payer.press_pay()
    assert payer.session()["id"] != first["id"]
    payer.pay_at_stripe()
    payer.sees("Paid. Thank you!")
    payer.page.goto(payer.url)
    payer.sees("Paid. Thank you!")


def test_declined_and_back(payer):
    payer.press_pay()
    payer.stripe.post(f"sessions/{payer.session()['id']}/pay", card=DECLINED_CARD)
    payer.page.goto(payer.session()["cancel_url"])
    payer.sees("there is not enough money")
    payer.press_pay()
    payer.pay_at_stripe()
    payer.sees("Paid. Thank you!")


def test_bank_debit_refreshes_itself(payer):
    """The page that waits turns into the receipt by itself, without JavaScript too."""
    payer.press_pay()
    session = payer.session()
    payer.stripe.post(f"sessions/{session['id']}/pay_by_bank", account=GOOD_ACCOUNT)
    payer.page.goto(session["success_url"].replace("{CHECKOUT_SESSION_ID}", session["id"]))
    payer.sees("Payment on its way")
    intent = payer.session()["payment_intent"]
    payer.stripe.post(f"intents/{intent}/settle")
    assert eventually(lambda: payer.link("state"), ("paid",)) == ("paid",)
    payer.sees("Paid. Thank you!")


def test_view_invoice_is_the_pdf_of_this_invoice(payer):
    answer = payer.context.request.get(f"{payer.url}/document")
    assert answer.status == 200
    assert answer.headers["content-type"] == "application/pdf"
    assert answer.body().startswith(b"%PDF-")
    assert re.search(r"INV_\d+_\d+\.pdf", answer.headers["content-disposition"])


def test_nothing_is_fetched_but_the_page(payer):
    """No request beside the page's own: not to us, not to anybody."""
    requests = []
    payer.page.on("request", lambda request: requests.append(request.url))
    payer.page.goto(payer.url)
    payer.page.wait_for_load_state("networkidle")
    assert [url for url in requests if not url.startswith("data:")] == [payer.url]


def test_expired_link_sends_a_new_one_to_the_contact_on_file(payer):
    payer.gallery.stack.query(
        "UPDATE payment_link SET state = 'expired', expires_at = now() - interval '1 day'"
        " WHERE token = %s RETURNING id",
        [payer.token],
    )
    payer.page.goto(payer.url)
    payer.sees("This link has expired")
    payer.page.get_by_role("button", name="Send me a new link").click()
    payer.sees("A new link is on its way")
    assert payer.page.get_by_role("button").count() == 0
    (renewal,) = payer.link("renewal_id")
    query = "SELECT state FROM payment_link WHERE id = %s"
    assert payer.gallery.stack.query(query, [renewal])[0][0] == "active"
