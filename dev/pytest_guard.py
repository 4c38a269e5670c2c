"""A pytest plugin that fails when the addon's tests would not really run.

Odoo blocks outgoing requests, and knows a test as the addon's, only in modules that are imported as
`odoo.addons.<addon>.tests`: through the symlink `<addon>/tests`, not through the folder `tests/`.
"""

import pytest

from dev import paths

PACKAGE = f"odoo.addons.{paths.ADDON}.tests."


def pytest_collection_modifyitems(items):
    """Refuse tests that were imported under another name."""
    modules = {item.module.__name__ for item in items}
    strangers = sorted(name for name in modules if not name.startswith(PACKAGE))
    if strangers:
        raise pytest.UsageError(
            f"imported from outside {PACKAGE[:-1]}: {', '.join(strangers)}. "
            f"Name the tests through the addon's folder: {paths.ADDON}/tests/..."
        )


def pytest_sessionfinish(session, exitstatus):
    """Fail a run in which no test ran to its end (all skipped, or none found)."""
    if exitstatus != pytest.ExitCode.OK or session.config.option.collectonly:
        return
    if hasattr(session.config, "workerinput"):
        return  # One of several processes: the one that started them counts.
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if not any(reporter.stats.get(outcome) for outcome in ("passed", "failed", "xfailed")):
        session.exitstatus = pytest.ExitCode.NO_TESTS_COLLECTED
