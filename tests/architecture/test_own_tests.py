"""Each module has tests under its own name, or stands in tested_elsewhere.yaml, which says where it is tested."""

from __future__ import annotations

import pytest

from tests.architecture.list_tested_elsewhere import WAYS, has_own_tests, is_true, read, without_own_tests

LISTED = [(way, module, test) for way, listed in read().items() for module, test in listed.items()]
REMEDY = "write tests for it, or run `python -m tests.architecture.list_tested_elsewhere`"


def test_every_module_is_tested_under_its_name_or_listed() -> None:
    untold = sorted(set(without_own_tests()) - {module for _, module, _ in LISTED})
    assert not untold, f"no tests of their own, and not in the list: {', '.join(untold)}; {REMEDY}"
    assert read().keys() == WAYS.keys()


@pytest.mark.parametrize(("way", "module", "test"), LISTED, ids=[module for _, module, _ in LISTED])
def test_the_list_is_true(way: str, module: str, test: str) -> None:
    assert not has_own_tests(module), f"{module} has tests of its own now; {REMEDY}"
    assert is_true(way, module, test), f"{module} is not tested {way} {test}; {REMEDY}"
