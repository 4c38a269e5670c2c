"""The catalogues of translations: complete, with nothing lost of what is filled in."""

import re

import polib
import pytest

from dev import paths

FOLDER = paths.ADDON_PATH / "i18n"
LANGUAGES = sorted(path.stem for path in FOLDER.glob("*.po"))
# What the program fills in, and the tags: %s, %(name)s, {{ expression }}, <t t-out="…">.
KEPT = re.compile(r"%(?:\(\w+\))?[sd]|\{\{.*?\}\}|<[^>]*>")
# What reads the same in these languages: oca-checks-po wants it empty. Nothing else may be.
SAME = {
    "de es fr nl": (
        "10, 15, 20",
        "ID",
        "Stripe",
        "Webhook",
        "WhatsApp",
        "pk",
        "pk_…",
        "sk",
        "sk_…",
    ),
    "de es nl": (
        "%(before)s → %(after)s: %(why)s",
        "Token",
        "{{ object.company_id.name }}: {{ object._get_title() }}",
    ),
    "de es fr": ("SMS",),
    "de nl": ("Developers → API keys", "Link", "Live", "Status"),
    "es fr": ("(PDF)", "Total"),
    "es nl": ("Endpoint",),
    "fr nl": ("Contact", "Direct", "Document", "Menu", "Type"),
    "de": ("Name", "Problem", "Text"),
    "es": ("No",),
    "fr": (
        *("Configuration", "Date", "Description", "Message", "Messages", "Mode", "Note"),
        *("Taxes", "Transaction"),
    ),
    "nl": ("%s links", "1 link", "Object", "Percentage", "Provider", "Wizard"),
}


@pytest.fixture(scope="module")
def template():
    return polib.pofile(FOLDER / f"{paths.ADDON}.pot")


@pytest.fixture(scope="module", params=LANGUAGES)
def catalogue(request):
    return polib.pofile(FOLDER / f"{request.param}.po")


def test_languages():
    assert LANGUAGES == ["de", "es", "fr", "nl"]


def test_has_every_text_and_no_other(template, catalogue):
    wanted = {entry.msgid for entry in template}
    there = {entry.msgid for entry in catalogue}
    assert not wanted - there
    assert not there - wanted
    assert not catalogue.obsolete_entries()


def test_nothing_is_left_untranslated(catalogue):
    language = catalogue.metadata["Language"]
    same = {
        text for languages, texts in SAME.items() if language in languages.split() for text in texts
    }
    empty = {entry.msgid for entry in catalogue if not entry.msgstr.strip()}
    assert empty == same


def test_nothing_is_doubtful(catalogue):
    assert not [entry.msgid for entry in catalogue if entry.fuzzy]


def test_what_is_filled_in_is_kept(catalogue):
    broken = {
        entry.msgid: entry.msgstr
        for entry in catalogue
        if entry.msgstr and sorted(KEPT.findall(entry.msgid)) != sorted(KEPT.findall(entry.msgstr))
    }
    assert not broken
