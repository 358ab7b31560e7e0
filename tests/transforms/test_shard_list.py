"""Shards by number, from the list of a run's inputs; in a job's graph only where they are few."""

from __future__ import annotations

import pathlib

import apache_beam as beam
import pyarrow as pa
import pytest
from apache_beam.testing.util import assert_that, equal_to

from transforms import beam as shared
from transforms.datasets import ShardName, write_table
from transforms.run_folder import RunFolder
from transforms.shard_list import ShardList, blocks
from transforms.storage import StoragePath

NAMES = [ShardName(f"source {number % 3}", f"{number:03d}é") for number in range(25)]


@pytest.fixture
def folder(tmp_path: pathlib.Path) -> RunFolder:
    folder = RunFolder(StoragePath.of(tmp_path), "f" * 16)
    listed = {"source": [name.source for name in NAMES], "shard": [name.shard for name in NAMES]}
    write_table(folder.inputs, pa.table(listed), folder.fingerprint)
    return folder


def test_names_by_number(folder: RunFolder) -> None:
    shards = ShardList(folder)
    assert [shards[number] for number in range(25)] == NAMES
    assert list(shards.numbered(20, 25)) == list(enumerate(NAMES))[20:]
    assert list(shards.numbered(3, 3)) == []


@pytest.mark.parametrize(("n_shards", "each"), [(0, 5), (1, 5), (5, 5), (6, 5), (25, 1)])
def test_blocks_hold_every_number_once(n_shards: int, each: int) -> None:
    found = blocks(n_shards, each)
    assert [number for first, end in found for number in range(first, end)] == list(range(n_shards))
    assert all(0 < end - first <= each for first, end in found)


@pytest.mark.parametrize("most_in_graph", [25, 24])
def test_the_same_shards_from_the_graph_and_from_the_list(
    folder: RunFolder, most_in_graph: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shared, "_MOST_IN_GRAPH", most_in_graph)
    monkeypatch.setattr(shared, "_BLOCK", 10)
    with beam.Pipeline("BundleBasedDirectRunner") as pipeline:
        assert_that(pipeline | shared.NumberedShards(folder, NAMES), equal_to(list(enumerate(NAMES))))


def test_a_million_shards_are_a_small_graph(folder: RunFolder) -> None:
    """Runners bound a graph; Dataflow's bound is 10 MB."""
    pipeline = beam.Pipeline()
    _ = pipeline | shared.NumberedShards(folder, [ShardName("a" * 40, "b" * 40)] * 1_000_000)
    assert len(pipeline.to_runner_api().SerializeToString()) < 100_000
