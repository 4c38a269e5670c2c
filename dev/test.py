"""`make test`: every test through pytest-odoo, on a fresh copy of a template database."""

import os
import shlex
import shutil
import signal
import subprocess

from dev import (
    browser,
    database,
    locks,
    node,
    odoo,
    paths,
    preparation,
    process,
    templates,
    wkhtmltopdf,
)
from dev.errors import Interrupted
from dev.progress import step

TESTS = f"{paths.ADDON}/tests"
STOP_SECONDS = 30
PROCESSES = 2


def main():
    """Run the tests named in TESTS (all by default) with pytest's options in ARGS."""
    with preparation.ready() as source:
        with locks.setup_lock():
            chromium = browser.ensure()
            wkhtmltopdf.ensure()
            node.ensure()
            database.drop_left_over()
            template = templates.addon(source)
            name = database.name(f"test_p{os.getpid()}")
            with step("Test database"):
                database.clone(template, name)
        try:
            return _pytest(name, chromium)
        finally:
            database.drop(name)


def _pytest(name, chromium):
    results = paths.WORK / "coverage" / str(os.getpid())
    results.mkdir(parents=True, exist_ok=True)
    # --cov takes the next word as its value unless that is an option.
    command = [paths.VENV_PYTHON, "-m", "pytest", "--cov", "--odoo-http"]
    command += [f"--odoo-config={odoo.CONFIG}", f"--odoo-database={name}"]
    command += ["-p", "dev.pytest_guard", "-p", "dev.pytest_coverage"]
    command += ["-p", "dev.pytest_secrets"]
    if not os.environ.get("TESTS"):
        # Each process has a copy of the database; the tests of one file share their servers. By
        # their names: the longest, the histories, would come last if sorted by number of tests.
        command += [f"--numprocesses={PROCESSES}", "--dist=loadfile", "--no-loadscope-reorder"]
    command += [*shlex.split(os.environ.get("ARGS", "")), *_test_paths()]
    env = odoo.environment(
        CHROMIUM=chromium,
        COVERAGE_FILE=str(results / "coverage"),
        # Playwright's own Node.js needs a library that a fresh machine lacks.
        PLAYWRIGHT_NODEJS_PATH=str(node.program()),
    )
    command = [os.fspath(part) for part in command]
    pytest = subprocess.Popen(command, cwd=paths.ROOT, env=env, preexec_fn=process.die_with_parent)
    try:
        return pytest.wait()
    except Interrupted:
        _stop(pytest)
        raise
    finally:
        shutil.rmtree(results, ignore_errors=True)


def _test_paths():
    """The paths in TESTS, those below `tests/` by way of the addon's folder."""
    named = shlex.split(os.environ.get("TESTS", "")) or [TESTS]
    return [f"{paths.ADDON}/{path}" if path.startswith("tests") else path for path in named]


def _stop(pytest):
    """Let pytest end as after its own Ctrl-C, so that it stops what its tests started."""
    pytest.send_signal(signal.SIGINT)
    try:
        pytest.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        pytest.kill()
        pytest.wait()
