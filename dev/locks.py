"""Locks between several `make` in one checkout; the kernel frees them with the process."""

import fcntl
from contextlib import contextmanager

from dev import paths
from dev.errors import DevError
from dev.progress import say


@contextmanager
def setup_lock():
    """Let one `make` at a time set things up in this checkout; a second one waits and says so."""
    with (paths.WORK / "setup.lock").open("w") as file:
        if not _try(file):
            say("  Another make is setting up in this checkout; waiting for it ...")
            fcntl.flock(file, fcntl.LOCK_EX)
        yield


@contextmanager
def only_one(name, refusal):
    """Refuse with the sentence `refusal` when another process holds the lock `name`."""
    with (paths.WORK / f"{name}.lock").open("w") as file:
        if not _try(file):
            raise DevError(refusal)
        yield


def _try(file):
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
