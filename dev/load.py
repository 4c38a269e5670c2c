"""`make load`: 50 customers paying at once through two workers; writes docs/proof.md."""

from dev import preparation
from dev.progress import say
from proof import load, report


def main():
    """Run it, print the report, write it into docs/proof.md when everything held."""
    with preparation.ready() as source:
        lines, held = load.prove(source)
    say("\n".join(["", *lines]))
    if held:
        report.write("load", lines)
    return 0 if held else 1
