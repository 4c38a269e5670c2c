"""wkhtmltopdf, with which Odoo makes PDF files: the machine's own, or Debian's package.

Nothing but PDF files needs it: where it cannot be had, all the rest works without.
"""

import os
import shutil
import subprocess

from dev import apt, odoo, paths, stamps, unpacked
from dev.errors import DevError
from dev.progress import step

NAME = "wkhtmltopdf"
PACKAGES = (NAME, *unpacked.FONT_PACKAGES)
UNPACKED = paths.WORK / NAME
UNPACKED_PROGRAM = UNPACKED / "usr/bin" / NAME
WRAPPER = paths.BIN / NAME  # `odoo.environment` puts this folder first in the PATH
MISSING = "wkhtmltopdf-missing"

SCRIPT = """#!/bin/sh
{settings}
export QT_PLUGIN_PATH='{plugins}'
exec '{program}' "$@"
"""


def available():
    """Whether Odoo, as we start it, finds a wkhtmltopdf that runs."""
    found = shutil.which(NAME, path=odoo.environment()["PATH"])
    if not found:
        return False
    env = odoo.environment()
    return not subprocess.run(
        [found, "--version"], capture_output=True, env=env, check=False
    ).returncode


def ensure():
    """Install it (root) or unpack it (anyone) if it is missing; try that once.

    :return: whether there is one now
    """
    if available():
        stamps.forget(MISSING)
        return True
    if stamps.read(MISSING):
        return False
    try:
        with step("wkhtmltopdf for PDF files"):
            _get()
    except DevError:
        # What went wrong is in the log of apt. `make clean` lets us try again.
        WRAPPER.unlink(missing_ok=True)
        stamps.write(MISSING, "tried")
        return False
    return True


def _get():
    if os.geteuid() == 0:
        apt.install(PACKAGES)
    else:
        shutil.rmtree(UNPACKED, ignore_errors=True)
        apt.unpack_missing(PACKAGES, UNPACKED)
        _write_wrapper()
    if not available():
        raise DevError("wkhtmltopdf does not run here")


def _write_wrapper():
    if not UNPACKED_PROGRAM.exists():
        raise DevError("the package has no wkhtmltopdf in it")
    plugins = [folder for folder in UNPACKED.glob("usr/lib/*/qt5/plugins") if folder.is_dir()]
    script = SCRIPT.format(
        program=UNPACKED_PROGRAM,
        settings=unpacked.settings(UNPACKED),
        plugins=":".join(map(str, plugins)),
    )
    WRAPPER.write_text(script)
    WRAPPER.chmod(0o755)
