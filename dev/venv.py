"""The virtualenv in `.dev/venv`, filled from the pinned requirements."""

import os
import shutil
import subprocess
import sys

from dev import apt, paths, process, stamps
from dev.errors import DevError
from dev.progress import step

OLDEST_PYTHON = (3, 10)
RUNTIME = paths.ROOT / "requirements.txt"
TOOLS = paths.ROOT / "requirements-dev.txt"


def active():
    """Whether this very process runs in the virtualenv."""
    return os.path.realpath(sys.prefix) == os.path.realpath(paths.VENV)


def ensure(with_tools):
    """Make the virtualenv, and install what it lacks: the runtime, and the tools if asked."""
    if sys.version_info < OLDEST_PYTHON:
        raise DevError(f"Odoo 19 needs Python 3.10 or later; this is {sys.version.split()[0]}.")
    python_stamp = stamps.digest(sys.version, str(paths.VENV))
    if stamps.read("venv") != python_stamp or not paths.VENV_PYTHON.exists():
        with step("Virtualenv"):
            _create()
        stamps.write("venv", python_stamp)
    _install("venv-runtime", "Python packages of Odoo and the addon", [RUNTIME])
    if with_tools:
        _install("venv-tools", "Python packages for tests and linters", [RUNTIME, TOOLS])


def link_odoo(source):
    """Let the virtualenv import the package `odoo` that lies in the folder `source`."""
    site = next(paths.VENV.glob("lib/python3*/site-packages"))
    link = site / "odoo.pth"
    if not link.exists() or link.read_text() != f"{source}\n":
        link.write_text(f"{source}\n")


def _create():
    for name in ("venv", "venv-runtime", "venv-tools"):
        stamps.forget(name)
    shutil.rmtree(paths.VENV, ignore_errors=True)
    if _has_ensurepip():
        process.run([sys.executable, "-m", "venv", paths.VENV])
        return
    # Debian keeps ensurepip in the package python3-venv; pip's wheel alone does as well.
    root = paths.WORK / "pip"
    apt.unpack_missing(["python3-pip-whl"], root)
    wheel = next(root.glob("usr/share/python-wheels/pip-*.whl"))
    process.run([sys.executable, "-m", "venv", "--without-pip", paths.VENV])
    process.run([paths.VENV_PYTHON, f"{wheel}/pip", "install", "-q", "--no-index", wheel])


def _has_ensurepip():
    command = [sys.executable, "-c", "import ensurepip; ensurepip.version()"]
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


def _install(stamp, label, files):
    wanted = stamps.digest(*files)
    if stamps.read(stamp) == wanted:
        return
    with step(label):
        command = [paths.VENV_PYTHON, "-m", "pip", "--disable-pip-version-check", "install"]
        command += ["-q", "--no-compile"]
        for file in files:
            command += ["-r", file]
        process.run(command, log="pip", failure="pip could not install the requirements")
    stamps.write(stamp, wanted)
