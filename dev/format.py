"""`make format`: put right by itself what `make lint` checks and a program can put right."""

from dev import locks, node, paths, preparation, process, templates, translations
from dev.progress import step


def main():
    """Run the formatters, then write the texts to translate anew."""
    python = paths.VENV_PYTHON
    with preparation.ready() as source, locks.setup_lock():
        node.ensure()
        database = templates.addon(source)
        with step("ruff: imports and safe corrections"):
            command = [python, "-m", "ruff", "check", "--quiet", "--fix-only", "."]
            process.run(command, cwd=paths.ROOT)
        with step("ruff format"):
            process.run([python, "-m", "ruff", "format", "--quiet", "."], cwd=paths.ROOT)
        with step("prettier"):
            command = node.prettier("--write", "--log-level=warn")
            process.run(command, cwd=paths.ROOT, failure="prettier")
        with step("Texts to translate (.pot)"):
            translations.update(database)
