"""The addon's template of texts to translate (`i18n/*.pot`): as Odoo exports it."""

import difflib
import re

from dev import odoo, paths, process

POT = paths.ADDON_PATH / "i18n" / f"{paths.ADDON}.pot"
DATES = re.compile(r'^"(POT-Creation-Date|PO-Revision-Date):.*\n', re.MULTILINE)


def export(database):
    """The texts as Odoo exports them now from a database that has the addon."""
    output = paths.WORK / f"{paths.ADDON}.pot"
    output.unlink(missing_ok=True)
    command = odoo.command("i18n", "export", "-c", odoo.CONFIG, "-d", database)
    command += ["-o", output, paths.ADDON]
    process.run(command, env=odoo.environment(), cwd=paths.ROOT, failure="Odoo could not export")
    return output.read_text() if output.exists() else ""


def difference(database):
    """What is out of date in the committed file, as lines of a diff; dates do not count."""
    committed = POT.read_text() if POT.exists() else ""
    return list(
        difflib.unified_diff(
            DATES.sub("", committed).splitlines(),
            DATES.sub("", export(database)).splitlines(),
            f"{POT.relative_to(paths.ROOT)}",
            "what Odoo exports",
            lineterm="",
        )
    )


def update(database):
    """Write the file anew, unless only the dates would change."""
    if difference(database):
        POT.parent.mkdir(exist_ok=True)
        POT.write_text(export(database))
