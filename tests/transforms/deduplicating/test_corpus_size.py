"""How hashes are cut, from a laptop's corpus to ten billion images."""

from __future__ import annotations

import pytest

from transforms.deduplicating.corpus_size import CorpusSize
from transforms.deduplicating.settings import DeduplicateSettings

ROW_BYTES = 32


@pytest.mark.parametrize(
    ("n_shards", "rows"),
    [(20, 20_000), (1, 5), (2000, 20_000_000), (100_000, 1_000_000_000), (1_000_000, 10_000_000_000)],
)
def test_elements_are_neither_crumbs_nor_lumps(n_shards: int, rows: int) -> None:
    size = CorpusSize(n_shards, rows)
    partitions = size.partitions(DeduplicateSettings())
    blocks = size.blocks(partitions)
    assert [number for first, end in blocks for number in range(first, end)] == list(range(n_shards))
    assert rows / partitions * ROW_BYTES <= 128 << 20  # of a group
    block_rows = max(end - first for first, end in blocks) * rows / n_shards
    assert block_rows * ROW_BYTES <= 256 << 20
    if rows >= 1_000_000:
        assert block_rows / partitions >= 1000  # of an element
        assert block_rows / partitions <= max(2000, rows / n_shards / partitions)  # no more is held than that takes
    assert len(blocks) >= min(n_shards, 16)


def test_what_is_held_is_bounded_whatever_the_corpus() -> None:
    """Elements may then be small: of 50 billion rows, or where a great many partitions are asked for."""
    for size, partitions in ((CorpusSize(1_000_000, 50_000_000_000), 11_921), (CorpusSize(10_000, 10**9), 10**6)):
        block_rows = max(end - first for first, end in size.blocks(partitions)) * size.rows / size.n_shards
        assert block_rows * ROW_BYTES <= 256 << 20


def test_workers_share_what_is_small() -> None:
    for n_shards in (16, 100, 1000):
        assert len(CorpusSize(n_shards, 0).blocks(1)) >= 16


def test_shards_without_rows_and_partitions_that_are_asked_for() -> None:
    assert CorpusSize(1_000_000, 0).partitions(DeduplicateSettings()) == 1
    assert len(CorpusSize(1_000_000, 0).blocks(1)) >= 16
    assert CorpusSize(0, 0).blocks(1) == []
    assert CorpusSize(5, 10).partitions(DeduplicateSettings(partitions=7)) == 7
