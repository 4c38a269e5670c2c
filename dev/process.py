"""Running other programs so that none outlives us and none sees our Ctrl-C."""

import ctypes
import os
import signal
import subprocess
import time
from contextlib import suppress
from pathlib import Path

from dev import paths
from dev.errors import DevError

PR_SET_PDEATHSIG = 1
TAIL_LINES = 25
# Ends the program with the thread that started it. (`preexec_fn` would run Python between fork and
# exec, which in a process of several threads may never end.)
TIED = ("setpriv", "--pdeathsig", "TERM", "--")
_libc = ctypes.CDLL(None, use_errno=True)


def die_with_parent(signum=signal.SIGTERM):
    """Ask the kernel to send `signum` to this process when its parent dies (Linux only)."""
    _libc.prctl(PR_SET_PDEATHSIG, signum, 0, 0, 0)


def tied(command):
    """The command line of a program that ends when we do."""
    return [*TIED, *(os.fspath(part) for part in command)]


def run(command, *, log="setup", env=None, cwd=None, stdin=None, check=True, failure=None):
    """Run a command in a process group of its own and return what it wrote to stdout and stderr.

    The output is also appended to `.dev/logs/<log>.log`. An interrupt kills the whole group.

    :param str failure: what to say when it fails; the end of the output follows it
    :raise DevError: when it ends with another code than 0 and `check` is set
    """
    process = subprocess.Popen(
        tied(command),
        stdin=subprocess.PIPE if stdin is not None else subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        env=env,
        cwd=cwd,
        start_new_session=True,
    )
    try:
        output, _ = process.communicate(stdin)
    except BaseException:
        end_group(process)
        raise
    _append_to_log(log, command, output)
    if check and process.returncode:
        name = failure or f"{Path(str(command[0])).name} failed (code {process.returncode})"
        raise DevError(f"{name}:\n{tail(output)}\n(more in {paths.LOGS / log}.log)")
    return output


def tail(text, lines=TAIL_LINES):
    """The last lines of a text, indented for an error message."""
    return "\n".join(f"    {line}" for line in text.strip().splitlines()[-lines:])


def end_group(process, grace=10.0):
    """Stop a process and everything in its group: politely, then after `grace` seconds by force."""
    if process.poll() is None:
        signal_group(process, signal.SIGTERM)
        with suppress(subprocess.TimeoutExpired):
            process.wait(grace)
    signal_group(process, signal.SIGKILL)
    process.wait()


def signal_group(process, signum):
    """Send a signal to the group that `process` leads; nothing happens if it is gone."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signum)


class Service:
    """A program that runs in the background with its output in a file, in its own group."""

    def __init__(self, name, command, log, env=None, cwd=None):
        self.name = name
        self.command = [os.fspath(part) for part in command]
        self.log = Path(log)
        self.env = env
        self.cwd = cwd
        self.process = None
        self._log_start = 0

    @property
    def running(self):
        """Whether the program was started and has not ended."""
        return self.process is not None and self.process.poll() is None

    def start(self):
        """Start the program; its output is appended to the log."""
        self.log.parent.mkdir(parents=True, exist_ok=True)
        with self.log.open("ab") as log:
            self._log_start = log.tell()
            self.process = subprocess.Popen(
                tied(self.command),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                env=self.env,
                cwd=self.cwd,
                start_new_session=True,
            )

    def stop(self, grace=15.0):
        """Stop it politely (SIGTERM), by force after `grace` seconds."""
        if self.process is not None:
            end_group(self.process, grace)

    def kill(self):
        """Kill it and its whole group at once (SIGKILL), as a crash would."""
        if self.process is not None:
            signal_group(self.process, signal.SIGKILL)
            self.process.wait()

    def fail(self, problem):
        """Raise a DevError that says `problem` and shows the end of the output."""
        raise DevError(f"{problem}:\n{tail(self.output())}\n(more in {self.log})")

    def output(self):
        """What it has written since it was last started."""
        with self.log.open("rb") as log:
            log.seek(self._log_start)
            return log.read().decode(errors="replace")

    def wait_until(self, ready, timeout):
        """Call `ready()` until it returns something true, and return that.

        :raise DevError: when the program ends before, or `timeout` seconds pass
        """
        deadline = time.monotonic() + timeout
        while True:
            answer = ready()
            if answer:
                return answer
            if not self.running:
                self.fail(f"{self.name} ended with code {self.process.returncode} while starting")
            if time.monotonic() > deadline:
                self.fail(f"{self.name} was not ready after {timeout:.0f} seconds")
            time.sleep(0.1)


def _append_to_log(log, command, output):
    paths.LOGS.mkdir(parents=True, exist_ok=True)
    with (paths.LOGS / f"{log}.log").open("a", errors="replace") as file:
        file.write(f"$ {' '.join(str(part) for part in command)}\n{output}\n")
