"""Rejects at rest, and columns of lists as matrices."""

from __future__ import annotations

import pathlib

import numpy as np
import pyarrow as pa
import pytest

from transforms.datasets import list_matrix, read_counts, read_table, write_rejects, write_table
from transforms.rejects import Counts, Reason, Reject
from transforms.storage import StoragePath


def test_rejects_are_written_with_the_counts_of_their_shard(tmp_path: pathlib.Path) -> None:
    path = StoragePath.of(tmp_path) / "rejects" / "a.parquet"
    counts = write_rejects(path, "s", [Reject("k", Reason.EMPTY_IMAGE, "d")], "f1", rows_out=2)
    assert counts == read_counts(path, "f1") == Counts(3, 2, {"empty_image": 1})
    assert read_table(path, "f1").to_pylist() == [{"key": "k", "shard": "s", "reason": "empty_image", "detail": "d"}]


def test_rejects_of_an_earlier_attempt_are_deleted(tmp_path: pathlib.Path) -> None:
    path = StoragePath.of(tmp_path) / "a.parquet"
    write_rejects(path, "s", [Reject("k", Reason.EMPTY_IMAGE, "d")], "f1")
    assert write_rejects(path, "s", [], "f1", rows_out=3) == Counts(3, 3)
    assert not path.exists()
    assert write_rejects(path, "s", [], "f1", rows_out=3) == Counts(3, 3)


def test_a_column_of_lists_is_a_matrix_however_it_is_chunked() -> None:
    kind = pa.list_(pa.int32(), 2)
    rows = [[0, 1], [2, -1], [3, 4]]
    whole = pa.chunked_array([pa.array(rows, kind)])
    parts = pa.chunked_array([pa.array(rows[:1], kind), pa.array(rows[1:], kind)])
    for column in (whole, parts):
        assert np.array_equal(list_matrix(column), np.array(rows, np.int32))
        assert np.array_equal(list_matrix(column.slice(1)), np.array(rows[1:], np.int32))
    assert list_matrix(whole.slice(0, 0)).shape == list_matrix(pa.chunked_array([], kind)).shape == (0, 2)


def test_a_list_that_is_missing_is_no_zero() -> None:
    with pytest.raises((pa.ArrowInvalid, ValueError)):
        list_matrix(pa.chunked_array([pa.array([[0, None], [1, 2]], pa.list_(pa.int32(), 2))]))


def test_rejects_hold_what_has_no_utf8_as_escapes(tmp_path: pathlib.Path) -> None:
    path = StoragePath.of(tmp_path) / "rejects.parquet"
    rejects = [Reject("a\udc80", Reason.MALFORMED_RECORD, "图 \ud800 and \0"), Reject("b", Reason.TOO_LONG, "图")]
    write_rejects(path, "shard", rejects, "0123456789abcdef")
    rows = read_table(path, "0123456789abcdef").to_pylist()
    assert [(row["key"], row["detail"]) for row in rows] == [("a\\udc80", "图 \\ud800 and \0"), ("b", "图")]


def test_equal_rows_give_equal_bytes_however_they_are_chunked(tmp_path: pathlib.Path) -> None:
    rng = np.random.default_rng(0)
    keys = [rng.bytes(40).hex() for _ in range(5_000)]
    halves = pa.array(rng.standard_normal(3 * len(keys)).astype(np.float16))
    columns = {
        "key": keys,
        "concept_scores": pa.FixedSizeListArray.from_arrays(halves, 3),
        "source_record": pa.array([key * 20 for key in keys], pa.large_string()),
    }
    whole = pa.table(columns)
    parts = pa.concat_tables([whole.slice(start, 32) for start in range(0, len(keys), 32)])
    one, other, again = (StoragePath.of(tmp_path / name) for name in "abc")
    write_table(one, whole, "f1")
    write_table(other, parts, "f1")
    write_table(again, read_table(other, None), "f1")
    assert one.read_bytes() == other.read_bytes() == again.read_bytes()
