"""Each module has tests under its own name, or stands in a list that says where it is tested instead."""

from __future__ import annotations

import pathlib

import pytest
import yaml

from tests.architecture.import_closure import closure, direct
from tests.architecture.test_imports import PACKAGES, ROOT, modules

#: Way of being tested → module → test. ``beside``: the test imports it, and is named after what it asks of several;
#: ``through``: it is reached by what the test imports; ``apart``: it runs in processes of its own, which the test
#: begins.
LISTED: dict[str, dict[str, str]] = yaml.safe_load(
    (pathlib.Path(__file__).parent / "tested_elsewhere.yaml").read_text(encoding="utf-8")
)
WAYS = [(way, module, test) for way, listed in LISTED.items() for module, test in listed.items()]


def has_own_tests(module: pathlib.Path) -> bool:
    return (ROOT / "tests" / module.parent / f"test_{module.name}").is_file()


def test_every_module_is_tested_under_its_name_or_listed() -> None:
    every = {path.relative_to(ROOT) for package in PACKAGES for path in modules(package)}
    listed = {module for _, module, _ in WAYS}
    untold = sorted(
        str(module)
        for module in every
        if not (module.name.startswith("__") or has_own_tests(module) or str(module) in listed)
    )
    assert not untold, f"no tests of their own, and not in tested_elsewhere.yaml: {', '.join(untold)}"


@pytest.mark.parametrize(("way", "module", "test"), WAYS, ids=[module for _, module, _ in WAYS])
def test_the_list_is_true(way: str, module: str, test: str) -> None:
    assert (ROOT / module).is_file() and (ROOT / test).is_file()
    assert not has_own_tests(pathlib.Path(module)), "has tests of its own now: take it from the list"
    match way:
        case "beside":
            assert ROOT / module in direct(ROOT / test), f"{test} does not import it"
        case "through":
            assert ROOT / module in closure(ROOT / test), f"{test} does not reach it"
        case _:
            assert way == "apart"
