"""`make test` fails when a secret stands in a log: shown on small runs that log one."""

import os
import subprocess
import sys

import pytest

from dev import paths
from dev.pytest_secrets import find_secret

TOKEN = "Ab3_-9zQ" * 3
SAID = {
    "a key": ("sk_test_" + "4eC39HqLyjW", "sk_live_" + "51Habcdefgh", "rk_live_" + "51Habcdefgh"),
    "a signing secret": ("whsec_" + "a1b2c3d4e5",),
    "an address": (f"GET /pay/{TOKEN}/checkout",),
}
HARMLESS = (
    "GET /pay/[token]/checkout HTTP/1.1",
    "/pay/x",
    "sk_test_…",
    "pk_test_TYooMQauvdEDq54NiTphI7jx",  # publishable: in every page by design
    "whsec_",
)


@pytest.mark.parametrize("text", [text for texts in SAID.values() for text in texts])
def test_is_found(text):
    assert find_secret(f"INFO db odoo.x: said {text} aloud")


@pytest.mark.parametrize("text", HARMLESS)
def test_is_let_through(text):
    assert not find_secret(text)


def test_a_token_by_itself_is_found_once_it_is_in_use():
    assert find_secret(f"INSERT … '{TOKEN}'", {TOKEN}) == TOKEN
    assert find_secret(f"key-{TOKEN}-link", {TOKEN}) == TOKEN
    assert not find_secret(f"INSERT … '{TOKEN}'", {"another"})


def run(folder, source):
    """Run a test file with the plugin; return (exit code, output)."""
    (folder / "test_it.py").write_text(source)
    command = [sys.executable, "-m", "pytest", "-q", "-p", "dev.pytest_secrets"]
    command += ["-p", "no:odoo", "-p", "no:cacheprovider", "--rootdir", folder, "-c", os.devnull]
    done = subprocess.run(
        [*command, folder / "test_it.py"],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(paths.ROOT)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


def test_a_run_that_logs_a_key_fails(tmp_path):
    code, output = run(
        tmp_path,
        "import logging\n"
        "def test_it():\n"
        "    logging.getLogger('odoo.x').warning('with %s', 'sk_test_' + 'abcdefghijkl')\n",
    )
    assert code == 1, output
    assert "1 passed" in output and "1 secrets in the logs" in output
    assert "test_it.py::test_it" in output
    assert "abcdefghijkl" not in output, "it is not repeated"


def test_a_run_that_logs_a_new_token_fails(tmp_path):
    code, output = run(
        tmp_path,
        "import logging, secrets\n"
        "def test_it():\n"
        "    logging.getLogger().error('bare: ' + secrets.token_urlsafe(18))\n",
    )
    assert code == 1, output


def test_a_run_that_logs_none_passes(tmp_path):
    code, output = run(
        tmp_path, "import logging\ndef test_it():\n    logging.error('nothing to see')\n"
    )
    assert code == 0, output


def test_server_logs_are_read(tmp_path):
    code, output = run(
        tmp_path,
        "from dev import paths\n"
        "def test_it(tmp_path):\n"
        "    paths.LOGS = tmp_path\n"
        "    (tmp_path / 'log-guard-odoo.log').write_text('GET /pay/' + 'abcdefgh' * 3)\n",
    )
    assert code == 1, output
    assert "log-guard-odoo.log" in output
