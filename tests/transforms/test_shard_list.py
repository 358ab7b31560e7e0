"""Shards by number, from the list of a run's inputs."""

from __future__ import annotations

import pathlib

import pyarrow as pa
import pytest

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
