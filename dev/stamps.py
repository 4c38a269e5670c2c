"""Remembering what was already done, by a digest of what it was made from."""

import hashlib
from pathlib import Path

from dev import paths

SKIPPED_FOLDERS = {"__pycache__", "tests"}


def digest(*parts):
    """A short digest of texts, numbers and the contents of files (given as Path)."""
    sha = hashlib.sha256()
    for part in parts:
        sha.update(part.read_bytes() if isinstance(part, Path) else str(part).encode())
        sha.update(b"\0")
    return sha.hexdigest()[:16]


def addon_digest():
    """A digest of all files of the addon but its tests."""
    parts = []
    for path in sorted(paths.ADDON_PATH.rglob("*")):
        relative = path.relative_to(paths.ADDON_PATH)
        if path.is_file() and not SKIPPED_FOLDERS.intersection(relative.parts):
            parts += [str(relative), path]
    return digest(*parts)


def read(name):
    """The stamp written under this name, or an empty text."""
    try:
        return (paths.WORK / f"{name}.stamp").read_text()
    except FileNotFoundError:
        return ""


def write(name, value):
    """Remember `value` under this name."""
    (paths.WORK / f"{name}.stamp").write_text(value)


def forget(name):
    """Make the next `read` return an empty text."""
    (paths.WORK / f"{name}.stamp").unlink(missing_ok=True)
