"""Debian's archive: packages installed by root, or unpacked into the work folder by anyone.

Unpacking uses a private apt configuration, so the machine's own apt sources stay untouched, and the
archive's address is taken from them: a mirror the machine uses is used here too.
"""

import os
import shutil
import subprocess

from dev import paths, process
from dev.errors import DevError

KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg"
APT = paths.WORK / "apt"
TARGET_FORMAT = "$(REPO_URI)|$(LABEL)|$(COMPONENT)|$(CREATED_BY)"
INSTALL_OPTIONS = ("-o", "DPkg::Lock::Timeout=300", "-o", "Dpkg::Use-Pty=0")


def install(packages):
    """Install packages on the machine (as root), without asking and without recommended ones."""
    env = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    command = [
        "apt-get",
        "install",
        "-y",
        "-q",
        "--no-install-recommends",
        *INSTALL_OPTIONS,
        *packages,
    ]
    if _has_candidates(packages):
        process.run(command, env=env, log="apt", check=False)
        if all(_is_installed(package) for package in packages):
            return
    process.run(["apt-get", "update", "-q", *INSTALL_OPTIONS], env=env, log="apt", check=False)
    process.run(command, env=env, log="apt", failure=f"apt could not install {' '.join(packages)}")


def unpack_missing(packages, root):
    """Unpack packages, and those of their dependencies the machine lacks, below `root`."""
    env = _machine_config()
    plan = process.run(
        [
            "apt-get",
            "--simulate",
            "--no-install-recommends",
            "-o",
            "Debug::NoLocking=1",
            "install",
            *packages,
        ],
        env=env,
        log="apt",
        failure=f"apt does not know how to install {' '.join(packages)}",
    )
    names = [line.split()[1] for line in plan.splitlines() if line.startswith("Inst ")]
    unpack(names, root, env)


def unpack(packages, root, env):
    """Download packages with apt's configuration in `env` and unpack them all below `root`."""
    folder = APT / f"download-{root.name}"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    process.run(
        ["apt-get", "download", "-q", *packages],
        env=env,
        cwd=folder,
        log="apt",
        failure="apt could not download from Debian's archive",
    )
    root.mkdir(parents=True, exist_ok=True)
    for package in sorted(folder.glob("*.deb")):
        process.run(["dpkg-deb", "-x", package, root], log="apt")
    shutil.rmtree(folder)


def archive_config(name, suites):
    """A private apt configuration that knows only these suites of Debian's archive, up to date.

    :return: the environment to run apt-get with
    """
    address = _archive_address()
    lines = [f"deb [signed-by={KEYRING}] {address} {suite} main\n" for suite in suites]
    return _private_config(name, "".join(lines))


def library_path(root):
    """The folders below `root` that hold shared libraries, as LD_LIBRARY_PATH wants them."""
    libraries = [*root.glob("**/*-linux-gnu*/lib*.so*"), *root.glob("**/*-linux-gnu*/*/lib*.so*")]
    return ":".join(sorted({str(library.parent) for library in libraries}))


def _machine_config():
    return _private_config("machine", None)


def _private_config(name, sources):
    folder = APT / name
    for sub in ("lists/partial", "cache/archives/partial"):
        (folder / sub).mkdir(parents=True, exist_ok=True)
    lines = [
        f'Dir::State::Lists "{folder}/lists";',
        f'Dir::Cache "{folder}/cache";',
        'APT::Sandbox::User "root";',
        'Acquire::Languages "none";',
    ]
    if sources is not None:
        (folder / "sources.list").write_text(sources)
        lines += [f'Dir::Etc::sourcelist "{folder}/sources.list";', 'Dir::Etc::sourceparts "-";']
    config = folder / "apt.conf"
    config.write_text("\n".join(lines) + "\n")
    env = {**os.environ, "APT_CONFIG": str(config), "LC_ALL": "C"}
    # One of the machine's own sources may be out of order; what is missed shows at the download.
    failure = "apt could not read Debian's archive"
    process.run(
        ["apt-get", "update", "-q"], env=env, log="apt", check=bool(sources), failure=failure
    )
    return env


def _archive_address():
    for env in (lambda: os.environ, _machine_config):
        address = _debian_target(env())
        if address:
            return address
    raise DevError(
        "apt on this machine knows no Debian archive to take Odoo 19 from. "
        "If you have an Odoo 19, name its folder in ODOO_SOURCE."
    )


def _debian_target(env):
    if not shutil.which("apt-get"):
        return None
    rows = process.run(
        ["apt-get", "indextargets", "--format", TARGET_FORMAT], env=env, log="apt", check=False
    )
    for row in rows.splitlines():
        address, *kind = row.split("|")
        if kind == ["Debian", "main", "Packages"]:
            return address
    return None


def _has_candidates(packages):
    output = _quiet(["apt-cache", "policy", *packages])
    return output.count("Candidate: ") - output.count("Candidate: (none)") == len(packages)


def _is_installed(package):
    return "install ok installed" in _quiet(["dpkg-query", "-W", "-f", "${Status}", package])


def _quiet(command):
    env = {**os.environ, "LC_ALL": "C"}
    return subprocess.run(command, capture_output=True, text=True, env=env, check=False).stdout
