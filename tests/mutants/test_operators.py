"""Each operator, what is left alone, and that a mutant is known again after lines were added above it."""

from __future__ import annotations

import ast

import pytest

from tests.mutants.operators import find_mutants
from tests.mutants.targets import find_targets, read_equivalents, read_rules, sample


def mutated(source: str) -> list[str]:
    return [mutant.apply(source) for mutant in find_mutants(source)]


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("a < b <= c", ["a <= b <= c", "a < b < c"]),
        ("(a) is  not (b)", ["(a) is (b)"]),
        ("a in b or c", ["a not in b or c", "a in b and c"]),
        ("图 = (a + b) * c", ["图 = (a - b) * c", "图 = (a + b) / c"]),
        ("a -= b // c", ["a += b // c", "a -= b * c"]),
        ("x = 7", ["x = (8)", "x = (6)"]),
        ("x = not a", ["x = (a)"]),
        ("x = True", ["x = False"]),
        ("a[b:c]", ["a[:c]", "a[b:]"]),
        ("f(a, b=c, *d, **e)", ["f(a,  *d, **e)"]),
        ("np.minimum(a, b)", ["np.maximum(a, b)"]),
        ("def f():\n    return a", ["def f():\n    return None"]),
    ],
)
def test_operators(source: str, expected: list[str]) -> None:
    assert sorted(mutated(source)) == sorted(expected)


@pytest.mark.parametrize(
    "source",
    [
        "def f(a: L[1] = b) -> L[2]:\n    pass",
        "a: L[1] = b",
        "@decorated(a=1)\nclass A:\n    pass",
        'raise E(f"{a + 1} of {b[1:]}")',
        "def f():\n    return None",
        "'''A text of 7 < 8.'''  # and a comment: 9",
        "zip(a, b, strict=True)",
    ],
)
def test_left_alone(source: str) -> None:
    assert mutated(source) == []


def test_a_mutant_is_known_by_what_it_changes() -> None:
    source = "x = a < b\ny = 1\nx = a < b\n"
    names = [mutant.name for mutant in find_mutants(source)]
    assert len(set(names)) == len(names)
    assert [mutant.name for mutant in find_mutants("# a line more\n\n" + source)] == names
    first, *_, last = find_mutants(source)
    assert (last.line_number, last.occurrence, first.occurrence) == (3, 1, 0)
    assert last.diff(source) == "- x = a < b\n+ x = a <= b"


@pytest.mark.slow
def test_what_is_looked_at_is_fixed() -> None:
    rules = read_rules()
    targets = find_targets(rules)
    assert read_equivalents(targets).keys() == {target.path for target in targets}
    for target in targets[::12]:
        mutants = sample(target, rules["seed"], 12)
        assert set(sample(target, rules["seed"], 9)) <= set(mutants)
        for mutant in mutants:
            ast.parse(mutant.apply(target.source))


def test_every_operator_has_its_turn() -> None:
    [target] = [target for target in find_targets(read_rules()) if target.path == "transforms/exporting/blocks.py"]
    found = {mutant.operator for mutant in sample(target, 0, 9)}
    assert found == {mutant.operator for mutant in find_mutants(target.source)}
    assert sample(target, 0, 9) != sample(target, 1, 9)
