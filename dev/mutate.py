"""`make mutate`: faults are put into a copy of the addon, one at a time; each must be found, by the
histories or by the tests that its row names. Before them the copy as it is, without a fault, has to
pass all the histories: what fails there would be taken for a fault that was found.

FAULTS="late refund" tries those whose names hold one of the words. What was found stays known, in
`.dev/mutate.json`, until the sources change: an interrupted run goes on where it was.
"""

import importlib.util
import json
import os
import re
import shutil
import subprocess
from concurrent.futures import ThreadPoolExecutor

from dev import chaos, database, locks, odoo, paths, preparation, stamps, templates
from dev.errors import DevError
from dev.progress import say

HISTORIES, SEED = 200, 20261122
KNOWN = paths.WORK / "mutate.json"


def main():
    """Try the faults; fail if one of them is missed, or if anything is found where there is none.

    :raise DevError: the histories fail by themselves
    """
    with preparation.ready() as source:
        with locks.setup_lock():
            template = templates.addon(source)
        sources = _digest_sources()
        known = json.loads(KNOWN.read_text()) if KNOWN.exists() else {}

        def attempt(fault):
            key = stamps.digest(sources, *fault)
            if known.get(fault.name, [""])[0] != key:
                known[fault.name] = [key, *_try(template, fault)]
                KNOWN.write_text(json.dumps(known, indent=1))
            where, found = known[fault.name][1:]
            nothing = "MISSED" if fault.path else ""
            say(f"| {fault.name} | {where or nothing} | {found} |")
            return bool(where)

        module = _load_faults()
        say("| fault | found by | what showed |\n| --- | --- | --- |")
        if attempt(module.CONTROL):
            raise DevError("The histories fail without a fault: mend that first (`make chaos`).")
        with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
            found = list(pool.map(attempt, _get_wanted(module.FAULTS)))
    say(f"{sum(found)} of {len(found)} faults found")
    return 0 if all(found) else 1


def _load_faults():
    """`tests/chaos/faults.py`, which lists the faults."""
    spec = importlib.util.spec_from_file_location("faults", paths.ROOT / "tests/chaos/faults.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _get_wanted(faults):
    words = os.environ.get("FAULTS", "").split()
    return [f for f in faults if not words or any(word in f.name for word in words)]


def _digest_sources():
    places = [paths.ROOT / name for name in _list_sources()]
    return stamps.digest(*(place for place in places if place.is_file()))


def _list_sources():
    listed = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    done = subprocess.run(listed, cwd=paths.ROOT, capture_output=True, text=True, check=True)
    wanted = (f"{paths.ADDON}/", "tests/", "sandbox/", "dev/", "pyproject.toml")
    return [name for name in done.stdout.splitlines() if name.startswith(wanted)]


def _try(template, fault):
    """Look for the fault; return (what found it, or nothing; what showed)."""
    mark = stamps.digest(*fault)[:8]
    copy = paths.WORK / "mutants" / mark
    name = database.name(f"mutant{mark}_p{os.getpid()}")
    try:
        _copy_with(fault, copy)
        config = copy / "odoo.conf"
        config.write_text(odoo.CONFIG.read_text().replace(f"= {paths.ROOT}\n", f"= {copy}\n"))
        with locks.setup_lock():
            database.clone(template, name)
            database.stop_autovacuum(name)
        if fault.sql:
            database.execute(name, fault.sql)
        search = _search_by_tests if fault.found_by else _search_by_histories
        return search(fault, name, copy, config)
    finally:
        database.drop(name)
        shutil.rmtree(copy, ignore_errors=True)


def _search_by_histories(fault, name, copy, config):
    code, output = chaos.play(name, SEED, HISTORIES, root=copy, config=config)
    told = re.search(r"failed (in|after) history (\d+)", output)
    if code and not told:
        raise DevError(f"{fault.name}: the histories were not played:\n{output[-3000:]}")
    if not code:
        return "", ""
    where = "history" if told[1] == "in" else "what is missing after history"
    return f"{where} {told[2]}", _read_error(output)


def _search_by_tests(fault, name, copy, config):
    """Run the tests as they are, whose servers run the copy; or the copy's own."""
    test = f"{paths.ADDON}/tests/{fault.found_by}"
    if fault.in_process:
        code, output = chaos.run_tests(name, test, copy, config)
    else:
        code, output = chaos.run_tests(name, test, PAYLINKS_SERVER_CONFIG=str(config))
    failed = re.search(r"^FAILED \S+::(\w+)", output, re.MULTILINE)
    if code and not failed:
        raise DevError(f"{fault.name}: the tests were not run:\n{output[-3000:]}")
    where = f"`{fault.found_by.partition('::')[0]}::{failed[1]}`" if failed else ""
    return where, _read_error(output)


def _read_error(output):
    shown = re.findall(r"^E +(\S*(?:Error|Exception)\b.*)$", output, re.MULTILINE)
    return shown[-1][:100] if shown else ""


def _copy_with(fault, copy):
    """Make a copy of the sources with the fault in it, if it is one."""
    shutil.rmtree(copy, ignore_errors=True)
    for name in _list_sources():
        place = copy / name
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(paths.ROOT / name, place, follow_symlinks=False)
    if not fault.path:
        return
    place = copy / paths.ADDON / fault.path
    text = place.read_text()
    if text.count(fault.before) != 1:
        raise DevError(f"{fault.name}: its place in {fault.path} is not there (once) any more")
    place.write_text(text.replace(fault.before, fault.after))
