"""What the documents name is there: tests, files, folders, commands, pictures."""

import re

import pytest

from dev import paths

DOCUMENTS = ("README.md", "docs/operations.md", "docs/proof.md", "docs/security.md")
# Where a file may be that is named without its folder.
FOLDERS = (".", "tests", "tests/chaos", "dev", "docs", paths.ADDON)
NOT_OURS = {"build", "dist", "node_modules"}


def read(document):
    return (paths.ROOT / document).read_text()


def find(name):
    """Return the file or folder of this name, or None."""
    places = (paths.ROOT / folder / name for folder in FOLDERS)
    return next((place for place in places if place.exists()), None)


def read_definitions(text):
    """Return the names of tests and classes that the text of a test file defines."""
    return set(re.findall(r"^\s*(?:def|class) (\w+)", text, re.MULTILINE))


@pytest.mark.parametrize("document", DOCUMENTS)
def test_files_and_folders(document):
    text = read(document)
    named = set(re.findall(r"`([\w./-]+\.(?:py|sql|md|script)|[\w./-]+\w/)(?:::[^`]*)?`", text))
    links = re.findall(r"\]\(([^)#:]+)\)", text) + re.findall(r'src="([^"]+)"', text)
    missing = {name for name in named if not name.startswith("/") and not find(name)}
    missing |= {
        link for link in links if not (paths.ROOT / document).parent.joinpath(link).exists()
    }
    assert named
    assert not missing


@pytest.mark.parametrize("document", DOCUMENTS)
def test_tests(document):
    """A test is in the file that is named before it."""
    text = read(document)
    for file, steps in re.findall(r"`(?:tests/)?(test_\w+\.py)::([^`]+)`", text):
        there = read_definitions((paths.ROOT / "tests" / file).read_text())
        for step in steps.split("::"):
            assert step == "…" or step in there, f"{file}: {step}"
    everywhere = set().union(
        *(read_definitions(path.read_text()) for path in (paths.ROOT / "tests").glob("test_*.py"))
    )
    for name in re.findall(r"\b(?:test_\w+|Test[A-Z]\w+)\b(?!\.py)", text):
        assert name in everywhere, name


@pytest.mark.parametrize("document", DOCUMENTS)
def test_commands(document):
    there = re.search(r"^COMMANDS := (.*)$", read("Makefile"), re.MULTILINE)[1].split()
    named = set(re.findall(r"(?:`|^)make (\w+)", read(document), re.MULTILINE))
    assert named <= set(there)


def test_the_layout_names_every_folder():
    layout = re.search(r"## How it is laid out\n+```\n(.*?)```", read("README.md"), re.DOTALL)[1]
    named = set(re.findall(r"^(\w+)/", layout, re.MULTILINE))
    folders = {
        place.name
        for place in paths.ROOT.iterdir()
        if place.is_dir() and re.fullmatch(r"[a-z_]+", place.name)
    }
    assert named == folders - NOT_OURS - {"__pycache__"}


def test_the_readme_leads_to_every_document():
    for document in (paths.ROOT / "docs").glob("*.md"):
        assert f"](docs/{document.name})" in read("README.md"), document.name
