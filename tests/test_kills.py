"""A short run of `make kills`: workers killed at named points, PostgreSQL crashed, Stripe away."""

import os
import subprocess
import sys

from dev import paths
from proof import kills

KINDS = {kills.kind(point) for point in kills.POINTS}
KILLS = len(KINDS)  # one of each kind


def test_few_kills_strike_one_of_each_kind():
    for seed in range(20):
        plan = kills.Run(None, None, seed)._plan(KILLS)
        struck = [kills.kind(point) for point in plan if point in kills.POINTS]
        assert sorted(struck) == sorted(KINDS), seed


def test_a_run_comes_to_every_point():
    plan = kills.Run(None, None, 7)._plan(len(kills.POINTS))
    assert set(plan) >= set(kills.POINTS)


def test_workers_killed_while_customers_pay():
    """In a process of its own, since it has a PostgreSQL of its own."""
    done = subprocess.run(
        [sys.executable, "-m", "dev", "kills"],
        cwd=paths.ROOT,
        env={**os.environ, "N": str(KILLS), "SEED": "7"},
        capture_output=True,
        text=True,
        timeout=400,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert " 0 deviations from what Stripe says, 0 other errors." in done.stdout
    for kind in KINDS:
        assert f"\n| {kind}: " in done.stdout, f"nothing died there: {kind}"
