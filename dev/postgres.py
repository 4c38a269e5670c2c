"""PostgreSQL: the one named in the PG* variables, or a private cluster of this checkout.

The private cluster listens on a socket in its own folder and takes no port. It runs while at least
one command of this checkout uses it: see `postgres_guard`.
"""

import fcntl
import os
import pwd
import shutil
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path

from dev import apt, paths, process, stamps
from dev.errors import DevError
from dev.progress import step

OWN_SERVER = ("PGHOST", "PGPORT", "PGUSER", "PGPASSWORD")
OLDEST = 13
PORT = "5432"
SOCKET_NAME = f".s.PGSQL.{PORT}"
LONGEST_SOCKET_PATH = 107
SYSTEM_USER = "postgres"
ROLE = "odoo"
USERS_LOCK = paths.WORK / "postgres-users.lock"
HOME = paths.WORK / "postgres"
FALLBACK_HOME = Path("/var/tmp") / f"serviceflow-paylinks-{os.geteuid()}-{paths.CLONE_ID}"
UNPACKED = paths.WORK / "postgres-server"
MISSING = "PostgreSQL is missing. Install it: sudo apt-get install postgresql"
START_SECONDS = 60
STOP_SECONDS = 20


@contextmanager
def server():
    """Have a PostgreSQL server while the block runs; the PG* variables of this process name it."""
    with USERS_LOCK.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_SH)
        if own_server():
            _check_own_server()
            yield
        else:
            yield from _private_server(lock)


def _private_server(lock):
    binaries = find_or_get_binaries()
    home = home_folder()
    if not (home / "data/PG_VERSION").exists():
        with step("PostgreSQL cluster"):
            initialize(binaries, home)
    try:
        _start(binaries, home)
        os.environ.update(_connection(home))
        os.environ["PATH"] = f"{binaries}:{os.environ['PATH']}"
        yield
    finally:
        _leave(lock, home)


def own_server():
    """Whether the PG* variables name a server of the user's own."""
    return any(os.environ.get(name) for name in OWN_SERVER)


def server_user():
    """The user the server must run as: None for ourselves, `postgres` for root."""
    return SYSTEM_USER if os.geteuid() == 0 else None


def recorded_home():
    """The folder of this checkout's cluster, or None if there is none."""
    recorded = stamps.read("postgres-home")
    return Path(recorded) if recorded in map(str, (HOME, FALLBACK_HOME)) else None


def pid(home):
    """The process id of the server that runs on `home`, or None."""
    try:
        lines = (home / "data/postmaster.pid").read_text().splitlines()
        if Path(lines[1]) != home / "data":
            return None  # a copy of another checkout's folder
        number = int(lines[0])
        os.kill(number, 0)
    except (OSError, IndexError, ValueError):
        return None
    return number


def _check_own_server():
    if os.environ.get("PGUSER") == "postgres":
        raise DevError(
            "Odoo refuses to work as PostgreSQL's user 'postgres': name another in PGUSER."
        )
    import psycopg2

    try:
        connection = psycopg2.connect(dbname="postgres")
    except psycopg2.OperationalError as error:
        raise DevError(
            f"The PostgreSQL server named in the PG* variables gives: {error}"
        ) from error
    found = connection.server_version // 10000
    connection.close()
    if found < OLDEST:
        raise DevError(f"Odoo 19 needs PostgreSQL {OLDEST} or later; the one in PG* is {found}.")


def find_or_get_binaries():
    found = _find_binaries()
    if found:
        return found
    with step("PostgreSQL server"):
        if os.geteuid() == 0:
            _install()
        else:
            _unpack()
    found = _find_binaries()
    if not found:
        raise DevError(MISSING)
    return found


def _find_binaries():
    """The folder of the newest server's programs: the machine's, else the unpacked one's."""
    for root in (Path("/"), UNPACKED):
        programs = root.glob("usr/lib/postgresql/*/bin/initdb")
        versions = {int(path.parts[-3]): path.parent for path in programs}
        if versions and max(versions) >= OLDEST:
            return versions[max(versions)]
    return None


def _install():
    """Install Debian's package, but without the cluster on port 5432 that it would start."""
    config = Path("/etc/postgresql-common/createcluster.conf")
    ours = not config.exists()
    if ours:
        config.parent.mkdir(parents=True, exist_ok=True)
        config.write_text("create_main_cluster = false\n")
    apt.install(["postgresql"])
    packaged = config.with_name(f"{config.name}.ucf-dist")
    if ours and packaged.exists():
        packaged.replace(config)


def _unpack():
    try:
        apt.unpack_missing(["postgresql"], UNPACKED)
    except DevError as error:
        raise DevError(f"{MISSING}\n({error})") from error


def home_folder():
    """The cluster's folder: in `.dev/`, or a short one elsewhere if it cannot work there."""
    home = recorded_home()
    if home is None:
        home = HOME if _usable(HOME) else FALLBACK_HOME
        stamps.write("postgres-home", str(home))
    if not home.is_dir():
        home.mkdir(mode=0o700)
        if server_user():
            shutil.chown(home, server_user(), server_user())
    owner = pwd.getpwnam(server_user()).pw_uid if server_user() else os.geteuid()
    if home.is_symlink() or home.stat().st_uid != owner:
        raise DevError(f"{home} belongs to somebody else; remove it and try again.")
    return home


def _usable(home):
    if len(os.fsencode(home / SOCKET_NAME)) > LONGEST_SOCKET_PATH:
        return False
    if not server_user():
        return True
    command = ["runuser", "-u", server_user(), "--", "test", "-x", home.parent]
    return subprocess.run(command, cwd="/", check=False).returncode == 0


def server_environment(binaries):
    """The environment of PostgreSQL's own programs: libraries unpacked with them are found."""
    env = {key: value for key, value in os.environ.items() if not key.startswith("PG")}
    if UNPACKED in binaries.parents:
        env["LD_LIBRARY_PATH"] = apt.library_path(UNPACKED)
    return env


def initialize(binaries, home):
    command = [binaries / "initdb", "-D", home / "data", "-U", ROLE, "--no-sync"]
    command += ["--encoding=UTF8", "--locale=C.UTF-8", "--auth-local=trust", "--auth-host=reject"]
    if server_user():
        command = ["runuser", "-u", server_user(), "--", *command]
    shutil.rmtree(home / "data", ignore_errors=True)
    env = server_environment(binaries)
    process.run(command, env=env, cwd="/", log="postgres", failure="initdb failed")


def _connection(home):
    return {"PGHOST": str(home), "PGPORT": PORT, "PGUSER": ROLE}


def _start(binaries, home):
    """Start the guard, which starts the server, unless another command has done so."""
    guard = None
    if not pid(home):
        command = [sys.executable, "-m", "dev.postgres_guard", binaries, home]
        with (paths.LOGS / "postgres.log").open("ab") as log:
            guard = subprocess.Popen(
                [os.fspath(part) for part in command],
                cwd=paths.ROOT,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=server_environment(binaries),
                start_new_session=True,
            )
    deadline = time.monotonic() + START_SECONDS
    while not answers(home):
        if time.monotonic() > deadline or (guard and guard.poll() is not None):
            end = process.tail((paths.LOGS / "postgres.log").read_text(errors="replace"), 10)
            raise DevError(f"PostgreSQL did not start:\n{end}\n(more in {paths.LOGS}/postgres.log)")
        time.sleep(0.05)


def answers(home):
    import psycopg2

    try:
        psycopg2.connect(host=str(home), port=PORT, user=ROLE, dbname="postgres").close()
    except psycopg2.OperationalError:
        return False
    return True


def _leave(lock, home):
    """Stop the server if no other command of this checkout uses it."""
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return
    stop(home)


def stop(home):
    """Stop the server that runs on `home`, ending what is connected; wait until it is gone."""
    number = pid(home)
    if number is None:
        return
    os.kill(number, signal.SIGINT)  # PostgreSQL's "fast shutdown"
    deadline = time.monotonic() + STOP_SECONDS
    while pid(home) == number:
        if time.monotonic() > deadline:
            os.kill(number, signal.SIGQUIT)
            deadline += STOP_SECONDS
        time.sleep(0.05)
