"""Which modules are looked at, by which tests, and which of their mutants: all of it fixed by targets.yaml.

Mutants that no test can notice stand in equivalent.yaml, each with its reason.
"""

from __future__ import annotations

import hashlib
import pathlib
from collections import defaultdict
from dataclasses import dataclass
from typing import Any

import yaml

from tests.mutants.operators import Mutant, find_mutants

ROOT = pathlib.Path(__file__).parents[2]
HERE = pathlib.Path(__file__).parent


@dataclass(frozen=True)
class Target:
    """One module and its own tests, as paths from the root."""

    path: str
    tests: tuple[str, ...]

    @property
    def module(self) -> str:
        return self.path.removesuffix(".py").replace("/", ".")

    @property
    def source(self) -> str:
        return (ROOT / self.path).read_text(encoding="utf-8")


def read_rules() -> dict[str, Any]:
    rules: dict[str, Any] = yaml.safe_load((HERE / "targets.yaml").read_text(encoding="utf-8"))
    return rules


def find_targets(rules: dict[str, Any]) -> list[Target]:
    """A module under its own name has the tests named there, whatever pattern it falls under too."""
    more: dict[str, list[str]] = {}
    for pattern, tests in sorted(rules["modules"].items(), key=lambda item: "*" not in item[0]):
        paths = sorted(ROOT.glob(pattern))
        if not paths:
            raise LookupError(f"targets.yaml names {pattern}, which is not there")
        for path in paths:
            if path.name not in rules["left_out"]:
                more[str(path.relative_to(ROOT))] = tests
    return [Target(path, _tests_of(path, tests)) for path, tests in sorted(more.items())]


def _tests_of(path: str, more: list[str]) -> tuple[str, ...]:
    folder, _, name = path.rpartition("/")
    tests = tuple(test for test in (f"tests/{folder}/test_{name}", *more) if (ROOT / test).is_file())
    if not tests or not set(more) <= set(tests):
        raise LookupError(f"{path} has no tests of its own: write tests/{folder}/test_{name}, or mend targets.yaml")
    return tests


def sample(target: Target, seed: int, count: int) -> list[Mutant]:
    """At most ``count`` mutants of a module, every operator in turn; keyed, so that new code moves few of them."""
    by_operator = defaultdict(list)
    for mutant in find_mutants(target.source):
        by_operator[mutant.operator].append((_number(seed, target.path, mutant), mutant))
    ranked = [
        (rank, number, mutant)
        for mutants in by_operator.values()
        for rank, (number, mutant) in enumerate(sorted(mutants, key=lambda item: item[0]))
    ]
    chosen = [mutant for _, _, mutant in sorted(ranked, key=lambda item: item[:2])[:count]]
    return sorted(chosen, key=lambda mutant: (mutant.start, mutant.end, mutant.text))


def _number(seed: int, path: str, mutant: Mutant) -> bytes:
    return hashlib.sha256(repr((seed, path, mutant.name)).encode()).digest()


def read_equivalents(targets: list[Target]) -> dict[str, dict[tuple[str, str, str, int], str]]:
    """By path and a mutant's name: why no test can notice it. An entry that fits no mutant is an error."""
    entries = yaml.safe_load((HERE / "equivalent.yaml").read_text(encoding="utf-8")) or {}
    found: dict[str, dict[tuple[str, str, str, int], str]] = {}
    for target in targets:
        known = {mutant.name for mutant in find_mutants(target.source)}
        found[target.path] = {}
        for entry in entries.get(target.path, []):
            name = (entry["operator"], " ".join(entry["line"].split()), entry["change"], entry.get("occurrence", 0))
            if name not in known:
                raise LookupError(f"equivalent.yaml: {target.path} has no such mutant (any more): {name}")
            found[target.path][name] = entry["reason"]
    return found
