"""Hashes of a shard on their way to where duplicates meet, and rejects back beside it."""

from __future__ import annotations

import pathlib

import numpy as np
import pyarrow as pa
import pytest

from transforms.datasets import ShardName, annotations_schema, read_counts, read_table, write_table
from transforms.deduplicating.buckets import BucketKey, _words, find_duplicates, split_block, write_rejects
from transforms.deduplicating.keepers import NamedDuplicates
from transforms.deduplicating.matching import DUPLICATE, ROW, DuplicateKind, band_values, locations
from transforms.deduplicating.settings import DeduplicateSettings
from transforms.keyed import mix64, sample_ids
from transforms.rejects import Counts
from transforms.run_folder import RunFolder
from transforms.shard_list import ShardList
from transforms.storage import StoragePath

NAMES = {6: ShardName("a", "zero"), 7: ShardName("b", "one")}
WORDS = np.array([[1, 2], [2**64 - 1, 3], [1, 3], [5, 2**63], [0, 0]], dtype="<u8")
PERCEPTUAL = [7, 2**64 - 1, 7 ^ (1 << 40), 0, 1 << 63]


@pytest.fixture
def folder(tmp_path: pathlib.Path) -> RunFolder:
    folder = RunFolder(StoragePath.of(tmp_path), "f" * 16)
    for name in NAMES.values():
        keys = [f"{name.shard}{row}" for row in range(len(WORDS))]
        schema = annotations_schema(1)
        nulls = {field.name: pa.nulls(len(keys), field.type) for field in schema}
        known = {
            "key": keys,
            "sample_id": sample_ids(*name, keys),
            "content_hash": [row.tobytes() for row in WORDS],
            "perceptual_hash": pa.array(PERCEPTUAL, pa.uint64()),
        }
        write_table(folder.annotations(*name), pa.table(nulls | known, schema=schema), folder.fingerprint)
    listed = [ShardName("c", f"{number}") for number in range(6)] + list(NAMES.values())
    columns = {"source": [name.source for name in listed], "shard": [name.shard for name in listed]}
    write_table(folder.inputs, pa.table(columns), folder.fingerprint)
    return folder


def by_kind(folder: RunFolder, **settings: object) -> dict[tuple[int, int], np.ndarray]:
    """The rows of shard 7 by kind and band, in order of their places."""
    found: dict[tuple[int, int], list[np.ndarray]] = {}
    numbered, asked = [(7, NAMES[7])], DeduplicateSettings(**settings)  # type: ignore[arg-type]
    for (kind, band, part), rows in split_block(folder, numbered, asked, 3):
        assert part < 3
        found.setdefault((int(kind), band), []).append(np.frombuffer(rows, ROW))
    return {key: np.sort(np.concatenate(parts), order="location") for key, parts in found.items()}


def test_every_row_goes_once_to_its_content_and_once_to_each_band(folder: RunFolder) -> None:
    found = by_kind(folder, max_hamming_distance=2, seed=4)
    assert found.keys() == {(DuplicateKind.EXACT, 0), *((DuplicateKind.NEAR, band) for band in range(3))}
    ids = sample_ids("b", "one", [f"one{row}" for row in range(len(WORDS))])
    for (kind, _), rows in found.items():
        assert rows["location"].tolist() == locations(7, len(WORDS)).tolist()
        assert rows["priority"].tolist() == mix64(ids, 4, "deduplicate").tolist()
        if kind == DuplicateKind.EXACT:
            assert rows["high"].tolist() == WORDS[:, 0].tolist() and rows["low"].tolist() == WORDS[:, 1].tolist()
        else:
            assert rows["low"].tolist() == PERCEPTUAL and not rows["high"].any()
    assert by_kind(folder, max_hamming_distance=2, near=False).keys() == {(DuplicateKind.EXACT, 0)}
    assert by_kind(folder, exact=False).keys() == {(DuplicateKind.NEAR, band) for band in range(4)}


def test_equal_values_of_a_band_meet_in_one_part_from_whatever_shard(folder: RunFolder) -> None:
    settings = DeduplicateSettings(max_hamming_distance=1)
    part_of: dict[tuple[int, int, int], set[BucketKey]] = {}
    for number, name in NAMES.items():
        for bucket, raw in split_block(folder, [(number, name)], settings, 3):
            rows = np.frombuffer(raw, ROW)
            values = rows["low"] if bucket[0] == DuplicateKind.EXACT else band_values(rows["low"], bucket[1], 1)
            for value in values.tolist():
                part_of.setdefault((int(bucket[0]), bucket[1], value), set()).add(bucket)
    assert all(len(buckets) == 1 for buckets in part_of.values())


def rows_of(**columns: list[int]) -> np.ndarray:
    rows = np.zeros(2, dtype=ROW)
    for name, values in columns.items():
        rows[name] = values
    return rows


def test_a_bucket_is_judged_by_its_kind() -> None:
    """One word of the content alike is no copy; three bits of a perceptual hash are one."""
    settings = DeduplicateSettings(max_hamming_distance=3)
    rows = rows_of(high=[1, 2], low=[9, 9], priority=[5, 8], location=[3, 4 << 32])
    parts = [rows[:1].tobytes(), rows[1:].tobytes()]
    assert list(find_duplicates((DuplicateKind.EXACT, 0, 0), parts, settings)) == []
    [(keeper, duplicates)] = find_duplicates((DuplicateKind.NEAR, 0, 0), parts, settings)
    assert keeper[0] == 4 and duplicates.tolist() == [(3, DuplicateKind.NEAR, 0, 4 << 32)]
    rows["low"] = [0b1000, 0b1111]
    [(_, duplicates)] = find_duplicates((DuplicateKind.NEAR, 3, 0), [rows.tobytes()], settings)
    assert duplicates.tolist() == [(3, DuplicateKind.NEAR, 3, 4 << 32)]
    assert (
        list(find_duplicates((DuplicateKind.NEAR, 3, 0), [rows.tobytes()], DeduplicateSettings(max_hamming_distance=2)))
        == []
    )


def test_rejects_say_of_what_each_row_is_a_copy(folder: RunFolder) -> None:
    duplicates = np.array(
        [
            ((7 << 32) + 1, DuplicateKind.EXACT, 0, (6 << 32) + 4),
            ((7 << 32) + 3, DuplicateKind.NEAR, 2, (7 << 32) + 0),
        ],
        dtype=DUPLICATE,
    )
    shards = ShardList(folder)
    counts = write_rejects(folder, 7, shards, NamedDuplicates(duplicates, pa.array(["zero4", "one0"])))
    path = folder.rejects("deduplicate", "b", "one")
    assert counts == read_counts(path, folder.fingerprint) == Counts(5, 3, {"exact_duplicate": 1, "near_duplicate": 1})
    assert [tuple(row.values()) for row in read_table(path, folder.fingerprint).to_pylist()] == [
        ("one1", "one", "exact_duplicate", "the same bytes as those of zero4 in a/zero"),
        ("one3", "one", "near_duplicate", "perceptual hash 2 bits from that of one0 in b/one"),
    ]
    nothing = NamedDuplicates(duplicates[:0], pa.array([], pa.string()))
    assert write_rejects(folder, 7, shards, nothing) == Counts(5, 5) and not path.exists()


def test_words_of_a_column_however_it_is_chunked_or_sliced() -> None:
    kind = pa.binary(16)
    column = pa.chunked_array(
        [pa.array([row.tobytes() for row in WORDS[:2]], kind), pa.array([WORDS[2].tobytes()], kind)]
    )
    assert _words(column).tolist() == WORDS[:3].tolist()
    assert _words(column.slice(1)).tolist() == WORDS[1:3].tolist()
    assert _words(column.slice(1, 1)).tolist() == WORDS[1:2].tolist()
    assert _words(pa.chunked_array([column.chunk(0)]).slice(1)).tolist() == WORDS[1:2].tolist()
    for empty in (column.slice(0, 0), pa.chunked_array([], kind), pa.chunked_array([pa.array([], kind)])):
        assert _words(empty).shape == (0, 2) and _words(empty).dtype == np.uint64
