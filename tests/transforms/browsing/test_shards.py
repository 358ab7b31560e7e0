from __future__ import annotations

import pytest

from transforms.browsing.shards import list_annotated, read_each, require, shard_files
from transforms.datasets import ShardName
from transforms.errors import RunFolderError
from transforms.run_folder import RunState
from transforms.stages import BALANCE, EXPORT


def test_shards_are_sampled_evenly_and_alike_each_time(state: RunState) -> None:
    folder = state.folder
    assert sorted(list_annotated(folder)) == [ShardName("web", "000000"), ShardName("zh", "000000")]
    assert list_annotated(folder) == list_annotated(folder)


def test_files_are_those_of_shards(state: RunState) -> None:
    [(name, path)] = shard_files(state.folder.root / "rejects" / "deduplicate")
    assert (name, path) == (ShardName("web", "000000"), state.folder.rejects("deduplicate", "web", "000000"))
    assert list(shard_files(state.folder.root / "nothing")) == []


def test_what_is_read_comes_in_order() -> None:
    assert list(read_each(lambda number: number * number, range(200))) == [number * number for number in range(200)]


def test_a_stage_that_is_missing_or_cut_short_is_named(state: RunState) -> None:
    require(state, BALANCE, "anything")
    with pytest.raises(RunFolderError, match="is not ready for a look: stage export has not run"):
        require(state, EXPORT, "a look")
    state.begin("balance")
    with pytest.raises(RunFolderError, match="stage balance is running, not done"):
        require(state, BALANCE, "a look")
