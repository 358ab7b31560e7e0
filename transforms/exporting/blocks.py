"""The order of the corpus: input shards dealt into blocks, samples ordered in a block, and where the shards are cut.

A full shuffle would move every image through the engine. A *block shuffle* moves none: a keyed permutation of all input
shards, of all sources, is cut into blocks; within a block each copy of each sample has a *place*, a keyed 64-bit
number, and the block's samples stand in order of their places. An output shard is a range of places of one block, so a
worker that knows where the ranges begin knows where each of its samples goes, without seeing any other.

Shape legend: N samples of one input shard, M copies (M ≥ N where samples repeat), S output shards of a block.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from transforms import keyed
from transforms.datasets import ShardName


def deal_blocks(shards: Sequence[ShardName], block_shards: int, seed: int) -> NDArray[np.int64]:
    """The block of each input shard: at most ``block_shards`` to a block, blocks of nearly equal size.

    Depends on the set of shards only, not on the order in which they are given.
    """
    ids = np.array([keyed.hash64(shard.source, shard.shard) for shard in shards], dtype=np.uint64)
    rank = np.empty(len(ids), dtype=np.int64)
    rank[np.argsort(keyed.mix64(ids, seed, "export blocks"))] = np.arange(len(ids))
    blocks = -(-len(ids) // block_shards)
    return rank * blocks // max(len(ids), 1)


@dataclass(frozen=True)
class Copies:
    """The copies of some samples: which sample (its row), which copy of it (from 0), and its place in the block."""

    row: NDArray[np.int64]  # (M,)
    copy: NDArray[np.int64]  # (M,)
    place: NDArray[np.uint64]  # (M,)


def place_copies(sample_ids: NDArray[np.uint64], copies: NDArray[np.int64], seed: int) -> Copies:
    """(N,) ids and numbers of copies → M copies; each copy is placed by itself, so that repeats stand far apart."""
    row = np.repeat(np.arange(len(sample_ids)), copies)
    copy = np.arange(len(row)) - np.repeat(np.cumsum(copies) - copies, copies)
    place = np.empty(len(row), dtype=np.uint64)
    for number in range(int(copies.max(initial=0))):
        chosen = copy == number
        place[chosen] = keyed.mix64(sample_ids[row[chosen]], seed, f"export copy {number}")
    return Copies(row, copy, place)


def cut_block(
    place: NDArray[np.uint64], image_bytes: NDArray[np.int64], samples_per_shard: int, max_shard_bytes: int
) -> NDArray[np.uint64]:
    """(M,) places and sizes of a block, in any order → (S,) the first place of each of its output shards.

    Cut by count and by size, whichever comes first. Where the count decides, the block is cut evenly, so that it ends
    with no small remainder; where the size decides, the block's last shard holds what is left.
    """
    total = len(place)
    if total == 0:
        return np.empty(0, dtype=np.uint64)
    order = np.argsort(place)
    place = place[order]
    end_bytes = np.cumsum(image_bytes[order])
    even = -(-total // -(-total // samples_per_shard))
    starts = [0]
    while True:
        start = starts[-1]
        before = end_bytes[start - 1] if start else 0
        by_size = int(np.searchsorted(end_bytes, before + max_shard_bytes, side="right"))
        end = max(min(start + even, by_size), start + 1)
        if end >= total:
            break
        # Equal places (two samples of one id) cannot be told apart later, so they stay together. Where the cut would
        # part them it moves before them, or, if they fill the shard, behind them.
        tied = int(np.searchsorted(place, place[end], side="left"))
        end = tied if tied > start else int(np.searchsorted(place, place[start], side="right"))
        if end >= total:
            break
        starts.append(end)
    first = place[starts]
    first[0] = 0
    return first


@dataclass(frozen=True)
class ExportPlan:
    """Where every output shard begins, and its number; small enough to be handed to every worker."""

    starts: Mapping[int, NDArray[np.uint64]]  # block → (S,)
    first_number: Mapping[int, int] = field(default_factory=dict)  # block → number of its first output shard

    @classmethod
    def of(cls, blocks: Iterable[tuple[int, NDArray[np.uint64]]]) -> ExportPlan:
        """From the cuts of every block, in any order; numbers run through the blocks without a gap."""
        starts = dict(sorted(blocks, key=lambda item: item[0]))
        ends = np.cumsum([len(first) for first in starts.values()])
        return cls(starts, {block: int(end) - len(starts[block]) for block, end in zip(starts, ends, strict=True)})

    @property
    def shards(self) -> int:
        return sum(len(first) for first in self.starts.values())

    def shard_numbers(self, block: int, place: NDArray[np.uint64]) -> NDArray[np.int64]:
        """(M,) places in a block → (M,) numbers of their output shards."""
        return self.first_number[block] + np.searchsorted(self.starts[block], place, side="right") - 1
