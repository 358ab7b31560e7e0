"""What docs/extending.md tells is enough, and what is left out of it speaks up: done in a copy of the packages.

A stage ``narrow`` and a method ``rarest`` are added as the page says; the whole of each is run, then each part is left
out in turn. Adapters and the method ``tempered``, which the page goes by, have tests of their own.
"""

from __future__ import annotations

import contextlib
import os
import pathlib
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass

import pyarrow.parquet as pq
import pytest

from tests.architecture.test_imports import PACKAGES, ROOT

pytestmark = pytest.mark.slow

_COPIED = (*PACKAGES, "configs", "docs", "tests")
_NOT_COPIED = shutil.ignore_patterns("__pycache__", "results", "*.safetensors.tmp")


@dataclass(frozen=True)
class Tree:
    """A copy of the project, in which files are edited and its checks run."""

    root: pathlib.Path

    def put(self, name: str, text: str) -> None:
        path = self.root / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")

    def replace(self, name: str, old: str, new: str) -> None:
        text = (self.root / name).read_text(encoding="utf-8")
        assert text.count(old) == 1, f"{name} has {text.count(old)} of {old!r}: mend this test"
        self.put(name, text.replace(old, new))

    def run(self, *arguments: str) -> tuple[bool, str]:
        """Whether ``python`` with these arguments ended well, and what it said."""
        environment = os.environ | {"PYTHONPATH": str(self.root), "PYTHONDONTWRITEBYTECODE": "1", "HF_HUB_OFFLINE": "1"}
        done = subprocess.run(
            [sys.executable, *arguments],
            cwd=self.root,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=600,
        )
        return done.returncode == 0, done.stdout + done.stderr

    def mypy(self, *names: str) -> tuple[bool, str]:
        return self.run("-m", "mypy", "--cache-dir", str(self.root / ".mypy_cache"), *names)

    def pytest(self, *names: str) -> tuple[bool, str]:
        return self.run("-m", "pytest", "-q", "-n0", "-p", "no:cacheprovider", *names)

    def build(self, output: pathlib.Path, *overrides: str) -> tuple[bool, str]:
        """The chain over 100 pictures."""
        corpus = self.root / "corpus"
        values = (f"miniature.folder={corpus}", f"sources.0.path={corpus}/shards", "miniature.settings.images=100")
        values += ("balance.size=20", "max_reject_share=0.5", "runner.workers=1", *overrides)
        flags = [flag for value in values for flag in ("--set", value)]
        return self.run("-m", "pipelines.main", "build", "configs/build/mini.yaml", "--output", str(output), *flags)

    @contextlib.contextmanager
    def changed(self, *names: str) -> Iterator[None]:
        """These files are afterwards as they are now, or not there."""
        before = {name: path.read_bytes() if (path := self.root / name).is_file() else None for name in names}
        yield
        for name, data in before.items():
            path = self.root / name
            if data is not None:
                path.write_bytes(data)
            elif path.is_file():
                path.unlink()


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Tree:
    root = tmp_path_factory.mktemp("tree")
    for name in _COPIED:
        shutil.copytree(ROOT / name, root / name, symlinks=True, ignore=_NOT_COPIED)
    for name in ("pyproject.toml", "README.md"):
        shutil.copy(ROOT / name, root)
    return Tree(root)


def stopped(outcome: tuple[bool, str], says: str) -> None:
    """It did not end well, and said why."""
    ended_well, said = outcome
    assert not ended_well and says in said, said[-3000:]


def went(outcome: tuple[bool, str]) -> str:
    ended_well, said = outcome
    assert ended_well, said[-3000:]
    return said


# ---------------------------------------------------------------------------------------------------- a method

METHOD = '''"""``rarest``: an image weighs as its rarest concept, 1 over the images of that."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Self

import numpy as np

from transforms.balancing.methods.weighting import Corpus, Weighting
from transforms.balancing.sampling import Floats
from transforms.balancing.settings import Method
from transforms.balancing.weights import Ids


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
    tests = ("test_methods.py", "test_weights.py", "test_in_memory.py")
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


# ---------------------------------------------------------------------------------------------------- a stage

STAGE_FILES = {
    "transforms/narrowing/__init__.py": '"""Narrow images left out."""\n',
    "transforms/narrowing/settings.py": '''"""What counts as narrow."""

from __future__ import annotations

from pydantic import Field

from transforms.configuration import Settings


class NarrowSettings(Settings):
    """How wide an image must be."""

    min_width: int | None = Field(None, ge=1, description="pixels; null: any will do")

    @property
    def is_on(self) -> bool:
        return self.min_width is not None
''',
    "transforms/narrowing/shards.py": '''"""Narrow images of a shard, rejected."""

from __future__ import annotations

from transforms.datasets import ShardName, write_rejects
from transforms.narrowing.settings import NarrowSettings
from transforms.rejects import Counts, Reason, Reject
from transforms.remaining import read_remaining
from transforms.run_folder import RunFolder
from transforms.stages import NARROW


def narrow_shard(folder: RunFolder, name: ShardName, settings: NarrowSettings) -> Counts:
    """Write the rejects of one shard; returns its counts."""
    rows = read_remaining(folder, name, NARROW, ["key", "width"]).to_pylist()
    narrow = [row for row in rows if row["width"] < (settings.min_width or 0)]
    rejects = [Reject(row["key"], Reason.TOO_NARROW, f"{row['width']} pixels") for row in narrow]
    path = folder.rejects(NARROW.name, *name)
    return write_rejects(path, name.shard, rejects, folder.fingerprint, len(rows) - len(rejects))
''',
    "transforms/narrowing/beam.py": '''"""Narrow as a Beam transform: a shard an element."""

from __future__ import annotations

import apache_beam as beam

from transforms.beam import WriteStageCounts
from transforms.datasets import ShardName
from transforms.narrowing.settings import NarrowSettings
from transforms.narrowing.shards import narrow_shard
from transforms.run_folder import RunFolder
from transforms.stages import NARROW


class Narrow(beam.PTransform):  # type: ignore[misc]
    """PCollection[ShardName] → rejects/narrow/…, and the stage's counts left for the driver."""

    def __init__(self, folder: RunFolder, settings: NarrowSettings) -> None:
        super().__init__()
        self._folder, self._settings = folder, settings

    def expand(self, shards: beam.PCollection[ShardName]) -> beam.PCollection[None]:
        folder, settings = self._folder, self._settings
        counts = shards | beam.Map(lambda name: narrow_shard(folder, name, settings))
        return counts | WriteStageCounts(folder.counts(NARROW.name))
''',
    "pipelines/narrow.py": '''"""Job: annotations → rejects/narrow, images that are too narrow."""

from __future__ import annotations

import apache_beam as beam

from pipelines.build_run import BuildRun
from pipelines.run_stage import StageJob
from transforms.narrowing.beam import Narrow


def stage_job(build: BuildRun) -> StageJob:
    folder, shards, settings = build.folder, build.shard_names, build.settings.narrow

    def run(pipeline: beam.Pipeline) -> None:
        pipeline | beam.Create(shards) | Narrow(folder, settings)

    return StageJob(lambda: build.engine.run(run))
''',
}
STAGES, REASONS, SECTIONS = "transforms/stages.py", "transforms/rejects.py", "pipelines/build_settings.py"
STAGE_EDITS = {
    "declaration": (
        STAGES,
        "DEDUPLICATE = Stage(",
        'NARROW = Stage("narrow", counts="images", writes=(), takes=FILTER.name, leaves="wide", may_be_off=True)\n'
        "DEDUPLICATE = Stage(",
    ),
    "place": (STAGES, "FILTER, DEDUPLICATE, BALANCE, EXPORT)", "FILTER, NARROW, DEDUPLICATE, BALANCE, EXPORT)"),
    "takes": (
        STAGES,
        'DEDUPLICATE = Stage("deduplicate", counts="images", writes=(), takes=FILTER.name',
        'DEDUPLICATE = Stage("deduplicate", counts="images", writes=(), takes=NARROW.name',
    ),
    "reason": (REASONS, "    FEW_LETTERS =", '    TOO_NARROW = "too_narrow"\n    FEW_LETTERS ='),
    "section": (
        SECTIONS,
        "    deduplicate: DeduplicateSettings",
        "    narrow: NarrowSettings = Field(default_factory=NarrowSettings, json_schema_extra=FINGERPRINTED_IF_SET)\n"
        "    deduplicate: DeduplicateSettings",
    ),
    "import": (
        SECTIONS,
        "from transforms.reading.settings import",
        "from transforms.narrowing.settings import NarrowSettings\nfrom transforms.reading.settings import",
    ),
}
NARROWED = ("transforms/narrowing", "pipelines/narrow.py", "pipelines/build.py")


def add_stage(tree: Tree, *left_out: str) -> None:
    for name, text in STAGE_FILES.items():
        if name not in left_out:
            tree.put(name, text)
    for part, edit in STAGE_EDITS.items():
        if part not in left_out:
            tree.replace(*edit)


@pytest.fixture
def narrowed(tree: Tree) -> Iterator[Tree]:
    with tree.changed(*STAGE_FILES, STAGES, REASONS, SECTIONS):
        yield tree
    shutil.rmtree(tree.root / "transforms" / "narrowing")


def test_a_stage_as_the_page_has_it(narrowed: Tree, tmp_path: pathlib.Path) -> None:
    """Off, it stands nowhere; on, its rejects are those whose pictures are narrow, and the run is sound and told."""
    add_stage(narrowed)
    went(narrowed.mypy(*NARROWED))
    went(narrowed.pytest("tests/architecture/test_stages.py", "tests/architecture/test_imports.py"))
    went(narrowed.build(tmp_path / "off"))
    assert not (tmp_path / "off" / "rejects" / "narrow").exists()
    said = went(narrowed.build(tmp_path / "on", "narrow.min_width=180", f"reuse={tmp_path}/off"))
    widths = pq.read_table(tmp_path / "on" / "annotations")["width"].to_pylist()
    narrow = sum(width < 180 for width in widths)
    assert 0 < narrow < len(widths) and f"too_narrow {narrow}" in said
    assert "too narrow" in went(narrowed.run("-m", "pipelines.main", "rejects", str(tmp_path / "on")))
    went(narrowed.run("-m", "pipelines.main", "verify", str(tmp_path / "on")))

    lost = "folder.fingerprint, len(rows) - len(rejects))", "folder.fingerprint, len(rows) - len(rejects) - 1)"
    narrowed.replace("transforms/narrowing/shards.py", *lost)
    outcome = narrowed.build(tmp_path / "lost", "narrow.min_width=180", f"reuse={tmp_path}/off")
    stopped(outcome, "but annotate gave out")


@pytest.mark.parametrize(
    ("part", "says"),
    [
        ("pipelines/narrow.py", "No such file or directory"),
        ("takes", "test_after_annotate_each_takes_from_the_one_before_it"),
        ("section", "KeyError: 'narrow'"),
        ("place", "test_every_declared_stage_has_its_place"),
    ],
)
def test_a_part_of_a_stage_that_its_tests_miss(part: str, says: str, narrowed: Tree) -> None:
    add_stage(narrowed, part)
    stopped(narrowed.pytest("tests/architecture/test_stages.py"), says)


@pytest.mark.parametrize(
    ("part", "says"),
    [
        ("declaration", 'has no attribute "NARROW"'),
        ("reason", '"type[Reason]" has no attribute "TOO_NARROW"'),
        ("section", '"BuildSettings" has no attribute "narrow"'),
        ("transforms/narrowing/settings.py", 'module named "transforms.narrowing.settings"'),
        ("transforms/narrowing/shards.py", 'module named "transforms.narrowing.shards"'),
        ("transforms/narrowing/beam.py", 'module named "transforms.narrowing.beam"'),
    ],
)
def test_a_part_of_a_stage_that_mypy_misses(part: str, says: str, narrowed: Tree) -> None:
    add_stage(narrowed, *([part, "place", "takes"] if part == "declaration" else [part]))
    stopped(narrowed.mypy(*NARROWED), says)


def test_annotations_are_read_by_the_one_way(narrowed: Tree) -> None:
    add_stage(narrowed)
    old = 'read_remaining(folder, name, NARROW, ["key", "width"])'
    narrowed.replace("transforms/narrowing/shards.py", old, "read_table(folder.annotations(*name), folder.fingerprint)")
    stopped(narrowed.pytest("tests/architecture/test_stages.py"), "names a file of annotations")


def test_a_room_is_missed_on_the_pages(narrowed: Tree) -> None:
    add_stage(narrowed)
    stopped(narrowed.pytest("tests/architecture/test_pages.py"), "transforms/narrowing")
