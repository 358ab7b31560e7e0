"""Writes tested_elsewhere.yaml: ``python -m tests.architecture.list_tested_elsewhere``, from the root.

What stands there and is still true stays. A module that is new gets the nearest test that imports it, or else one that
reaches it; where there is none, its line is to be written by hand, under ``apart``.
"""

from __future__ import annotations

import os
import pathlib
import sys

import yaml

from tests.architecture.import_closure import closure, direct
from tests.architecture.test_imports import PACKAGES, ROOT, modules

LIST = pathlib.Path(__file__).parent / "tested_elsewhere.yaml"
WAYS = {
    "beside": "The test imports the module, and is named after what it asks of several.",
    "through": "The test asks for it through what uses it.",
    "apart": "It runs in processes of its own, which the test begins.",
}


def has_own_tests(module: str) -> bool:
    path = pathlib.Path(module)
    return (ROOT / "tests" / path.parent / f"test_{path.name}").is_file()


def is_true(way: str, module: str, test: str) -> bool:
    """Whether the test is there, and imports or reaches the module as the list says."""
    if not (ROOT / module).is_file() or not (ROOT / test).is_file():
        return False
    reached = {"beside": direct, "through": closure}.get(way)
    return reached is None or ROOT / module in reached(ROOT / test)


def without_own_tests() -> list[str]:
    every = (path.relative_to(ROOT) for package in PACKAGES for path in modules(package))
    return sorted(str(path) for path in every if not path.name.startswith("__") and not has_own_tests(str(path)))


def read() -> dict[str, dict[str, str]]:
    return yaml.safe_load(LIST.read_text(encoding="utf-8"))  # type: ignore[no-any-return]


def _nearest(module: str, way: str, tests: list[str]) -> str | None:
    """Of the tests for which that would be true, the one that lies nearest."""
    near = [test for test in tests if is_true(way, module, test)]
    return max(near, key=lambda test: len(os.path.commonpath([test.removeprefix("tests/"), module])), default=None)


def main() -> None:
    known = read()
    tests = sorted(str(path.relative_to(ROOT)) for path in (ROOT / "tests").rglob("test_*.py"))
    tests = [test for test in tests if not test.startswith(("tests/architecture/", "tests/compat/"))]
    listed: dict[str, dict[str, str]] = {way: {} for way in WAYS}
    for module in without_own_tests():
        kept = next((way for way in WAYS if is_true(way, module, known[way].get(module, ""))), None)
        for way in WAYS if kept is None else [kept]:
            test = known[way][module] if kept else _nearest(module, way, tests) if way != "apart" else None
            if test is not None:
                listed[way][module] = test
                break
        else:
            sys.stderr.write(f"no test reaches {module}: write its line by hand, under apart\n")
    text = "# Modules without tests under their own name, and where each is tested: test_own_tests.py holds it true.\n"
    for way, what in WAYS.items():
        lines = "".join(f"  {module}: {test}\n" for module, test in listed[way].items())
        text += f"\n# {what}\n{way}:\n{lines}"
    LIST.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
