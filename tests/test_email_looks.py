"""Emails of every kind, in Chromium: on a phone and a desktop, without images, in the dark.

``PAYLINKS_SCREENSHOTS=1 make test TESTS=tests/test_email_looks.py`` leaves pictures of them.
"""

import re
from pathlib import Path

import pytest

from dev.stack import Stack, clone_for_test, drop_database

from .browser import chromium, picture
from .postoffice import MailServer

SCRIPT = Path(__file__).with_name("email_gallery.script")
KINDS = ("invoice", "deposit", "custom", "reminder", "receipt")
WIDTHS = {"phone": 360, "desktop": 900}
AMOUNTS = {"deposit": "2,592.00", "custom": "45.00"}
# What phones do to emails in the dark: colours are turned over, whatever the email wants.
FORCE_DARK = "--enable-features=WebContentsForceDark"


@pytest.fixture(scope="module")
def emails():
    """The emails as they arrived: {kind: message}."""
    database = clone_for_test("looks")
    try:
        with MailServer() as mail, Stack(database, name="looks") as stack:
            stack.configure_stripe()
            stack.shell(SCRIPT.read_text(), PAYLINKS_MAIL_PORT=str(mail.port))
            yield {kind: mail.to(f"{kind}@example.com")[0] for kind in KINDS}
    finally:
        drop_database(database)


@pytest.fixture(scope="module", params=("light", "dark"))
def browser(request):
    with chromium(*([FORCE_DARK] if request.param == "dark" else [])) as browser:
        browser.scheme = request.param
        yield browser


def html(emails, kind):
    return emails[kind].get_body(("html",)).get_content()


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("width", WIDTHS)
def test_reads_well(emails, browser, kind, width):
    """All of it fits the width and is large enough, with no image to be had."""
    context = browser.new_context(
        viewport={"width": WIDTHS[width], "height": 900}, color_scheme=browser.scheme
    )
    try:
        context.route("**/*", lambda route: route.abort())
        page = context.new_page()
        page.set_content(html(emails, kind))
        picture(page, f"email-{kind}-{width}-{browser.scheme}", full=True)
        assert page.evaluate("document.documentElement.scrollWidth") <= WIDTHS[width]
        text = page.inner_text("body")
        assert AMOUNTS.get(kind, "1,280.00") in text
        assert "office@brook.example.com" in text
        assert page.locator("img").get_attribute("alt") == "Brook Plumbing & Heating"
        assert page.locator("img").bounding_box()["width"] > 200, "its name is cut off"
        sizes = page.locator("body *").evaluate_all(
            "all => all.filter(one => one.innerText && !one.children.length)"
            ".map(one => parseFloat(getComputedStyle(one).fontSize))"
        )
        assert min(sizes) >= 13
        buttons = [
            box
            for link in page.locator("a[href*='/pay/']").all()
            if (box := link.bounding_box()) and box["height"] >= 44
        ]
        assert len(buttons) == 1, "one clear button"
        context.unroute_all()
        page.set_content(html(emails, kind), wait_until="load")
        assert 30 < page.locator("img").bounding_box()["height"] <= 44
        picture(page, f"email-{kind}-{width}-{browser.scheme}-images", full=True)
    finally:
        context.close()


@pytest.mark.parametrize("kind", KINDS)
def test_plain_text_says_all(emails, kind):
    text = emails[kind].get_body(("plain",)).get_content()
    assert AMOUNTS.get(kind, "1,280.00") in text
    if kind != "receipt":
        assert re.search(r"https?://\S+/pay/\S{20,}", text)
    assert "<" not in re.sub(r"<(https?|mailto):[^>]*>", "", text), "no markup"
