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
# A test that takes longer than the longest does on a busy machine hangs: where is told, its process
# ends, and the other tests go on.
HANGS_AFTER = 900
# A statement that takes so long, or waits so long for a lock, never ends: it is an error then.
SQL_LIMITS = "-c statement_timeout=300s -c lock_timeout=240s"


def main():
    """Run the tests named in TESTS (all by default) with pytest's options in ARGS.

    COVERAGE=1 measures which lines they reach, which slows them down.
    """
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
                database.stop_autovacuum(name)
        try:
            return _pytest(name, chromium)
        finally:
            database.drop(name)


def _pytest(name, chromium):
    results = paths.WORK / "coverage" / str(os.getpid())
    results.mkdir(parents=True, exist_ok=True)
    command = [paths.VENV_PYTHON, "-m", "pytest", "--odoo-http"]
    command += [f"--odoo-config={odoo.CONFIG}", f"--odoo-database={name}"]
    command += ["-p", "dev.pytest_guard", "-p", "dev.pytest_secrets", "--odoo-log-level=info"]
    command += ["-o", f"faulthandler_timeout={HANGS_AFTER}"]
    command += ["-o", "faulthandler_exit_on_timeout=true"]
    if os.environ.get("COVERAGE"):
        command += ["-p", "dev.pytest_coverage", f"--cov={paths.ADDON}", "--cov=sandbox"]
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
        PGOPTIONS=SQL_LIMITS,
    )
    pytest = subprocess.Popen(process.tied(command), cwd=paths.ROOT, env=env)
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
