"""Where things lie in this checkout, and the short name that tells it from its clones."""

import hashlib
import os
from pathlib import Path

from dev.errors import DevError

ADDON = "serviceflow_paylinks"
ROOT = Path(__file__).resolve().parent.parent
ADDON_PATH = ROOT / ADDON
WORK = ROOT / ".dev"
LOGS = WORK / "logs"
VENV = WORK / "venv"
VENV_PYTHON = VENV / "bin" / "python"
DATA = WORK / "data"
BIN = WORK / "bin"

CLONE_ID = hashlib.sha256(os.fsencode(ROOT)).hexdigest()[:8]
"""Differs between two checkouts on one machine; part of every name outside the work folder."""


def prepare():
    """Make the folders that every command writes to.

    :raise DevError: when `.dev/` was made at another place; programs in it name their own paths
    """
    for folder in (WORK, LOGS, DATA, BIN):
        folder.mkdir(exist_ok=True)
    mark = WORK / "checkout"
    # Another command may be at this point too, and has made the file, but not filled it yet.
    made_at = (mark.read_text() if mark.exists() else "") or str(ROOT)
    if made_at != str(ROOT):
        raise DevError(
            f"This checkout was moved or copied here from {made_at}: "
            "run `make clean` (it removes .dev/ here), then try again."
        )
    mark.write_text(str(ROOT))
