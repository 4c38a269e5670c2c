"""`make bench`: the figures we state, measured beside stock Odoo's in one run; N=10000 for more."""

import os
import subprocess

from dev import browser, database, locks, node, odoo, paths, preparation, templates
from dev.progress import step


def main():
    """Run each script of bench/ in Odoo's shell, on a copy of the template of its own."""
    with preparation.ready() as source:
        with locks.setup_lock():
            chromium = browser.ensure()
            node.ensure()
        for script in sorted((paths.ROOT / "bench").glob("*.py")):
            name = database.name(f"bench_p{os.getpid()}")
            with locks.setup_lock():
                database.clone(templates.addon(source), name)
            try:
                with step(script.stem):
                    figures = _run(name, script, chromium)
                print(figures)
            finally:
                database.drop(name)
    return 0


def _run(name, script, chromium):
    command = odoo.command("shell", "-c", odoo.CONFIG, "-d", name, "--no-http", "--log-level=error")
    with script.open() as source:
        done = subprocess.run(
            [os.fspath(part) for part in command],
            stdin=source,
            env=odoo.environment(CHROMIUM=chromium, PLAYWRIGHT_NODEJS_PATH=str(node.program())),
            cwd=paths.ROOT,
            stdout=subprocess.PIPE,
            text=True,
            check=True,
        )
    return done.stdout
