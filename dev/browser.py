"""Chromium for the tests that look at pages: the machine's own, or Debian's package."""

import os
import shutil

from dev import apt, paths
from dev.errors import DevError
from dev.progress import step

NAMES = ("chromium", "google-chrome", "google-chrome-stable", "chromium-browser")
PACKAGES = ("chromium", "fonts-liberation", "fontconfig-config")
UNPACKED = paths.WORK / "chromium"
WRAPPER = paths.BIN / "chromium"


def ensure():
    """The path of a Chromium that runs here; installed (root) or unpacked (anyone) if missing."""
    found = _find()
    if found:
        return found
    with step("Chromium for the tests"):
        try:
            if os.geteuid() == 0:
                apt.install(PACKAGES)
            else:
                _unpack()
        except DevError as error:
            raise DevError(
                f"The tests need Chromium. Install it: sudo apt-get install chromium\n({error})"
            ) from error
    return _find()


def _find():
    search = f"{paths.BIN}:{os.environ.get('PATH', os.defpath)}"
    return next(
        (found for found in (shutil.which(name, path=search) for name in NAMES) if found), None
    )


def _unpack():
    shutil.rmtree(UNPACKED, ignore_errors=True)
    apt.unpack_missing(PACKAGES, UNPACKED)
    fonts = (
        ""
        if os.path.exists("/etc/fonts/fonts.conf")
        else f"export FONTCONFIG_PATH={UNPACKED}/etc/fonts\n"
    )
    WRAPPER.write_text(
        "#!/bin/sh\n"
        f"export LD_LIBRARY_PATH='{apt.library_path(UNPACKED)}'\n"
        f"{fonts}"
        f"exec '{UNPACKED}/usr/lib/chromium/chromium' \"$@\"\n"
    )
    WRAPPER.chmod(0o755)
