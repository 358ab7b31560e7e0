"""Deduplicate, shard by shard: hashes out of annotations, and rejects back beside them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np
import pyarrow as pa

from transforms import datasets
from transforms.datasets import ShardName
from transforms.deduplicating.keepers import KeeperKey, NamedDuplicates, by_keeper, rows_of
from transforms.deduplicating.matching import (
    ROW,
    DuplicateKind,
    Duplicates,
    Rows,
    band_values,
    find_exact,
    find_near,
    locations,
    split,
)
from transforms.deduplicating.settings import DeduplicateSettings
from transforms.keyed import mix64
from transforms.rejects import Counts, Reason, Reject
from transforms.remaining import read_remaining
from transforms.run_folder import RunFolder
from transforms.shard_list import ShardList
from transforms.stages import DEDUPLICATE

#: (kind, band, part): rows that could be copies of one another meet under one such key.
BucketKey = tuple[int, int, int]


def split_block(
    folder: RunFolder, numbered: Iterable[tuple[int, ShardName]], settings: DeduplicateSettings, partitions: int
) -> Iterator[tuple[BucketKey, bytes]]:
    """The hashes of some shards of annotations as bytes of :data:`ROW`, by where they have to meet those of others."""
    content, near = _hashes(folder, numbered, settings)
    if settings.exact:
        for part, members in split(content["low"], content, partitions):
            yield (DuplicateKind.EXACT, 0, part), members.tobytes()
    if settings.near:
        for band in range(settings.max_hamming_distance + 1):
            values = band_values(near["low"], band, settings.max_hamming_distance)
            for part, members in split(values, near, partitions):
                yield (DuplicateKind.NEAR, band, part), members.tobytes()


def _hashes(
    folder: RunFolder, numbered: Iterable[tuple[int, ShardName]], settings: DeduplicateSettings
) -> tuple[Rows, Rows]:
    """A row each, with its content hash and with its perceptual one."""
    found: list[tuple[Rows, Rows]] = []
    for number, name in numbered:
        table = read_remaining(folder, name, DEDUPLICATE, ["sample_id", "content_hash", "perceptual_hash"])
        words = _words(table["content_hash"])
        content = np.empty(table.num_rows, dtype=ROW)
        content["priority"] = mix64(table["sample_id"].to_numpy(), settings.seed, DEDUPLICATE.name)
        content["location"] = locations(number, table.num_rows)
        near = content.copy()
        content["high"], content["low"] = words[:, 0], words[:, 1]
        near["high"], near["low"] = 0, table["perceptual_hash"].to_numpy()
        found.append((content, near))
    contents, nears = zip(*found, strict=True)
    return np.concatenate(contents), np.concatenate(nears)


def find_duplicates(
    bucket: BucketKey, parts: Iterable[bytes], settings: DeduplicateSettings
) -> Iterator[tuple[KeeperKey, Duplicates]]:
    """The rows of one bucket that a copy of higher priority displaces, by where that copy lies."""
    kind, band, _ = bucket
    rows = np.frombuffer(b"".join(parts), dtype=ROW)
    duplicates = (
        find_exact(rows) if kind == DuplicateKind.EXACT else find_near(rows, band, settings.max_hamming_distance)
    )
    yield from by_keeper(duplicates)


def write_rejects(folder: RunFolder, number: int, names: ShardList, found: NamedDuplicates) -> Counts:
    """Write rejects/deduplicate/… of one shard, where it has any; returns the shard's counts."""
    name = names[number]
    keys = read_remaining(folder, name, DEDUPLICATE, ["key"])["key"]
    rejects = []
    dropped = keys.take(rows_of(found.duplicates["location"])).to_pylist()
    for key, duplicate, keeper_key in zip(dropped, found.duplicates, found.keeper_keys.to_pylist(), strict=True):
        keeper = names[int(duplicate["keeper"]) >> 32]
        of = f"of {keeper_key} in {keeper.source}/{keeper.shard}"
        if duplicate["kind"] == DuplicateKind.EXACT:
            rejects.append(Reject(key, Reason.EXACT_DUPLICATE, f"the same bytes as those {of}"))
        else:
            detail = f"perceptual hash {duplicate['distance']} bits from that {of}"
            rejects.append(Reject(key, Reason.NEAR_DUPLICATE, detail))
    path = folder.rejects(DEDUPLICATE.name, *name)
    return datasets.write_rejects(path, name.shard, rejects, folder.fingerprint, len(keys) - len(rejects))


def _words(column: pa.ChunkedArray) -> np.ndarray:
    """(N,) fixed-size binary of 16 bytes → (N, 2) uint64, without a copy a value."""
    array = column.combine_chunks()
    data = array.buffers()[1]
    if data is None or not len(array):
        return np.empty((0, 2), dtype=np.uint64)
    start = array.offset * 2
    return np.frombuffer(data, dtype="<u8")[start : start + 2 * len(array)].reshape(-1, 2)
