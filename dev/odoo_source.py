"""The Odoo 19 to run: the one named in ODOO_SOURCE, or Debian's package unpacked in `.dev/`."""

import os
import re
import shutil
from pathlib import Path

from dev import apt, paths, process, stamps
from dev.errors import DevError
from dev.progress import step

SERIES = "19.0"
UNPACKED = paths.WORK / "odoo"
PACKAGES = ("odoo-19", "fonts-montserrat")
# Odoo needs Font Awesome 4.7, which newer Debian releases no longer have.
BOOKWORM_PACKAGES = (
    "libjs-jquery",
    "libjs-jquery-form",
    "libjs-underscore",
    "fonts-font-awesome",
    "fonts-roboto-unhinted",
    "fonts-inconsolata",
    "fonts-ocr-b",
)
RECIPE = stamps.digest(PACKAGES, BOOKWORM_PACKAGES)
# Debian leaves this file out (it is not free); without it the browser logs an error on each page.
LEFT_OUT = "mail/static/lib/selfie_segmentation/selfie_segmentation.js"


def locate():
    """The folder that holds the package `odoo`, made ready if need be."""
    named = os.environ.get("ODOO_SOURCE")
    if named:
        return _own_source(Path(named).expanduser().resolve())
    source = UNPACKED / "usr/lib/python3/dist-packages"
    if stamps.read("odoo") != RECIPE or not (source / "odoo/release.py").exists():
        with step("Odoo 19 from Debian's archive"):
            _unpack(source)
    return source


def version(source):
    """Odoo's full version and where it lies; changes when another Odoo is used."""
    release = (source / "odoo/release.py").read_bytes()
    return stamps.digest(release, str(source))


def _own_source(folder):
    for candidate in (folder, folder.parent):
        release = candidate / "odoo/release.py"
        if release.is_file():
            found = re.search(r"version_info = \((\d+), *(\d+)", release.read_text())
            series = ".".join(found.groups()) if found else "unknown"
            if series != SERIES:
                raise DevError(f"ODOO_SOURCE={folder} is Odoo {series}; this addon needs {SERIES}.")
            return candidate
    raise DevError(f"ODOO_SOURCE={folder} holds no Odoo: there is no odoo/release.py in it.")


def _unpack(source):
    stamps.forget("odoo")
    shutil.rmtree(UNPACKED, ignore_errors=True)
    env = apt.archive_config("odoo", ("sid", "bookworm"))
    old = [f"{package}/bookworm" for package in BOOKWORM_PACKAGES]
    apt.unpack([*PACKAGES, *old], UNPACKED, env)
    dangling = process.run(["find", UNPACKED, "-xtype", "l"], check=False).split()
    if dangling:
        raise DevError(f"Odoo's package links to missing files: {' '.join(dangling[:5])}")
    left_out = source / "odoo/addons" / LEFT_OUT
    left_out.parent.mkdir(parents=True, exist_ok=True)
    left_out.touch()
    stamps.write("odoo", RECIPE)
