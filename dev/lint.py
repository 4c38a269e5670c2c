"""`make lint`: every check of the sources, all of them reported, one exit code."""

import os
import subprocess

from dev import locks, node, odoo, paths, preparation, templates, translations
from dev.errors import DevError
from dev.progress import say, step

DIFF_LINES = 40
# The addon's page is made from readme/; a model of several ideas is split over several files.
PYLINT = (
    "--disable=all",
    "--enable=odoolint",
    "--disable=missing-readme,consider-merging-classes-inherited",
)


def main():
    """Run all checks; return 1 if any of them found something."""
    with preparation.ready() as source:
        with locks.setup_lock():
            node.ensure()
        findings = {name: _run(name, command) for name, command in _checks()}
        with locks.setup_lock():
            findings["Texts to translate (.pot)"] = _outdated_texts(source)
    failed = {name: text for name, text in findings.items() if text}
    for name, text in failed.items():
        say(f"\n{name}:\n{text}")
    say(f"\n{len(findings) - len(failed)} checks passed, {len(failed)} failed.")
    return 1 if failed else 0


def _checks():
    python = paths.VENV_PYTHON
    scripts = paths.VENV / "bin"
    catalogues = sorted((paths.ADDON_PATH / "i18n").glob("*.po*"))
    yield "ruff check", [python, "-m", "ruff", "check", "--quiet", "."]
    yield "ruff format", [python, "-m", "ruff", "format", "--quiet", "--diff", "."]
    yield "pylint-odoo", [python, "-m", "pylint", *PYLINT, paths.ADDON]
    yield "oca-checks-odoo-module", [python, scripts / "oca-checks-odoo-module", paths.ADDON]
    if catalogues:
        yield "oca-checks-po", [python, scripts / "oca-checks-po", *catalogues]
    yield "prettier", node.prettier("--check", "--log-level=warn")


def _run(name, command):
    """What a check has to say if it fails; an empty text if it passes."""
    with step(name):
        done = subprocess.run(
            [os.fspath(part) for part in command],
            cwd=paths.ROOT,
            env=odoo.environment(),
            capture_output=True,
            text=True,
            check=False,
        )
    if not done.returncode:
        return ""
    return (done.stdout + done.stderr).strip() or f"ended with code {done.returncode}"


def _outdated_texts(source):
    """The lines of the committed file that differ from what Odoo exports from the source."""
    try:
        database = templates.addon(source)
        with step("Texts to translate (.pot)"):
            changes = translations.difference(database)
    except DevError as error:
        return str(error)
    if not changes:
        return ""
    rest = len(changes) - DIFF_LINES
    more = [f"... {rest} more lines"] if rest > 0 else []
    return "\n".join([*changes[:DIFF_LINES], *more, "`make format` writes it anew."])
