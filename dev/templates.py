"""Template databases: the stock modules alone, and with the addon. Copies of them take seconds."""

import ast

from dev import database, odoo, odoo_source, paths, stamps
from dev.progress import step

STOCK = database.name("stock_")
ADDON_TEMPLATE = database.name("addon")


def stock_modules():
    """The modules of Odoo the addon depends on, as its manifest names them."""
    manifest = ast.literal_eval((paths.ADDON_PATH / "__manifest__.py").read_text())
    return sorted(manifest["depends"])


def stock_name():
    """The name of the template with the stock modules that is there."""
    return next(name for name in database.names() if name.startswith(STOCK))


def stock(source):
    """The name of the template with the stock modules, made if it is not there."""
    modules = ",".join(stock_modules())
    key = stamps.digest(odoo_source.version(source), modules)
    template = f"{STOCK}{key}"
    if not database.exists(template):
        with step("Template database with Odoo's own modules"):
            _build(template, modules)
            _drop_other_stock(template)
    return template


def addon(source):
    """The name of the template with the addon installed, made anew when the addon has changed."""
    base = stock(source)
    key = stamps.digest(database.server(), base, stamps.addon_digest())
    if stamps.read("addon-template") != key or not database.exists(ADDON_TEMPLATE):
        with step("Template database with the addon"):
            stamps.forget("addon-template")
            _build(ADDON_TEMPLATE, paths.ADDON, base)
        stamps.write("addon-template", key)
    return ADDON_TEMPLATE


def _build(template, modules, base=None):
    """Install modules in a copy of `base`, or a new database; it is named when all went well."""
    draft = database.name("draft")
    if base:
        database.clone(base, draft)
    else:
        database.drop(draft)
    odoo.run(draft, "-i", modules, failure=f"Odoo could not install {modules}")
    database.rename(draft, template)


def _drop_other_stock(template):
    for old in database.names():
        if old.startswith(STOCK) and old != template:
            database.drop(old)
