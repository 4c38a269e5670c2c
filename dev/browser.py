"""Chromium for the tests that look at pages: the machine's own, or Debian's package."""

import os
import shutil
from pathlib import Path

from dev import apt, paths
from dev.errors import DevError
from dev.progress import step

NAMES = ("chromium", "google-chrome", "google-chrome-stable", "chromium-browser")
PACKAGES = ("chromium", "fonts-liberation", "fontconfig-config")
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
FONTS = """<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig>
    <include ignore_missing="yes">{base}</include>
    <dir>{root}/usr/share/fonts</dir>
    <cachedir>{root}/font-cache</cachedir>
</fontconfig>
"""


def ensure():
    """The path of a Chromium that runs here; installed (root) or unpacked (anyone) if missing."""
    program = _find()
    if not program:
        with step("Chromium for the tests"):
            _get()
        program = _find()
    WRAPPER.write_text(SCRIPT.format(program=program, settings=_settings(program)))
    WRAPPER.chmod(0o755)
    return str(WRAPPER)


def _find():
    found = (shutil.which(name) for name in NAMES)
    unpacked = str(UNPACKED_PROGRAM) if UNPACKED_PROGRAM.exists() else None
    return next((path for path in found if path), unpacked)


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


def _settings(program):
    """The shell lines that let the unpacked Chromium find what was unpacked with it."""
    if program != str(UNPACKED_PROGRAM):
        return ""
    system, unpacked = Path("/etc/fonts/fonts.conf"), UNPACKED / "etc/fonts/fonts.conf"
    config = UNPACKED / "fonts.conf"
    config.write_text(FONTS.format(base=system if system.exists() else unpacked, root=UNPACKED))
    return (
        f"export LD_LIBRARY_PATH='{apt.library_path(UNPACKED)}'\nexport FONTCONFIG_FILE='{config}'"
    )
