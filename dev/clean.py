"""`make clean`: remove everything the tooling has made, here and in its fallback folders."""

import fcntl
import shutil

from dev import paths, postgres, process
from dev.errors import DevError
from dev.progress import say, step


def main():
    """Stop a cluster nobody uses, then remove its folder and `.dev/`."""
    if not paths.WORK.exists():
        say("  Nothing to remove.")
        return
    with postgres.USERS_LOCK.open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise DevError("A make of this checkout is still running; stop it first.") from None
        if postgres.own_server() and paths.VENV_PYTHON.exists():
            with step("Removing our databases from the server in PG*"):
                script = "from dev import database; database.drop_all()"
                process.run([paths.VENV_PYTHON, "-c", script], cwd=paths.ROOT)
        with step("Removing .dev and what belongs to it"):
            home = postgres.recorded_home()
            if home:
                postgres.stop(home)
                shutil.rmtree(home, ignore_errors=True)
            shutil.rmtree(paths.WORK)
