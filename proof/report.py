"""The figures of a run, as they stand in docs/proof.md."""

import bisect
import re
import statistics

from dev import paths

from . import books

PAGE = paths.ROOT / "docs" / "proof.md"


def write(name, lines):
    """Put the lines in their place in docs/proof.md."""
    begin, end = f"<!-- {name}: written by make {name} -->", f"<!-- end of {name} -->"
    text = "\n".join([begin, *lines, end])
    pattern = re.compile(f"{re.escape(begin)}.*{re.escape(end)}", re.DOTALL)
    PAGE.write_text(pattern.sub(lambda _match: text, PAGE.read_text()))


def on_kills(run, points, seconds, seed):
    """Return the lines on a run of kills: a table by point, and the sums."""
    counted = _count_by_kill(run)
    lines = [
        "| blow | times | payments | refunds | lost | twice | settled, median | longest |",
        "| --- | --: | --: | --: | --: | --: | --: | --: |",
    ]
    names = list(points) + sorted({k.point for k in run.monitor.kills} - set(points))
    for name in names:
        kills = [number for number, kill in enumerate(run.monitor.kills) if kill.point == name]
        if not kills:
            continue
        sums = [sum(counted[n][column] for n in kills) for column in range(4)]
        median, longest = run.monitor.summarize(name)
        cells = [points.get(name, name), len(kills), *sums, f"{median:.1f} s", f"{longest:.1f} s"]
        lines.append("| " + " | ".join(map(str, cells)) + " |")
    there = books.count(run.shop)
    told = (
        f"{len(run.monitor.kills)} blows in {seconds:.0f} s (seed {seed}). At the end the books"
        f" held {there['payments']} payments and {there['refunds']} refunds from"
        f" {there['attempts']} attempts, {there['events']} events and {there['emails']} emails in"
        " the outbox;"
        f" {len(run.found)} deviations from what Stripe says, {len(run.errors)} other errors."
    )
    return [*lines, "", told]


def _count_by_kill(run):
    """Return for each kill (payments, refunds, lost, twice) of the time until the next one."""
    times = [kill.at for kill in run.monitor.kills]
    counted = [[0, 0, 0, 0] for _kill in times]
    kinds = {finding.ref: finding.kind for finding in run.found}
    for column, what in enumerate(("payment_intents", "refunds")):
        for moved in run.shop.list_all(what):
            number = bisect.bisect_right(times, moved["created"] + 1) - 1
            if number < 0 or moved["status"] != "succeeded":
                continue
            counted[number][column] += 1
            counted[number][2] += kinds.get(moved["id"]) == "lost"
            counted[number][3] += kinds.get(moved["id"]) == "twice"
    return counted


WAITED = {
    "page": "Customer: the link's page",
    "click": "Customer: Pay, until Stripe's page (Stripe's answer included)",
    "return": "Customer: back from Stripe",
    "webhook": "Stripe: a message, booked (in Odoo, without its turn in the queue)",
    "clerk": "Clerk: 100 links generated",
}


def on_load(run, retried):
    """Return the lines on a run of many customers: a table of waits, and the sums."""
    lines = ["| | times | p50 | p95 | longest |", "| --- | --: | --: | --: | --: |"]
    for what, words in WAITED.items():
        seconds = run.seconds[what]
        cells = [words, len(seconds), *(f"{s * 1000:.0f} ms" for s in quantiles(seconds))]
        lines.append("| " + " | ".join(map(str, cells)) + " |")
    there = books.count(run.shop)
    again = "; ".join(f"{run.log.count(words)} {what}" for what, words in retried.items())
    sums = (
        f"{there['payments']} payments in the books, {there['events']} messages in the ledger, each"
        f" of which came twice. Requests: {again};"
        f" {run.cut} connections were cut and made again. {len(run.problems)} errors."
    )
    return [*lines, "", sums]


def quantiles(seconds):
    """Return (median, 95th percentile, longest)."""
    if len(seconds) < 2:
        return (seconds or [0.0]) * 3
    return statistics.median(seconds), statistics.quantiles(seconds, n=20)[-1], max(seconds)
