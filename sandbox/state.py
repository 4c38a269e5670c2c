"""The sandbox's state in a file: written whole and at once, or not at all."""

import os
import threading
from pathlib import Path


class StateFile:
    """Keeps a sandbox in a JSON file, so that a restart goes on where it stopped."""

    def __init__(self, sandbox, path):
        self._sandbox = sandbox
        self._path = Path(path)
        self._saved = -1
        self._lock = threading.Lock()

    def load(self) -> bool:
        """Take up the kept state, if there is one."""
        if not self._path.exists():
            return False
        self._sandbox.load(self._path.read_text(encoding="utf-8"))
        self._saved = self._sandbox.version
        return True

    def save(self) -> None:
        """Write the state if it has changed since the last time."""
        with self._lock:
            version = self._sandbox.version
            if version == self._saved:
                return
            text = self._sandbox.dump()
            draft = self._path.with_name(f"{self._path.name}.new")
            with draft.open("w", encoding="utf-8") as file:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
            draft.replace(self._path)
            self._saved = version


class NoFile:
    """In memory only."""

    def load(self) -> bool:
        """Nothing is kept."""
        return False

    def save(self) -> None:
        """Nothing is kept."""
