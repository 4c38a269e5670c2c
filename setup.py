"""Builds the addon as a Python package, named the way OCA names Odoo addons.

The wheel holds `odoo/addons/serviceflow_paylinks` and no `__init__.py` above it: `odoo` and
`odoo.addons` are namespaces, so Odoo finds the addon without any `addons_path`.
"""

import ast
from pathlib import Path

from setuptools import setup

HERE = Path(__file__).parent
ADDON = "serviceflow_paylinks"
PACKAGE = f"odoo.addons.{ADDON}"
NOT_SHIPPED = {"tests", "__pycache__"}


def files():
    """All files of the addon but its tests, relative to its folder."""
    folder = HERE / ADDON
    found = (path.relative_to(folder) for path in sorted(folder.rglob("*")) if path.is_file())
    return [path for path in found if not NOT_SHIPPED.intersection(path.parts)]


def packages():
    """The addon's Python packages, by their full names."""
    folders = (path.parent for path in files() if path.name == "__init__.py")
    return [".".join([PACKAGE, *folder.parts]) for folder in folders]


def readme():
    """The repository's README, if there is one."""
    path = HERE / "README.md"
    return path.read_text(encoding="utf-8") if path.exists() else ""


manifest = ast.literal_eval((HERE / ADDON / "__manifest__.py").read_text(encoding="utf-8"))

setup(
    name=f"odoo-addon-{ADDON}",
    version=manifest["version"],
    description=manifest["summary"],
    long_description=readme(),
    long_description_content_type="text/markdown",
    author=manifest["author"],
    license=manifest["license"],
    classifiers=[
        "Framework :: Odoo",
        "Framework :: Odoo :: 19.0",
        "Programming Language :: Python :: 3",
    ],
    python_requires=">=3.10",
    install_requires=[
        "odoo>=19.0,<19.1",
        "stripe>=16,<17",
        "phonenumbers",
        "crawler-user-agents",
    ],
    packages=packages(),
    package_dir={PACKAGE: ADDON},
    package_data={PACKAGE: [path.as_posix() for path in files()]},
    zip_safe=False,
)
