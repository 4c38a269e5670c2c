"""The addon as a wheel: complete, and found by Odoo without an addons_path."""

import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import odoo.release
import pytest

from dev import database, paths
from dev.stack import clone_for_test, drop_database

ODOO_FOLDER = Path(odoo.release.__file__).parent.parent
SOURCES = ("setup.py", "MANIFEST.in", "pyproject.toml", "README.md")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """The wheel, built from a copy of the sources (a build leaves files in its folder)."""
    folder = tmp_path_factory.mktemp("wheel")
    source = folder / "source"
    for name in addon_files():
        (source / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(paths.ROOT / name, source / name)
    for name in SOURCES:
        if (paths.ROOT / name).exists():
            shutil.copy(paths.ROOT / name, source)
    run(sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "--no-build-isolation",
        "--no-index", "-w", folder, source)  # fmt: skip
    (built,) = folder.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def python(wheel, tmp_path_factory):
    """The Python of a new virtualenv with the wheel in it; Odoo and its requirements are shared."""
    folder = tmp_path_factory.mktemp("venv")
    run(sys.executable, "-m", "venv", "--without-pip", folder)
    shared = Path(pytest.__file__).parent.parent
    site = next(folder.glob("lib/python3*/site-packages"))
    (site / "shared.pth").write_text(f"{shared}\n{ODOO_FOLDER}\n")
    python = folder / "bin" / "python"
    run(python, "-m", "pip", "install", "-q", "--no-deps", "--no-index", wheel)
    return python


def addon_files():
    """The addon's files but its tests: those git tracks or would track, else all there are."""
    listing = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", paths.ADDON],
        cwd=paths.ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    names = listing.stdout.splitlines() or [
        str(path.relative_to(paths.ROOT)) for path in paths.ADDON_PATH.rglob("*")
    ]
    return [
        name
        for name in names
        if (paths.ROOT / name).is_file() and not {"tests", "__pycache__"} & set(Path(name).parts)
    ]


def run(*command, **options):
    """Run a program away from the checkout, and fail with its output."""
    done = subprocess.run(
        [os.fspath(part) for part in command],
        cwd="/",
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        **options,
    )
    assert not done.returncode, done.stdout
    return done.stdout


def test_every_file_is_in_the_wheel(wheel):
    with zipfile.ZipFile(wheel) as archive:
        shipped = set(archive.namelist())
    assert f"{paths.ADDON}/__manifest__.py" in addon_files()
    missing = {f"odoo/addons/{name}" for name in addon_files()} - shipped
    assert not missing


def test_nothing_else_is_in_the_wheel(wheel):
    with zipfile.ZipFile(wheel) as archive:
        shipped = set(archive.namelist())
    metadata = {name for name in shipped if ".dist-info/" in name}
    assert shipped - metadata == {f"odoo/addons/{name}" for name in addon_files()}


def test_the_metadata_follow_the_naming_of_odoo_addons(wheel):
    with zipfile.ZipFile(wheel) as archive:
        (name,) = (name for name in archive.namelist() if name.endswith("/METADATA"))
        metadata = archive.read(name).decode()
    assert wheel.name.startswith("odoo_addon_serviceflow_paylinks-19.0.")
    assert "Name: odoo-addon-serviceflow_paylinks\n" in metadata
    assert "Requires-Python: >=3.10\n" in metadata
    requirements = {line for line in metadata.splitlines() if line.startswith("Requires-Dist: ")}
    assert requirements == {
        "Requires-Dist: odoo<19.1,>=19.0",
        "Requires-Dist: stripe<17,>=16",
        "Requires-Dist: phonenumbers",
        "Requires-Dist: crawler-user-agents",
    }


def test_odoo_imports_the_installed_addon(python):
    script = "import odoo.addons.serviceflow_paylinks as addon; print(addon.__path__[0])"
    found = run(python, "-c", f"import odoo.modules; {script}")
    assert Path(found.strip().splitlines()[-1]).is_relative_to(python.parent.parent)


def test_odoo_installs_it_without_an_addons_path(python, tmp_path):
    config = tmp_path / "odoo.conf"
    config.write_text(f"[options]\ndata_dir = {tmp_path / 'data'}\n")
    name = clone_for_test("wheel", with_addon=False)
    try:
        env = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
        run(python, "-m", "odoo", "server", "-c", config, "-d", name, "-i", paths.ADDON,
            "--no-http", "--stop-after-init", env=env)  # fmt: skip
        query = "SELECT state FROM ir_module_module WHERE name = %s"
        assert database.execute(name, query, [paths.ADDON]) == [("installed",)]
    finally:
        drop_database(name)
