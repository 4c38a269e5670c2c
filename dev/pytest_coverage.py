"""A pytest plugin: the coverage data of killed processes does not spoil the report of the others.

A server that a test kills leaves a file without content, at which coverage gives up combining.
"""

import os
from pathlib import Path

import pytest
from coverage import CoverageData
from coverage.exceptions import CoverageException


@pytest.hookimpl(wrapper=True, trylast=True)
def pytest_runtestloop():
    """Remove unreadable data after the last test, before pytest-cov combines what there is."""
    result = yield
    data_file = os.environ.get("COVERAGE_FILE")
    if data_file:
        for part in Path(data_file).parent.glob(f"{Path(data_file).name}.*"):
            if not _readable(part):
                part.unlink()
    return result


def _readable(part):
    data = CoverageData(basename=os.fspath(part))
    try:
        data.read()
    except CoverageException:
        return False
    finally:
        data.close()
    return True
