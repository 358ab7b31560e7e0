"""Damage in Parquet at rest shows, and other readers take the files as they are."""

from __future__ import annotations

import pathlib

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from transforms.datasets import read_counts, read_table, write_table
from transforms.errors import RunFolderError
from transforms.rejects import Counts
from transforms.storage import StoragePath

FINGERPRINT = "0123456789abcdef"
FLIPS = 400


@pytest.fixture(scope="module")
def table() -> pa.Table:
    random = np.random.default_rng(0)
    return pa.table(
        {
            "key": [f"{number:08d}" for number in range(200)],
            "source": ["cc"] * 200,
            "sample_id": random.integers(0, 1 << 63, 200, dtype=np.uint64),
            "copies": pa.array(random.integers(0, 3, 200), pa.int32()),
            "concept_ids": pa.FixedSizeListArray.from_arrays(pa.array(random.integers(0, 99, 800), pa.int32()), 4),
        }
    )


@pytest.fixture
def path(tmp_path: pathlib.Path, table: pa.Table) -> StoragePath:
    path = StoragePath.of(tmp_path) / "a.parquet"
    write_table(path, table, FINGERPRINT, Counts(201, 200, {"too_small": 1}))
    return path


def test_a_flipped_bit_is_an_error_or_changes_nothing(path: StoragePath, table: pa.Table) -> None:
    whole = path.read_bytes()
    random = np.random.default_rng(1)
    refused = 0
    for bit in random.integers(0, 8 * len(whole), FLIPS):
        damaged = bytearray(whole)
        damaged[bit // 8] ^= 1 << (bit % 8)
        pathlib.Path(path.path).write_bytes(damaged)
        try:
            found, counts = read_table(path, FINGERPRINT), read_counts(path, FINGERPRINT)
        except RunFolderError:
            refused += 1
            continue
        assert found.equals(table) and found.schema.names == table.schema.names, bit
        assert counts == Counts(201, 200, {"too_small": 1}), bit
    assert refused > 0.95 * FLIPS  # the others meet what is not read


def test_a_file_that_ends_early(path: StoragePath) -> None:
    whole = path.read_bytes()
    for kept in (0, 3, 15, 16, len(whole) // 2, len(whole) - 1):
        pathlib.Path(path.path).write_bytes(whole[:kept])
        with pytest.raises(RunFolderError, match=r"a\.parquet cannot be read as Parquet"):
            read_table(path, FINGERPRINT)


def test_other_readers_take_it_as_it_is(path: StoragePath, table: pa.Table) -> None:
    assert pq.read_table(path.path, page_checksum_verification=True).equals(table)


def test_a_footer_longer_than_what_is_read_at_once(tmp_path: pathlib.Path) -> None:
    path = StoragePath.of(tmp_path) / "wide.parquet"
    table = pa.table({f"column {number}": [number] for number in range(1000)})
    write_table(path, table, FINGERPRINT)
    assert read_table(path, FINGERPRINT).equals(table)
    assert path.size_bytes() > 1 << 17
