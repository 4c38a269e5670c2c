"""Every state of the page in Chromium: what axe-core says, what fits, what is above the fold.

`PAYLINKS_SCREENSHOTS=1 make test TESTS=tests/test_page_looks.py` takes a picture of each, in two
languages, three widths, light and dark, into `.dev/screenshots/`.
"""

import os

import pytest

from dev import node
from dev.stack import Stack, clone_for_test, drop_database

from .browser import PICTURES, chromium
from .page_gallery import BROWSER, FORMS, STATES, Gallery

WIDTHS = {360: 640, 768: 1024, 1280: 800}
SCHEMES = ("light", "dark")
LANGS = ("en_US", "fr_FR")
RIGHT_TO_LEFT = "ar_001"
AXE = node.FOLDER / "node_modules/axe-core/axe.min.js"


@pytest.fixture(scope="module")
def gallery():
    database = clone_for_test("looks")
    try:
        with Stack(database, name="looks", sandbox_options=("--settle-after", "-1")) as stack:
            stack.configure_stripe()
            yield Gallery(stack, (*LANGS, RIGHT_TO_LEFT))
    finally:
        drop_database(database)


@pytest.fixture(scope="module")
def browser():
    with chromium() as browser:
        yield browser


class Eye:
    """A browser window of one width and colour scheme, without the page's own policy, which would
    keep the checker out."""

    def __init__(self, browser, width, scheme):
        self.context = browser.new_context(
            viewport={"width": width, "height": WIDTHS[width]},
            color_scheme=scheme,
            user_agent=BROWSER,
            bypass_csp=True,
            device_scale_factor=2 if width == 360 else 1,
        )
        self.page = self.context.new_page()
        self.width, self.scheme = width, scheme

    def look(self, gallery, lang, state):
        """Bring the state on the screen and take its picture."""
        self.page.goto(gallery.first_url(lang, state))
        if state in FORMS:
            self._answer_of_form(gallery, state)
        if os.environ.get("PAYLINKS_SCREENSHOTS"):
            name = f"page-{state}-{lang}-{self.width}-{self.scheme}"
            PICTURES.mkdir(parents=True, exist_ok=True)
            self.page.screenshot(path=PICTURES / f"{name}.png", full_page=True)

    def _answer_of_form(self, gallery, state):
        if state == "stale":
            self.context.clear_cookies()
        else:
            gallery.stripe.post("faults", kind="refused", method="POST", path="*", times=None)
        self.page.locator("button").click()
        self.page.get_by_role("alert").wait_for()
        gallery.stripe.delete("faults")

    def violations(self):
        """Return what axe-core finds, one line each."""
        self.page.evaluate(AXE.read_text())
        found = self.page.evaluate("axe.run(document, {resultTypes: ['violations']})")
        return [
            f"{rule['id']}: {node['html']} {node['failureSummary']}"
            for rule in found["violations"]
            for node in rule["nodes"]
        ]

    def is_too_wide(self):
        return self.page.evaluate("document.documentElement.scrollWidth > innerWidth")


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("width", WIDTHS)
def test_each_state_is_accessible_and_fits(gallery, browser, width, scheme):
    eye = Eye(browser, width, scheme)
    problems = []
    for lang in gallery.langs:
        for state in (*STATES, *FORMS):
            eye.look(gallery, lang, state)
            found = eye.violations()
            if eye.is_too_wide():
                found.append("must be moved sideways")
            problems += [f"{state} {lang}: {problem}" for problem in found]
    eye.context.close()
    assert problems == []


@pytest.mark.parametrize("state", ["payable", "lines", "partly", "deposit", "custom", "long"])
def test_what_matters_is_above_the_fold_of_a_phone(gallery, browser, state):
    eye = Eye(browser, 360, "light")
    for lang in gallery.langs:
        eye.look(gallery, lang, state)
        for selector in ("header p", ".logo img", "h1", ".amount", "form button"):
            box = eye.page.locator(selector).first.bounding_box()
            assert box["y"] + box["height"] <= WIDTHS[360], f"{selector} in {lang}"
        assert eye.page.locator("button").count() == 1, "one button, no choice to make"
    eye.context.close()


def test_right_to_left(gallery, browser):
    eye = Eye(browser, 360, "light")
    eye.look(gallery, RIGHT_TO_LEFT, "lines")
    assert eye.page.evaluate("getComputedStyle(document.documentElement).direction") == "rtl"
    name = eye.page.locator("li > span").first.bounding_box()
    amount = eye.page.locator("li > .sum").first.bounding_box()
    assert name["x"] > amount["x"], "names stand on the right, amounts on the left"
    eye.context.close()
