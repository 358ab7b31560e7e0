"""The shards of a run by their number: a file that workers read, not names in every element and in the job's graph."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from dataclasses import dataclass

import pyarrow as pa

from transforms.datasets import ShardName, read_table
from transforms.run_folder import RunFolder
from transforms.storage import StoragePath


@dataclass(frozen=True)
class ShardList:
    """The rows of inputs.parquet, in their order. Picklable; a process reads the names once, where it asks for
    one."""

    folder: RunFolder

    def __getitem__(self, number: int) -> ShardName:
        source, shard = _names(self.folder.inputs, self.folder.fingerprint)
        return ShardName(source[number].as_py(), shard[number].as_py())

    def numbered(self, first: int, end: int) -> Iterator[tuple[int, ShardName]]:
        """Those from ``first`` to before ``end``."""
        source, shard = _names(self.folder.inputs, self.folder.fingerprint)
        pairs = zip(source[first:end].to_pylist(), shard[first:end].to_pylist(), strict=True)
        return ((number, ShardName(*pair)) for number, pair in enumerate(pairs, first))


@functools.lru_cache(maxsize=2)
def _names(path: StoragePath, fingerprint: str) -> tuple[pa.Array, pa.Array]:
    table = read_table(path, fingerprint, ["source", "shard"])
    return table["source"].combine_chunks(), table["shard"].combine_chunks()


def blocks(n_shards: int, shards_a_block: int) -> list[tuple[int, int]]:
    """The numbers of all shards in blocks, from a first one to before an end."""
    return [(first, min(first + shards_a_block, n_shards)) for first in range(0, n_shards, shards_a_block)]
