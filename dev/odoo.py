"""How Odoo is called: its configuration file, environment and command line."""

import os
import textwrap
from pathlib import Path

from dev import paths, process

# `make mutate` lets the servers of a test run another copy of the addon.
CONFIG = Path(os.environ.get("PAYLINKS_SERVER_CONFIG") or paths.WORK / "odoo.conf")
NOT_FOR_ODOO = ("ODOO_RC", "OPENERP_SERVER", "PGDATABASE", "PYTHONDONTWRITEBYTECODE", "PYTHONPATH")

# Odoo's worker processes start another one by the name of the program: `-m odoo` has none.
PROGRAM = paths.BIN / "odoo-server"
START = """import os

os.environ["TZ"] = "UTC"
from odoo.cli.command import main

main()
"""

# Odoo's shell ends with code 0 whatever the script does.
GUARDED = """
try:
{script}
except BaseException:
    import os, traceback
    traceback.print_exc()
    os._exit(1)
"""


def write_config():
    """Write the configuration file every Odoo of this checkout runs with.

    At once: another `make` in this checkout may be starting an Odoo that reads it.
    """
    new = CONFIG.with_suffix(f".{os.getpid()}")
    new.write_text(
        "[options]\n"
        f"addons_path = {paths.ROOT}\n"
        f"data_dir = {paths.DATA}\n"
        "http_interface = 127.0.0.1\n"
        "list_db = False\n"
        "log_handler = :INFO\n"
        "max_cron_threads = 1\n"
        "limit_memory_soft = 0\n"  # the limit would be inherited by browsers that tests start
        "limit_memory_hard = 0\n"
    )
    new.replace(CONFIG)


def write_program():
    """Write the program that starts Odoo with worker processes, and return it."""
    PROGRAM.write_text(START)
    return PROGRAM


def environment(**extra):
    """The environment for Odoo: no settings of another Odoo, compiled files kept in `.dev/`."""
    env = {key: value for key, value in os.environ.items() if key not in NOT_FOR_ODOO}
    env["PATH"] = f"{paths.BIN}:{paths.VENV / 'bin'}:{env.get('PATH', os.defpath)}"
    env["PYTHONPYCACHEPREFIX"] = str(paths.WORK / "pycache")
    env["PYTHONUNBUFFERED"] = "1"
    return {**env, **extra}


def command(*arguments):
    """The command line of Odoo with these arguments; the first may be a subcommand."""
    return [paths.VENV_PYTHON, "-m", "odoo", *arguments]


def run(database, *arguments, log="odoo-setup", failure=None):
    """Run Odoo on a database until it has done what the arguments ask, without HTTP."""
    line = command("server", "-c", CONFIG, "-d", database, "--no-http", "--stop-after-init")
    line += arguments
    return process.run(line, env=environment(), cwd=paths.ROOT, log=log, failure=failure)


def shell(database, script, log="odoo-setup", failure=None, **variables):
    """Run a Python script in `odoo shell` on a database; its `env` is the superuser's.

    :param variables: environment variables for the script
    """
    line = command("shell", "-c", CONFIG, "-d", database, "--no-http", "--log-level=warn")
    guarded = GUARDED.format(script=textwrap.indent(script, "    "))
    env = environment(**{name: str(value) for name, value in variables.items()})
    return process.run(line, env=env, cwd=paths.ROOT, stdin=guarded, log=log, failure=failure)
