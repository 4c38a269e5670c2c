"""A PostgreSQL server of its own for a run that crashes it; it keeps what it has committed."""

import os
import shutil
import signal
import subprocess
import time
from contextlib import contextmanager

from dev import database, locks, paths, postgres, process
from dev.errors import DevError

LOG = "postgres-of-its-own"
SETTINGS = {
    "listen_addresses": "",
    "port": postgres.PORT,
    "unix_socket_permissions": "0700",
    "max_connections": "150",
    "shared_buffers": "256MB",
    "jit": "off",
    # The machine stays up, so what was written to the kernel is safe. What was committed has to
    # have been written to it, or a crash of the server would lose it.
    "fsync": "off",
    "synchronous_commit": "on",
}
SECONDS = 60


@contextmanager
def own_cluster(template, name):
    """Have a server of one's own with a copy of a template database; the PG* variables of this
    process name it while the block runs.

    :param str template: a database of the server in use
    :param str name: the copy's
    :return: the Cluster
    """
    cluster = Cluster(postgres.home_folder() / f"p{os.getpid()}")
    outer = {key: os.environ.get(key) for key in ("PGHOST", "PGPORT", "PGUSER", "PGPASSWORD")}
    dump = paths.WORK / f"{name}.dump"
    try:
        with locks.setup_lock():  # PostgreSQL copies no database that somebody is connected to
            cluster.run("pg_dump", "--format=custom", "--compress=0", f"--file={dump}", template)
        cluster.start()
        os.environ.update({"PGHOST": str(cluster.home), "PGPORT": postgres.PORT})
        os.environ["PGUSER"] = postgres.ROLE
        os.environ.pop("PGPASSWORD", None)
        cluster.run("createdb", name)
        cluster.run("pg_restore", f"--dbname={name}", "--no-owner", dump)
        files = database.FILESTORE / template
        if files.is_dir():
            shutil.copytree(files, database.FILESTORE / name, copy_function=os.link)
        yield cluster
    finally:
        dump.unlink(missing_ok=True)
        shutil.rmtree(database.FILESTORE / name, ignore_errors=True)
        cluster.stop()
        for key, value in outer.items():
            os.environ.pop(key, None)
            if value is not None:
                os.environ[key] = value


class Cluster:
    """The server's process and its folder, which goes with it."""

    def __init__(self, home):
        self.home = home
        self._binaries = postgres.find_or_get_binaries()
        self._process = None

    def start(self):
        """Make the cluster at the first time; start the server and wait until it answers."""
        if not self.home.exists():
            self.home.mkdir(mode=0o700)
            if user := postgres.server_user():
                shutil.chown(self.home, user, user)
            postgres.initialize(self._binaries, self.home)
        user = postgres.server_user()
        command = [self._binaries / "postgres", "-D", self.home / "data"]
        settings = {"unix_socket_directories": self.home, **SETTINGS}
        for name, value in settings.items():
            command += ["-c", f"{name}={value}"]
        with (paths.LOGS / f"{LOG}.log").open("ab") as log:
            self._process = subprocess.Popen(
                [str(part) for part in command],
                cwd="/",
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                user=user,
                group=user,
                extra_groups=[] if user else None,
                env=postgres.server_environment(self._binaries),
                start_new_session=True,
                preexec_fn=lambda: process.die_with_parent(signal.SIGINT),
            )
        deadline = time.monotonic() + SECONDS
        while not postgres.answers(self.home):
            if time.monotonic() > deadline or self._process.poll() is not None:
                raise DevError(f"PostgreSQL did not start (see {paths.LOGS}/{LOG}.log)")
            time.sleep(0.05)

    def crash(self):
        """PostgreSQL's "immediate shutdown": every session is cut off, and recovery is needed."""
        self._process.send_signal(signal.SIGQUIT)
        self._process.wait(SECONDS)

    def stop(self):
        """Stop the server and remove its folder."""
        if self._process and self._process.poll() is None:
            self._process.send_signal(signal.SIGINT)
            self._process.wait(SECONDS)
        shutil.rmtree(self.home, ignore_errors=True)

    def run(self, program, *arguments):
        """Run one of PostgreSQL's client programs, on the server that the PG* variables name."""
        env = {**os.environ, **postgres.server_environment(self._binaries)}
        process.run([self._binaries / program, *arguments], env=env, cwd="/", log=LOG)
