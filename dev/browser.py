"""Chromium for the tests that look at pages: the machine's own, or Debian's package."""

import os
import shutil

from dev import apt, paths, unpacked
from dev.errors import DevError
from dev.progress import step

NAMES = ("chromium", "google-chrome", "google-chrome-stable", "chromium-browser")
PACKAGES = ("chromium", *unpacked.FONT_PACKAGES)
UNPACKED = paths.WORK / "chromium"
UNPACKED_PROGRAM = UNPACKED / "usr/lib/chromium/chromium"
WRAPPER = paths.BIN / "chromium"
MISSING = "The tests need Chromium. Install it: sudo apt-get install chromium"

SCRIPT = """#!/bin/sh
{settings}
# Without room for shared memory Chromium dies at its first page.
[ -w /dev/shm ] || set -- --disable-dev-shm-usage "$@"
exec '{program}' "$@"
"""


def ensure():
    """The path of a Chromium that runs here; installed (root) or unpacked (anyone) if missing."""
    program = _find()
    if not program:
        with step("Chromium for the tests"):
            _get()
        program = _find()
    settings = unpacked.settings(UNPACKED) if program == str(UNPACKED_PROGRAM) else ""
    WRAPPER.write_text(SCRIPT.format(program=program, settings=settings))
    WRAPPER.chmod(0o755)
    return str(WRAPPER)


def _find():
    found = (shutil.which(name) for name in NAMES)
    own = str(UNPACKED_PROGRAM) if UNPACKED_PROGRAM.exists() else None
    return next((path for path in found if path), own)


def _get():
    try:
        if os.geteuid() == 0:
            apt.install(PACKAGES)
        else:
            shutil.rmtree(UNPACKED, ignore_errors=True)
            apt.unpack_missing(PACKAGES, UNPACKED)
    except DevError as error:
        raise DevError(f"{MISSING}\n({error})") from error
    if not _find():
        raise DevError(MISSING)
