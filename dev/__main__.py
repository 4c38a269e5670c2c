"""`python3 -m dev COMMAND`: what the Makefile calls."""

import importlib
import os
import signal
import sys

from dev import locks, paths, venv
from dev.errors import DevError, Interrupted
from dev.process import die_with_parent

COMMANDS = {
    "demo": False,
    "test": True,
    "lint": True,
    "format": True,
    "gallery": True,
    "bench": False,
    "chaos": True,
    "mutate": True,
    "kills": True,
    "load": True,
    "clean": None,
}
"""Command → whether it needs the tools of requirements-dev.txt; None: not even the virtualenv."""


SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def main(arguments):
    """Run a command; return the exit code."""
    if len(arguments) != 1 or arguments[0] not in COMMANDS:
        print(f"usage: python3 -m dev {{{','.join(COMMANDS)}}}", file=sys.stderr)
        return 2
    command = arguments[0]
    for signum in SIGNALS:
        if signum != signal.SIGHUP or signal.getsignal(signum) != signal.SIG_IGN:  # `nohup`
            signal.signal(signum, _interrupt)
    die_with_parent()
    try:
        if COMMANDS[command] is not None:
            _enter_virtualenv(COMMANDS[command])
        return importlib.import_module(f"dev.{command}").main() or 0
    except DevError as error:
        print(f"\n{error}", file=sys.stderr)
        return 1
    except Interrupted as interrupt:
        return 128 + interrupt.signum


def _enter_virtualenv(with_tools):
    """Go on in the virtualenv's Python, made ready if need be; returns when we are in it."""
    if venv.active():
        return
    os.environ.pop("PYTHONHOME", None)
    paths.prepare()
    with locks.setup_lock():
        venv.ensure(with_tools)
    os.execv(paths.VENV_PYTHON, [str(paths.VENV_PYTHON), "-m", "dev", *sys.argv[1:]])


def _interrupt(signum, _frame):
    for later in SIGNALS:
        signal.signal(later, signal.SIG_IGN)
    raise Interrupted(signum)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
