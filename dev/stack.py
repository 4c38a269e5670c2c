"""Odoo and the Stripe sandbox as running servers, for the demo and for end-to-end tests.

In a test, started by `make test`:

    database = clone_for_test("checkout")
    with Stack(database) as stack:
        stack.configure_stripe()
        urlopen(stack.odoo_url + "/web/login")
    drop_database(database)
"""

import os
import re
import urllib.error
import urllib.request
from pathlib import Path

from dev import database as databases
from dev import locks, odoo, paths, ports, process, templates

SANDBOX_SECRET_KEY = "sk_test_sandbox0000000000000000"
SANDBOX_PUBLISHABLE_KEY = "pk_test_sandbox0000000000000000"
STRIPE_SCRIPT = Path(__file__).with_name("stripe_setup.script")
ODOO_SECONDS = 90
SANDBOX_SECONDS = 20


def clone_for_test(label="e2e", with_addon=True):
    """Copy the database that has the addon installed, or only Odoo's modules; return its name.

    A copy left behind is dropped at a later `make test`.
    """
    name = databases.name(f"{label}_p{os.getpid()}")
    with locks.setup_lock():  # PostgreSQL copies no database that somebody is connected to
        template = templates.ADDON_TEMPLATE if with_addon else templates.stock_name()
        databases.clone(template, name)
    return name


def drop_database(name):
    """Drop a database with its file store, ending what is connected to it."""
    databases.drop(name)


class Stack:
    """One Odoo server on a database, and the Stripe sandbox it talks to.

    :param str database: the database Odoo serves, and no other
    :param str name: names the log files, `.dev/logs/<name>-odoo.log` and `-sandbox.log`
    :param int odoo_port: the port to prefer; another free one is taken when it is occupied
    :param int sandbox_port: likewise for the sandbox
    :param int workers: Odoo's worker processes; 0 is one process with threads
    :param options: more options for Odoo's command line
    :param dict parameters: system parameters to set before each start of Odoo, beside those that
        wire the two servers together; None removes one
    :param dict env: more environment variables for Odoo
    :param bool sandbox: False starts no sandbox and leaves Stripe's real address in place
    :param sandbox_state: the sandbox's state file; by default a new one of this stack
    :param sandbox_options: more options for the sandbox's command line
    """

    def __init__(
        self,
        database,
        *,
        name="stack",
        odoo_port=0,
        sandbox_port=0,
        workers=0,
        options=(),
        parameters=None,
        env=None,
        sandbox=True,
        sandbox_state=None,
        sandbox_options=(),
    ):
        self.database = database
        self.name = name
        self.workers = workers
        self.options = tuple(options)
        self.parameters = dict(parameters or {})
        self.env = dict(env or {})
        self.sandbox_state = sandbox_state or self._new_state_file()
        self.sandbox_options = tuple(sandbox_options)
        self.odoo_port = ports.claim(odoo_port)
        self._gevent_port = ports.claim()
        self.sandbox_port = ports.claim(sandbox_port) if sandbox else None
        self.odoo_url = f"http://{ports.HOST}:{self.odoo_port}"
        self.sandbox_url = f"http://{ports.HOST}:{self.sandbox_port}" if sandbox else None
        self.odoo = None
        self.sandbox = None

    def __enter__(self):
        try:
            return self.start()
        except BaseException:
            self.close()
            raise

    def __exit__(self, *_error):
        self.close()

    def start(self):
        """Start the sandbox, then Odoo; return when both answer."""
        self.start_sandbox()
        self.start_odoo()
        return self

    def stop(self):
        """Stop both politely; `start` starts them again at the same addresses."""
        self.stop_odoo()
        self.stop_sandbox()

    def close(self):
        """Stop both and give their ports back."""
        self.stop()
        for port in (self.odoo_port, self._gevent_port, self.sandbox_port):
            ports.release(port)

    def restart(self):
        """Stop both and start them again at the same addresses."""
        self.stop()
        return self.start()

    def start_odoo(self):
        """Set the system parameters, start Odoo and wait until it answers."""
        self.set_parameters()
        self.odoo = process.Service(
            "Odoo",
            self._odoo_command(),
            log=paths.LOGS / f"{self.name}-odoo.log",
            env=odoo.environment(**self.env),
            cwd=paths.ROOT,
        )
        self.odoo.start()
        self.odoo.wait_until(lambda: _answers(f"{self.odoo_url}/web/health"), ODOO_SECONDS)

    def stop_odoo(self):
        """Stop Odoo politely."""
        if self.odoo:
            self.odoo.stop()

    def kill_odoo(self):
        """Kill Odoo and its workers at once (SIGKILL), as a crash would."""
        if self.odoo:
            self.odoo.kill()

    def restart_odoo(self):
        """Stop Odoo and start it again at the same address."""
        self.stop_odoo()
        self.start_odoo()

    def set_parameters(self):
        """Write the system parameters that wire the servers together; before Odoo starts."""
        parameters = {
            "web.base.url": self.odoo_url,
            "web.base.url.freeze": "True",
            "serviceflow_paylinks.stripe_api_base": self.sandbox_url,
            **self.parameters,
        }
        for key, value in parameters.items():
            databases.set_parameter(self.database, key, value)

    def start_sandbox(self):
        """Start the Stripe sandbox and wait until it listens; nothing when the stack has none."""
        if not self.sandbox_port:
            return
        command = [paths.VENV_PYTHON, "-m", "sandbox", "--port", str(self.sandbox_port)]
        self.sandbox = process.Service(
            "The Stripe sandbox",
            [*command, "--state", self.sandbox_state, *self.sandbox_options],
            log=paths.LOGS / f"{self.name}-sandbox.log",
            env=odoo.environment(PYTHONPATH=str(paths.ROOT)),
            cwd=paths.ROOT,
        )
        self.sandbox.start()
        self.sandbox.wait_until(self._sandbox_address_printed, SANDBOX_SECONDS)

    def stop_sandbox(self):
        """Stop the sandbox politely; its state stays in its file."""
        if self.sandbox:
            self.sandbox.stop()

    def configure_stripe(
        self,
        secret_key=SANDBOX_SECRET_KEY,
        publishable_key=SANDBOX_PUBLISHABLE_KEY,
        webhook_secret=None,
        register_webhook=True,
    ):
        """Enable the main company's Stripe provider in test mode, and register its webhook.

        Runs in a process of its own, after `set_parameters`; Odoo may be running or not.

        :param str webhook_secret: the signing secret to store when no endpoint is registered
        :param bool register_webhook: have the addon register its endpoint at Stripe or the sandbox
        """
        odoo.shell(
            self.database,
            STRIPE_SCRIPT.read_text(),
            failure="The Stripe provider could not be set up",
            PAYLINKS_SECRET_KEY=secret_key,
            PAYLINKS_PUBLISHABLE_KEY=publishable_key,
            PAYLINKS_WEBHOOK_SECRET=webhook_secret or "",
            PAYLINKS_REGISTER_WEBHOOK="1" if register_webhook else "",
        )

    def shell(self, script, **variables):
        """Run a script in `odoo shell` on the database and return what it printed.

        Its `env` is the superuser's; what it wants to keep it must commit (`env.cr.commit()`).
        """
        return odoo.shell(self.database, script, failure="The script failed", **variables)

    def query(self, statement, parameters=()):
        """Run one SQL statement on the database, commit, and return its rows."""
        return databases.execute(self.database, statement, parameters)

    def _odoo_command(self):
        arguments = (
            "server",
            f"--config={odoo.CONFIG}",
            f"--database={self.database}",
            f"--db-filter=^{re.escape(self.database)}$",
            f"--http-port={self.odoo_port}",
            f"--gevent-port={self._gevent_port}",
            f"--workers={self.workers}",
            *self.options,
        )
        if self.workers:
            return [paths.VENV_PYTHON, odoo.write_program(), *arguments]
        return odoo.command(*arguments)

    def _sandbox_address_printed(self):
        return re.search(r"https?://\S+", self.sandbox.output())

    def _new_state_file(self):
        folder = paths.WORK / "sandbox"
        folder.mkdir(parents=True, exist_ok=True)
        state = folder / f"{self.name}-{self.database}.json"
        state.unlink(missing_ok=True)
        return state


def _answers(url):
    try:
        with urllib.request.urlopen(url, timeout=10) as response:
            return response.status == 200
    except (urllib.error.URLError, OSError):
        return False
