"""One tidy line per step, with the seconds it took."""

import sys
import threading
import time
from contextlib import contextmanager

from dev.errors import Interrupted

WIDTH = 58


@contextmanager
def step(label):
    """Print `label`, and behind it the seconds that passed until the block ended.

    On a terminal the seconds count up while the step runs.
    """
    started = time.monotonic()
    stop = threading.Event()
    ticker = None
    if sys.stdout.isatty():
        ticker = threading.Thread(target=_tick, args=(label, started, stop), daemon=True)
        ticker.start()
    else:
        _write(_line(label, ""))
    outcome = "failed"
    try:
        yield
        outcome = ""
    except Interrupted:
        outcome = "stopped"
        raise
    finally:
        stop.set()
        if ticker:
            ticker.join()
        seconds = f"{time.monotonic() - started:5.1f} s {outcome}".rstrip()
        _write(f"\r{_line(label, seconds)}\n" if ticker else f"{seconds}\n")


def say(text=""):
    """Print one line at once, also into a pipe."""
    _write(f"{text}\n")


def _tick(label, started, stop):
    while True:
        _write("\r" + _line(label, f"{time.monotonic() - started:5.0f} s"))
        if stop.wait(1):
            return


def _line(label, seconds):
    return f"  {label} {'.' * max(3, WIDTH - len(label))} {seconds}"


def _write(text):
    sys.stdout.write(text)
    sys.stdout.flush()
