"""`make kills`: kill Odoo's workers N times (50) while customers pay; SEED for another order."""

import os

from dev import preparation
from dev.progress import say
from proof import kills, report

KILLS, SEED = 50, 20261122


def main():
    """Run it, print the report, write it into docs/proof.md when N is at least 50."""
    number = int(os.environ.get("N") or KILLS)
    seed = int(os.environ.get("SEED") or SEED)
    with preparation.ready() as source:
        lines, held = kills.prove(source, number, seed)
    say("\n".join(["", *lines]))
    if held and number >= KILLS:
        report.write("kills", lines)
    return 0 if held else 1
