from __future__ import annotations

import pyarrow as pa
import pytest

from transforms.browsing.rows import joined, read_annotated, read_selected, selected_keys, selection_of
from transforms.datasets import ShardName
from transforms.errors import RunFolderError
from transforms.run_folder import RunState
from transforms.stages import BALANCE

WEB = ShardName("web", "000000")


def test_rows_come_shard_by_shard(state: RunState) -> None:
    keys = [table["key"].to_pylist() for table in read_annotated(state, ["key"])]
    assert keys == [["a", "b", "d"], ["z"]]
    assert [len(table) for table in read_annotated(state, ["key"], BALANCE)] == [2, 1]
    assert [table["key"].to_pylist() for table in read_selected(state)] == [["b"], ["z"]]


def test_columns_of_chosen_rows_stand_at_their_own_rows(state: RunState) -> None:
    web, zh = read_selected(state, ["caption", "member_offset", "key"])
    assert web.to_pylist()[0] | {"inclusion_probability": 1.0} == {
        "source": "web",
        "shard": "000000",
        "key": "b",
        "copies": 1,
        "inclusion_probability": 1.0,
        "caption": "a dog and a cat",
        "member_offset": 1,
    }
    assert zh["member_offset"].to_pylist() == [1]


def test_a_shard_of_which_nothing_was_chosen(state: RunState) -> None:
    state.folder.selection(*WEB).delete()
    assert len(selected_keys(state.folder, WEB)) == 0
    assert selection_of(state.folder, WEB, ["key", "copies"]).column_names == ["key", "copies"]
    assert [table.num_rows for table in read_selected(state, ["caption"])] == [0, 1]


def test_what_was_not_annotated_is_told(state: RunState) -> None:
    state.begin("annotate")
    with pytest.raises(RunFolderError, match="stage annotate is running, not done"):
        next(iter(read_annotated(state)))


def test_no_tables_make_an_empty_one() -> None:
    assert joined(iter([])) == pa.table({})
