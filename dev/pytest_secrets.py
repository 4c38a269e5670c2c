"""A pytest plugin that fails a run in whose logs a secret stands: a link's token, a key of
Stripe's, a webhook's signing secret.

It reads what this process logs, and the log files of the Odoo servers that tests have started.
"""

import logging
import re
import secrets
import time
from pathlib import Path

import pytest

from dev import paths

KEYS = re.compile(r"\b(?:sk|rk)_(?:test|live)_\w{6,}|\bwhsec_\w{6,}")
# Not the page at Stripe, /c/pay/…, whose address opens nothing here.
ADDRESSES = re.compile(r"(?<!/c)/pay/[A-Za-z0-9_-]{20,}")
# 18 random bytes as text, as the links' tokens are made.
TOKEN_BYTES, TOKEN_LENGTH = 18, 24
WORDS = re.compile(r"[A-Za-z0-9_-]{24,}")
SERVER_LOGS = "*-odoo.log"
# What is at once in use by a test is enough to mend it.
MOST = 20


class Watch(logging.Handler):
    """Notes what was logged with a secret in it, and during which test."""

    def __init__(self):
        super().__init__(logging.NOTSET)
        self.setFormatter(logging.Formatter("%(name)s: %(message)s"))
        self.tokens = set()
        self.found = []
        self.test = "before the first test"
        self.started = time.time()

    def emit(self, record):
        try:
            text = self.format(record)
        except Exception:  # As Python's own handlers: a record that cannot be told tells nothing.
            return
        self.look(text, self.test)

    def look(self, text, where):
        """Note the secrets in a text; they themselves are not repeated."""
        if secret := find_secret(text, self.tokens):
            self.found.append(f"{where}: {text[:300].replace(secret, secret[:8] + '…')}")

    def look_at_servers(self, folder):
        """Look at what the servers have written since the run began."""
        for path in sorted(Path(folder).glob(SERVER_LOGS)):
            if path.stat().st_mtime >= self.started:
                for line in path.read_text(errors="replace").splitlines():
                    self.look(line, path.name)


def find_secret(text, tokens=()):
    """Return the first secret in a text, or an empty string.

    :param tokens: the tokens that were made in this run, which may stand alone
    """
    if match := KEYS.search(text) or ADDRESSES.search(text):
        return match[0]
    for word in WORDS.findall(text) if tokens else ():
        for start in range(len(word) - TOKEN_LENGTH + 1):
            if word[start : start + TOKEN_LENGTH] in tokens:
                return word[start : start + TOKEN_LENGTH]
    return ""


_watch = Watch()


def _remember(make):
    """Have each new token noted."""

    def token_urlsafe(nbytes=None):
        token = make(nbytes)
        if nbytes == TOKEN_BYTES:
            _watch.tokens.add(token)
        return token

    return token_urlsafe


def pytest_configure():
    secrets.token_urlsafe = _remember(secrets.token_urlsafe)
    logging.getLogger().addHandler(_watch)


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_logstart(nodeid):
    _watch.test = nodeid
    root = logging.getLogger()
    if _watch not in root.handlers:  # Odoo sets its own handlers when it starts.
        root.addHandler(_watch)


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node):
    """Take over what one of several processes has found."""
    _watch.found += getattr(node, "workeroutput", {}).get("secrets", ())


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session):
    output = getattr(session.config, "workeroutput", None)
    _watch.look_at_servers(paths.LOGS)
    if output is not None:
        output["secrets"] = _watch.found
    elif _watch.found and not session.config.option.collectonly:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter):
    if _watch.found:
        terminalreporter.section(f"{len(_watch.found)} secrets in the logs", red=True)
        for line in _watch.found[:MOST]:
            terminalreporter.write_line(line)
