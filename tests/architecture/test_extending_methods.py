"""What docs/extending.md tells of a method is enough, and what is left out of it speaks up: in a copy of the packages.

A method ``rarest`` is added as the page says, in one new and two edited files, and run; then each part is left out.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator

import pytest

from tests.architecture.scratch_tree import Tree, copied, stopped, went
from tests.architecture.test_imports import ROOT

pytestmark = [pytest.mark.compat, pytest.mark.longest]


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Tree:
    return copied(tmp_path_factory.mktemp("tree"))


METHOD = '''"""``rarest``: an image weighs as its rarest concept, 1 over the images of that."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Self

import numpy as np

from transforms.balancing.concept_ids import Ids
from transforms.balancing.methods.weighting import Corpus, Weighting
from transforms.balancing.sampling import Floats
from transforms.balancing.settings import Method


@dataclass(frozen=True)
class Rarest(Weighting):
    name: ClassVar[Method] = "rarest"

    table: Floats

    @classmethod
    def fit(cls, corpus: Corpus) -> Self:
        values = 1 / np.maximum(corpus.counts, 1)
        return cls(corpus.counts > 0, np.append(values, values[corpus.counts > 0].min(initial=1.0)))

    def of_images(self, ids: Ids) -> Floats:
        weights: Floats = self.table[ids].max(axis=1)
        return weights
'''
METHOD_FILE = "transforms/balancing/methods/rarest.py"
METHOD_SETTINGS = "transforms/balancing/settings.py"
METHOD_REGISTRY = "transforms/balancing/methods/__init__.py"
METHOD_PARTS = ("file", "name", "case")


def add_method(tree: Tree, *parts: str) -> None:
    if "file" in parts:
        tree.put(METHOD_FILE, METHOD)
    if "name" in parts:
        tree.replace(METHOD_SETTINGS, '"raked", "tempered",', '"raked", "rarest", "tempered",')
    if "case" in parts:
        case, imported = (
            '        case "rarest":\n            return Rarest\n',
            f"from {METHOD_FILE[:-3].replace('/', '.')}",
        )
        tree.replace(METHOD_REGISTRY, '        case "tempered":\n', f'{case}        case "tempered":\n')
        before = "from transforms.balancing.methods.tempered import"
        tree.replace(METHOD_REGISTRY, before, f"{imported} import Rarest\n{before}")


@pytest.fixture
def balanced(tree: Tree) -> Iterator[Tree]:
    with tree.changed(METHOD_FILE, METHOD_SETTINGS, METHOD_REGISTRY):
        yield tree


BALANCE = """
import pyarrow as pa, evenweave
table = pa.table({"key": list("abcdef"), "concept_ids": [[0], [0], [0], [0], [0, 1], []]})
print(evenweave.balance_table(table, evenweave.BalanceSettings(method="rarest", size=2))["key"].to_pylist())
"""


def test_a_method_as_the_page_has_it(balanced: Tree) -> None:
    add_method(balanced, *METHOD_PARTS)
    went(balanced.mypy("transforms/balancing"))
    assert "'e'" in went(balanced.run("-c", BALANCE))
    tests = ("test_methods.py", "test_formulas.py", "test_in_memory.py")
    went(balanced.pytest(*(f"tests/transforms/balancing/{name}" for name in tests)))
    went(balanced.pytest("tests/pipelines/test_balance.py", "-k", "rarest"))


@pytest.mark.parametrize(
    ("part", "by_mypy", "at_start"),
    [
        ("file", 'Cannot find implementation or library stub for module named "transforms.balancing.methods.rarest"',
         "No module named 'transforms.balancing.methods.rarest'"),
        ("name", 'Incompatible types in assignment (expression has type "Literal[\'rarest\']"',
         "Input should be 'even', 'inverse_frequency', 'metaclip', 'raked', 'tempered' or 'uniform'"),
        ("case", 'Argument 1 to "assert_never" has incompatible type "Literal[\'rarest\']"',
         "Expected code to be unreachable, but got: 'rarest'"),
    ],
)  # fmt: skip
def test_a_part_of_a_method_left_out(part: str, by_mypy: str, at_start: str, balanced: Tree) -> None:
    add_method(balanced, *(one for one in METHOD_PARTS if one != part))
    stopped(balanced.mypy("transforms/balancing"), by_mypy)
    stopped(balanced.run("-c", BALANCE), at_start)


def test_a_method_without_a_weight_is_abstract(balanced: Tree) -> None:
    add_method(balanced, *METHOD_PARTS)
    balanced.put(METHOD_FILE, METHOD[: METHOD.index("    def of_images")])
    stopped(balanced.run("-c", BALANCE), "Rarest is no balancing method 'rarest': its name or an abstract method is")


def test_a_changed_setting_is_missed_in_the_reference(balanced: Tree) -> None:
    add_method(balanced, *METHOD_PARTS)
    stopped(
        balanced.pytest("tests/architecture/test_configuration_page.py"), "run `python docs/write_configuration.py`"
    )
    went(balanced.run("docs/write_configuration.py"))
    went(balanced.pytest("tests/architecture/test_configuration_page.py"))
    shutil.copy(ROOT / "docs" / "configuration.md", balanced.root / "docs")
