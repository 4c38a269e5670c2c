"""Runs the private PostgreSQL server, and stops it when no command of this checkout uses it.

Each such command holds a shared lock on one file, which the kernel frees however the command ends.
The guard belongs to none of them: the one that came first may leave first.
"""

import fcntl
import signal
import subprocess
import sys
import time
from pathlib import Path

from dev import postgres
from dev.process import die_with_parent

LOOK_SECONDS = 0.5
SETTINGS = {
    "listen_addresses": "",
    "port": postgres.PORT,
    "unix_socket_permissions": "0700",
    "max_connections": "150",
    "shared_buffers": "256MB",
    "max_wal_size": "2GB",
    "jit": "off",
    # Nothing here must survive a power cut.
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
}


def main(binaries, home):
    """Run the server below `home` until nobody uses it; return the exit code."""
    user = postgres.server_user()
    command = [binaries / "postgres", "-D", home / "data", "-c", f"unix_socket_directories={home}"]
    for name, value in SETTINGS.items():
        command += ["-c", f"{name}={value}"]
    server = subprocess.Popen(
        [str(part) for part in command],
        cwd="/",
        user=user,
        group=user,
        extra_groups=[] if user else None,
        preexec_fn=lambda: die_with_parent(signal.SIGINT),
    )
    with postgres.USERS_LOCK.open("w") as lock:
        while server.poll() is None:
            time.sleep(LOOK_SECONDS)
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                continue
            postgres.stop(home)
            break
        return server.wait()


if __name__ == "__main__":
    for ignored in (signal.SIGINT, signal.SIGHUP):
        signal.signal(ignored, signal.SIG_IGN)
    sys.exit(main(Path(sys.argv[1]), Path(sys.argv[2])))
