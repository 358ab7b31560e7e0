"""The job over small annotations at rest: captions counted over shards, and shards that are done left as they are."""

from __future__ import annotations

import pathlib

import pytest

from pipelines import filter as job
from pipelines.engine.in_process import InProcessEngine
from pipelines.engine.settings import RunnerSettings
from tests.transforms.filtering.test_shards import write_annotations
from transforms.datasets import ShardName, read_table
from transforms.filtering.settings import FilterSettings
from transforms.rejects import Counts
from transforms.run_folder import RunFolder
from transforms.stages import FILTER
from transforms.storage import StoragePath

NAMES = [ShardName("web", "000"), ShardName("web", "001"), ShardName("other", "000")]


@pytest.fixture
def folder(tmp_path: pathlib.Path) -> RunFolder:
    """Captions: ``thrice`` over three shards, ``twice`` in one, ``once``."""
    folder = RunFolder(StoragePath.of(tmp_path / "run"), "f" * 16)
    captions = [["thrice", "once", "twice", "twice"], ["thrice", None], [None, None, None, "thrice"]]
    for name, texts in zip(NAMES, captions, strict=True):
        rows = {f"{name.shard}{row}": {"caption": text} for row, text in enumerate(texts)}
        write_annotations(folder, name, rows)
    return folder


def run(folder: RunFolder, settings: FilterSettings) -> Counts:
    job.run(folder, NAMES, settings, (), InProcessEngine(RunnerSettings(workers=1)))
    return folder.read_stage_counts(FILTER.name)


@pytest.mark.parametrize(("most", "partitions", "gone"), [(1, 1, 5), (2, 64, 3), (3, 64, 0)])
def test_captions_are_counted_over_all_shards(folder: RunFolder, most: int, partitions: int, gone: int) -> None:
    counts = run(folder, FilterSettings(max_caption_images=most, partitions=partitions))
    assert counts == Counts(10, 10 - gone, {"common_caption": gone} if gone else {})
    assert folder.rejects(FILTER.name, *NAMES[2]).exists() == bool(gone)


@pytest.mark.parametrize("settings", [FilterSettings(expression="key == '0001'"), FilterSettings(max_caption_images=2)])
def test_a_shard_that_is_done_is_not_written_again(folder: RunFolder, settings: FilterSettings) -> None:
    counts = run(folder, settings)
    paths = [folder.rejects(FILTER.name, *name) for name in NAMES]
    tables = [read_table(path, folder.fingerprint) for path in paths]
    before = pathlib.Path(str(paths[0])).stat().st_mtime_ns
    paths[1].delete()
    assert run(folder, settings) == counts
    assert pathlib.Path(str(paths[0])).stat().st_mtime_ns == before
    assert [read_table(path, folder.fingerprint) for path in paths] == tables
