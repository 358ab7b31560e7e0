"""How a corpus is cut for finding its duplicates: by its size alone, so that every element is worth its shuffle."""

from __future__ import annotations

from typing import NamedTuple

from transforms.deduplicating.settings import DeduplicateSettings
from transforms.shard_list import blocks

_PARTITION_ROWS = 4 << 20  # 128 MiB of them
_ELEMENT_ROWS = 1000  # 32 kB: less, and what is shuffled is mostly what Beam writes of each element
_BLOCK_ROWS = 4 << 20  # that one worker holds while it cuts them
_LEAST_BLOCKS = 16  # for workers to share


class CorpusSize(NamedTuple):
    """``rows``: of all shards together, before."""

    n_shards: int
    rows: int

    def partitions(self, settings: DeduplicateSettings) -> int:
        """Parts of one kind that hashes are compared in."""
        return settings.partitions or max(1, -(-self.rows // _PARTITION_ROWS))

    def blocks(self, partitions: int) -> list[tuple[int, int]]:
        """Numbers of shards that are read together, from a first one to before an end."""
        shard_rows = max(1, self.rows // max(1, self.n_shards))
        wanted = -(-_ELEMENT_ROWS * partitions // shard_rows)
        most = max(1, min(_BLOCK_ROWS // shard_rows, self.n_shards // _LEAST_BLOCKS))
        return blocks(self.n_shards, min(wanted, most))
