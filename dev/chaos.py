"""`make chaos N=10000`: random histories, half of them on each core; SEED=… plays them again."""

import os
import re
import secrets
import subprocess
from concurrent.futures import ThreadPoolExecutor

from dev import database, locks, odoo, paths, preparation, process, templates
from dev.errors import Interrupted
from dev.progress import say, step

TEST = f"{paths.ADDON}/tests/test_chaos.py::TestChaos"
HISTORIES = 1000


def main():
    """Play N histories by SEED, or by a new seed, which is said; shrink what fails."""
    number = int(os.environ.get("N") or HISTORIES)
    seed = int(os.environ.get("SEED") or secrets.randbelow(10**9))
    # A seed is one player's: played again, it is played alone.
    players = 1 if os.environ.get("SEED") else os.cpu_count() or 1
    with preparation.ready() as source:
        with locks.setup_lock():
            template = templates.addon(source)
        share = -(-number // players)
        label = f"{share * players} histories, {players} at once"
        with step(label), ThreadPoolExecutor(players) as pool:
            work = [(template, seed + player, share) for player in range(players)]
            failures = [failure for failure in pool.map(_play, work) if failure]
    for failed, output in failures:
        say(f"\n{output}\nN={share} SEED={failed} plays this again.")
    return 1 if failures else 0


def _play(work):
    """Play histories in a database of their own; return the seed and the output of a failure."""
    template, seed, number = work
    name = database.name(f"chaos{seed}_p{os.getpid()}")
    say(f"  SEED={seed}: {number} histories")
    with locks.setup_lock():
        database.clone(template, name)
        database.stop_autovacuum(name)
    try:
        code, output = play(name, seed, number, CHAOS_SHRINK="1")
    finally:
        database.drop(name)
    for told in re.findall(r"^\d+ histories in .*$", output, re.MULTILINE):
        say(f"  SEED={seed}: {told}")
    return (seed, output) if code else None


def play(name, seed, number, root=paths.ROOT, config=odoo.CONFIG, **variables):
    """Play histories in a database.

    :param Path root: the checkout, or a copy of it
    :return: (exit code, output)
    """
    variables.update(CHAOS_SEED=str(seed), CHAOS_HISTORIES=str(number))
    return run_tests(name, TEST, root, config, **variables)


def run_tests(name, tests, root=paths.ROOT, config=odoo.CONFIG, **variables):
    """Run tests in a database, with these environment variables, until the first that fails.

    :param Path root: the checkout, or a copy of it
    :return: (exit code, output)
    """
    command = [paths.VENV_PYTHON, "-m", "pytest", "--odoo-http", "-q", "-s", "-x", "--tb=short"]
    command += [f"--odoo-config={config}", f"--odoo-database={name}", "-p", "no:cacheprovider"]
    player = subprocess.Popen(
        process.tied((*command, tests)),
        cwd=root,
        env=odoo.environment(PYTHONPATH=str(root), **variables),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
    )
    try:
        output, _ = player.communicate()
    except Interrupted:
        player.kill()
        raise
    return player.returncode, output
