"""The faults of `make mutate` have their places: each is in the code, once."""

import pytest

from dev import paths

from .chaos.faults import FAULTS


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
def test_its_place_is_there_once(fault):
    assert (paths.ADDON_PATH / fault.path).read_text().count(fault.before) == 1
    assert fault.after != fault.before


@pytest.mark.parametrize("fault", [f for f in FAULTS if f.found_by], ids=lambda fault: fault.name)
def test_who_finds_it_is_there(fault):
    file, *names = fault.found_by.split("::")
    text = (paths.ROOT / "tests" / file).read_text()
    assert all(f" {name}(" in text for name in names)
