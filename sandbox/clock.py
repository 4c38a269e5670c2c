"""Time for the sandbox: a clock that runs by itself, and one that tests move."""

import threading
import time


class SystemClock:
    """The machine's time, plus an offset that `advance` grows (for demonstrations)."""

    def __init__(self, offset: float = 0.0):
        self.offset = offset

    def now(self) -> float:
        """Seconds since the epoch."""
        return time.time() + self.offset

    def advance(self, seconds: float) -> None:
        """Move every later reading forward by `seconds`."""
        self.offset += seconds

    def sleep(self, seconds: float) -> None:
        """Wait in real time."""
        time.sleep(seconds)


class ManualClock:
    """Time that stands still until a test moves it; sleeping moves it too."""

    def __init__(self, start: float | None = None):
        self._now = float(int(time.time()) if start is None else start)
        self._lock = threading.Lock()

    def now(self) -> float:
        """Seconds since the epoch."""
        return self._now

    def advance(self, seconds: float) -> None:
        """Move time forward by `seconds`."""
        with self._lock:
            self._now += seconds

    def sleep(self, seconds: float) -> None:
        """Let the time pass without waiting."""
        self.advance(seconds)
