"""What docs/extending.md tells of a stage is enough, and what is left out of it speaks up: in a copy of the packages.

A stage ``narrow`` is added as the page says, in three new and two edited files beside its settings, and run; then each
part is left out.
"""

from __future__ import annotations

import pathlib
import shutil
from collections.abc import Iterator

import pyarrow.parquet as pq
import pytest

from tests.architecture.scratch_tree import Tree, copied, stopped, went

pytestmark = [pytest.mark.compat, pytest.mark.longest]


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Tree:
    return copied(tmp_path_factory.mktemp("tree"))


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
    went(narrowed.pytest("tests/architecture/test_stages.py", "tests/architecture/test_imports.py", "-m", "not slow"))
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
