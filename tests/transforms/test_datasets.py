"""Rejects at rest, and columns of lists as matrices."""

from __future__ import annotations

import pathlib

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.transforms.version_1 import to_version_1
from transforms.datasets import (
    annotations_schema,
    balance_sample_schema,
    list_matrix,
    read_counts,
    read_table,
    rejects_table,
    write_rejects,
    write_table,
)
from transforms.errors import RunFolderError
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


ANNOTATIONS = {
    "key": "string",
    "sample_id": "uint64",
    "source": "string",
    "shard": "string",
    "member_offset": "int64",
    "member_bytes": "int64",
    "format": "string",
    "width": "int32",
    "height": "int32",
    "caption": "string",
    "lang": "string",
    "content_hash": "fixed_size_binary[16]",
    "perceptual_hash": "uint64",
    "concept_ids": "fixed_size_list<item: int32>[3]",
    "concept_scores": "fixed_size_list<item: halffloat>[3]",
    "source_key": "string",
    "source_record": "large_string",
}


def types_of(schema: pa.Schema) -> dict[str, str]:
    return {field.name: str(field.type) for field in schema}


def test_annotations_at_rest() -> None:
    """A change of these is a change of format."""
    assert types_of(annotations_schema(3)) == ANNOTATIONS
    more = {"caption_similarity": "float", "embedding": "fixed_size_list<item: halffloat>[8]"}
    assert types_of(annotations_schema(3, 8, caption_similarity=True)) == ANNOTATIONS | more


def test_the_sample_of_balance_at_rest() -> None:
    expected = {"concept_ids": "fixed_size_list<item: int32>[4]", "stratum": "int64", "stands_for": "double"}
    assert types_of(balance_sample_schema(4)) == expected


def test_what_an_older_run_holds_is_read_as_it_is(tmp_path: pathlib.Path) -> None:
    """Its Parquet has no checksums, and annotations lack what came later; of a run of today such a file is damaged."""
    path = StoragePath.of(tmp_path) / "annotations" / "a" / "0.parquet"
    columns = {"content_hash": pa.array([b"0" * 16, b"1" * 16], pa.binary(16)), "key": ["x", "y"]}
    later = {"source_key": ["k", None], "source_record": pa.array(["{}", None], pa.large_string())}
    write_table(path, pa.table(columns | later), "f1", Counts(2, 2))
    (tmp_path / "run.json").write_text('{"format_version": "2"}')
    to_version_1(tmp_path)
    assert pq.read_schema(path.path).names == list(columns)
    assert read_counts(path, "f1") == Counts(2, 2)
    assert read_table(path, "f1").schema.names == [*columns, *later]
    assert read_table(path, "f1", ["source_key", "key"]).to_pydict() == {"source_key": [None] * 2, "key": ["x", "y"]}
    (tmp_path / "run.json").write_text('{"format_version": "2"}')
    with pytest.raises(RunFolderError, match=r"0\.parquet cannot be read as Parquet"):
        read_table(path, "f1")


@pytest.mark.parametrize("name", ["caption_similarity", "concept_cosines", "spare_concept_ids", "embedding"])
def test_columns_that_only_some_runs_have_are_of_their_types_too(tmp_path: pathlib.Path, name: str) -> None:
    path = StoragePath.of(tmp_path) / "a.parquet"
    write_table(path, pa.table({name: ["text"]}), "f1")
    with pytest.raises(RunFolderError, match=rf"holds string in its column {name}"):
        read_table(path, "f1")


def test_columns_are_compressed_and_names_that_repeat_stand_in_dictionaries(tmp_path: pathlib.Path) -> None:
    path = tmp_path / "a.parquet"
    write_rejects(StoragePath.of(path), "s", [Reject("k", Reason.EMPTY_IMAGE, "d")] * 9, "f1")
    row_group = pq.ParquetFile(path).metadata.row_group(0)
    columns = {column.path_in_schema: column for column in map(row_group.column, range(row_group.num_columns))}
    assert {column.compression for column in columns.values()} == {"ZSTD"}
    assert {name for name, column in columns.items() if column.has_dictionary_page} == {"shard", "reason"}


def test_counts_at_rest_do_not_depend_on_what_was_counted_first(tmp_path: pathlib.Path) -> None:
    rejects = [Reject("k", Reason.EMPTY_IMAGE, "d"), Reject("l", Reason.TOO_LONG, "d")]
    table = rejects_table("s", rejects)
    for name, order in (("a", rejects), ("b", rejects[::-1])):
        write_table(StoragePath.of(tmp_path) / name, table, "f1", Counts.of(0, order))
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()
    assert write_rejects(StoragePath.of(tmp_path) / "c", "s", rejects, "f1").rows_out == 0


@pytest.mark.parametrize(
    "name, column",
    [
        ("concept_ids", pa.array([1], pa.int32())),
        ("concept_ids", pa.array([[1.0]], pa.list_(pa.float32(), 1))),
        ("lang", pa.array([[1]], pa.list_(pa.int32(), 1))),
    ],
)
def test_a_column_of_another_type_is_named(tmp_path: pathlib.Path, name: str, column: pa.Array) -> None:
    path = StoragePath.of(tmp_path) / "a.parquet"
    write_table(path, pa.table({name: column}), "f1")
    with pytest.raises(RunFolderError, match=rf"holds .*(int32|float).* in its column {name}"):
        read_table(path, "f1")


def test_lists_may_be_of_any_width(tmp_path: pathlib.Path) -> None:
    path = StoragePath.of(tmp_path) / "a.parquet"
    table = pa.table({"concept_ids": pa.array([[1, 2, 3, 4, 5]], pa.list_(pa.int32(), 5))})
    write_table(path, table, "f1")
    assert read_table(path, "f1").to_pylist() == table.to_pylist()


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
