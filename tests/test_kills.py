"""A short run of `make kills`: workers killed at named points, PostgreSQL crashed, Stripe away."""

import os
import subprocess
import sys

from dev import paths

KILLS = 6


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
