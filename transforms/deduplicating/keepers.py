"""Of which image a duplicate is a copy: its key, which only the annotations of its own shard hold.

Duplicates are brought to the shard of the image that is kept, whose keys are read once for all of them, and go on to
their own shard with the key. Keys do not travel with the hashes, of which there are ten times as many and more.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from transforms.datasets import ShardName
from transforms.deduplicating.matching import DUPLICATE, Duplicates, strongest
from transforms.grouping import equal_rows
from transforms.remaining import read_remaining
from transforms.run_folder import RunFolder
from transforms.stages import DEDUPLICATE

#: (number of the shard that holds the image which is kept, piece of its duplicates)
KeeperKey = tuple[int, int]
#: Duplicates of one bucket in a piece, 18 MB: a blank image may have copies by the hundred million, all of one keeper.
_PIECE_ROWS = 1 << 20


class NamedDuplicates(NamedTuple):
    """``duplicates`` (N,), and the key of the keeper of each, (N,) string."""

    duplicates: Duplicates
    keeper_keys: pa.Array


def rows_of(locations: NDArray[np.uint64]) -> pa.Array:
    """The low 32 bits of locations: rows of a shard."""
    return pa.array((locations & np.uint64(0xFFFFFFFF)).astype(np.int64))


def by_keeper(duplicates: Duplicates) -> Iterator[tuple[KeeperKey, Duplicates]]:
    """Duplicates by the shard of what is kept, in pieces that fit memory."""
    for number, members in equal_rows(_shards_of(duplicates["keeper"])):
        for start in range(0, len(members), _PIECE_ROWS):
            yield (number, start // _PIECE_ROWS), duplicates[members[start : start + _PIECE_ROWS]]


def name_keepers(folder: RunFolder, name: ShardName, parts: list[Duplicates]) -> Iterator[tuple[int, NamedDuplicates]]:
    """Duplicates whose keepers lie in shard ``name``, by the number of their own shard, with the keepers' keys."""
    duplicates = np.concatenate(parts)
    keys = read_remaining(folder, name, DEDUPLICATE, ["key"])["key"]
    for number, members in equal_rows(_shards_of(duplicates["location"])):
        owned = duplicates[members]
        yield number, NamedDuplicates(owned, keys.take(rows_of(owned["keeper"])).combine_chunks())


def merge_named(parts: list[NamedDuplicates]) -> NamedDuplicates:
    """One entry a row, sorted by location, with its strongest reason."""
    if not parts:
        return NamedDuplicates(np.empty(0, dtype=DUPLICATE), pa.array([], pa.string()))
    duplicates = np.concatenate([part.duplicates for part in parts])
    order = strongest(duplicates)
    return NamedDuplicates(duplicates[order], pa.concat_arrays([part.keeper_keys for part in parts]).take(order))


def _shards_of(locations: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """(N,) the high 32 bits of locations: numbers of shards."""
    return locations >> np.uint64(32)
