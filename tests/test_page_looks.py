"""Every state of the page in Chromium: what axe-core says, what fits, what is above the fold.

`make gallery` looks at each state in each width and colour scheme, takes a picture of each into
`.dev/screenshots/`, and lays them side by side in `.dev/screenshots/sheets/`; `make test` looks at
each state in each language once, and in English in the dark and on a wide screen too.
"""

import os

import pytest

from dev import node
from dev.stack import Stack, clone_for_test, drop_database

from .browser import PICTURES, chromium
from .page_gallery import BROWSER, FORMS, PARTS, STATES, TROUBLES, Gallery

WIDTHS = {360: 640, 768: 1024, 1280: 800}
SCHEMES = ("light", "dark")
LANGS = ("en_US", "de_DE")
RIGHT_TO_LEFT = "ar_001"
AXE = node.FOLDER / "node_modules/axe-core/axe.min.js"
ALL = bool(os.environ.get("PAYLINKS_SCREENSHOTS"))


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
    """A browser window, without the page's own policy, which would keep the checker out."""

    def __init__(self, browser):
        self.context = browser.new_context(
            user_agent=BROWSER, bypass_csp=True, device_scale_factor=2
        )
        self.page = self.context.new_page()
        self.page.set_default_timeout(20_000)
        self.resize(360, "light")

    def resize(self, width, scheme):
        self.width, self.scheme = width, scheme
        self.page.set_viewport_size({"width": width, "height": WIDTHS[width]})
        self.page.emulate_media(color_scheme=scheme)

    def look(self, gallery, lang, state):
        """Bring the state on the screen."""
        if state in TROUBLES:
            self.page.set_content(gallery.links[lang][state]["html"])
            return
        gallery.offer_choices(state.startswith("choice"))
        self.page.goto(gallery.first_url(lang, state))
        answer = getattr(self, f"_answer_{state.replace('-', '_')}", None)
        if answer:
            answer(gallery)

    def _answer_stale(self, _gallery):
        self.context.clear_cookies()
        self._press()

    def _answer_stripe_down(self, gallery):
        gallery.stripe.post("faults", kind="refused", method="POST", path="*", times=None)
        self._press()
        gallery.stripe.delete("faults")

    def _answer_choice_made(self, _gallery):
        self.page.locator("summary").click()
        self.page.locator("#choice-amount").fill("60")
        self.page.locator("input[type=radio]").nth(2).check()

    def _answer_choice_refused(self, _gallery):
        self.page.locator("summary").click()
        self.page.locator("#choice-amount").fill("2")
        self._press()

    def _press(self):
        self.page.locator("button").click()
        self.page.get_by_role("alert").wait_for()

    def take_picture(self, lang, state):
        PICTURES.mkdir(parents=True, exist_ok=True)
        name = f"page-{state}-{lang}-{self.width}-{self.scheme}"
        scale = "device" if self.width == 360 else "css"
        self.page.screenshot(path=PICTURES / f"{name}.png", full_page=True, scale=scale)

    def violations(self):
        """Return what axe-core finds, one line each."""
        if not self.page.evaluate("typeof axe === 'object'"):
            self.page.evaluate(AXE.read_text())
        found = self.page.evaluate("axe.run(document, {resultTypes: ['violations']})")
        return [
            f"{rule['id']}: {node['html']} {node['failureSummary']}"
            for rule in found["violations"]
            for node in rule["nodes"]
        ]

    def is_too_wide(self):
        return self.page.evaluate("document.documentElement.scrollWidth > innerWidth")


@pytest.fixture
def eye(browser):
    eye = Eye(browser)
    yield eye
    eye.context.close()


def checked(lang):
    """The windows in which axe-core looks at each state of a language."""
    if ALL:
        return [(width, scheme) for width in WIDTHS for scheme in SCHEMES]
    return [(360, "light"), *([(1280, "dark")] if lang == LANGS[0] else [])]


@pytest.mark.parametrize("lang", [*LANGS, RIGHT_TO_LEFT])
def test_each_state_is_accessible_and_fits(gallery, eye, lang):
    problems = []
    for state in (*STATES, *PARTS, *FORMS, *TROUBLES):
        eye.resize(360, "light")
        eye.look(gallery, lang, state)
        for width in WIDTHS:
            for scheme in SCHEMES:
                found = []
                eye.resize(width, scheme)
                if (width, scheme) in checked(lang):
                    found += eye.violations()
                if eye.is_too_wide():
                    found.append("must be moved sideways")
                if ALL:
                    eye.take_picture(lang, state)
                problems += [f"{state} {lang} {width} {scheme}: {text}" for text in found]
    gallery.offer_choices(False)
    assert problems == []


ONE_CLICK = (
    "payable lines partly deposit sign custom long choice choice-long choice-underway".split()
)


def ends_at(locator):
    """Return how far down on the page something ends."""
    box = locator.bounding_box()
    return box["y"] + box["height"]


@pytest.mark.parametrize("state", ONE_CLICK)
def test_what_matters_is_above_the_fold_of_a_phone(gallery, eye, state):
    for lang in gallery.langs:
        eye.look(gallery, lang, state)
        for selector in ("header p", ".logo img", "h1", ".amount", "form button"):
            place = ends_at(eye.page.locator(selector).first)
            assert place <= WIDTHS[360], f"{selector} in {lang}"
        assert eye.page.locator("button").count() == 1, "one button, no choice to make"
        amount = eye.page.locator(".amount").inner_text()
        assert amount in eye.page.locator("button").inner_text(), "which says what it costs"


def test_thanks_and_receipt_of_a_part_are_above_the_fold_of_a_phone(gallery, eye):
    for lang in gallery.langs:
        eye.look(gallery, lang, "choice-rest")
        for selector in (".word", ".receipt"):
            place = ends_at(eye.page.locator(selector).first)
            assert place <= WIDTHS[360], f"{selector} in {lang}"


def test_button_names_the_amount_unless_something_else_is_chosen(gallery, eye):
    eye.look(gallery, LANGS[0], "choice")
    button, tips = eye.page.locator("button"), eye.page.locator(".tick")
    assert button.inner_text() == "Pay $123.45"
    tips.nth(1).click()
    assert button.inner_text() == "Pay"
    tips.nth(0).click()
    assert button.inner_text() == "Pay $123.45"
    eye.page.locator("summary").click()
    eye.page.locator("#choice-amount").fill("60")
    eye.page.locator("summary").click()
    assert button.inner_text() == "Pay", "what is folded away counts as well"


def test_right_to_left(gallery, eye):
    eye.look(gallery, RIGHT_TO_LEFT, "lines")
    assert eye.page.evaluate("getComputedStyle(document.documentElement).direction") == "rtl"
    name = eye.page.locator("li > span").first.bounding_box()
    amount = eye.page.locator("li > .sum").first.bounding_box()
    assert name["x"] > amount["x"], "names stand on the right, amounts on the left"
