"""Dealing, placing and cutting: every copy in exactly one output shard, whatever the sizes."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from transforms import keyed
from transforms.datasets import ShardName
from transforms.exporting.blocks import ExportPlan, cut_block, deal_blocks, place_copies

sizes = st.lists(st.integers(1, 100), max_size=60)


@given(shards=st.integers(0, 200), block_shards=st.integers(1, 50), seed=st.integers(0, 5))
def test_blocks_are_even_and_within_their_size(shards: int, block_shards: int, seed: int) -> None:
    names = [ShardName("a" if number % 2 else "b", str(number)) for number in range(shards)]
    blocks = deal_blocks(names, block_shards, seed)
    filled = np.bincount(blocks)
    assert len(filled) == -(-shards // block_shards)
    assert not shards or (filled.max() <= block_shards and filled.max() - filled.min() <= 1)


def test_dealing_depends_on_the_set_of_shards_and_the_seed_alone() -> None:
    names = [ShardName("a", str(number)) for number in range(40)]
    there = dict(zip(names, deal_blocks(names, 10, 0), strict=True))
    back = dict(zip(names[::-1], deal_blocks(names[::-1], 10, 0), strict=True))
    assert there == back
    assert there != dict(zip(names, deal_blocks(names, 10, 1), strict=True))


def test_copies_of_a_sample_are_placed_apart() -> None:
    ids = np.array([7, 8, 9], dtype=np.uint64)
    copies = place_copies(ids, np.array([2, 0, 3]), seed=0)
    assert list(zip(copies.row.tolist(), copies.copy.tolist(), strict=True)) == [(0, 0), (0, 1), (2, 0), (2, 1), (2, 2)]
    assert len(np.unique(copies.place)) == 5
    assert (place_copies(ids, np.array([2, 0, 3]), seed=1).place != copies.place).all()


@given(blocks=st.lists(sizes, max_size=5), most=st.integers(1, 20), most_bytes=st.integers(1, 500))
def test_every_copy_has_one_shard_and_the_limits_hold(blocks: list[list[int]], most: int, most_bytes: int) -> None:
    ids = [np.arange(len(block), dtype=np.uint64) + np.uint64(1000 * n) for n, block in enumerate(blocks)]
    placed = [place_copies(some, np.ones(len(some), dtype=np.int64), 0).place for some in ids]
    cuts = [(n, cut_block(placed[n], np.array(block, np.int64), most, most_bytes)) for n, block in enumerate(blocks)]
    plan = ExportPlan.of(reversed(cuts))
    numbers = [plan.shard_numbers(n, placed[n]) for n in range(len(blocks))]
    everything = np.concatenate([*numbers, np.empty(0, np.int64)]).astype(np.int64)
    assert np.array_equal(np.unique(everything), np.arange(plan.shards))  # contiguous, none empty
    for n, block in enumerate(blocks):
        for number in np.unique(numbers[n]):
            inside = np.array(block)[numbers[n] == number]
            assert len(inside) <= most
            assert inside.sum() <= most_bytes or len(inside) == 1


@given(samples=st.integers(1, 500), most=st.integers(1, 100))
def test_a_block_cut_by_count_has_no_small_remainder(samples: int, most: int) -> None:
    place = place_copies(np.arange(samples, dtype=np.uint64), np.ones(samples, np.int64), 0).place
    starts = cut_block(place, np.ones(samples, np.int64), most, 10**9)
    filled = np.bincount(np.searchsorted(starts, place, side="right") - 1)
    shards = -(-samples // most)
    assert len(filled) <= shards
    assert filled[:-1].min(initial=filled.max()) == filled.max() == -(-samples // shards)
    assert filled[-1] > filled.max() - shards


@given(places=st.lists(st.integers(0, 5), min_size=1, max_size=30), most=st.integers(1, 10))
def test_samples_of_one_place_stay_together(places: list[int], most: int) -> None:
    place = np.array(places, dtype=np.uint64)
    starts = cut_block(place, np.ones(len(place), np.int64), most, 10**9)
    filled = np.bincount(np.searchsorted(starts, place, side="right") - 1, minlength=len(starts))
    assert starts[0] == 0
    assert (np.diff(starts.astype(np.int64)) > 0).all()
    assert (filled > 0).all()


def test_a_place_is_the_keyed_number_to_its_last_bit() -> None:
    ids = np.array([7, 2**64 - 1, 9], dtype=np.uint64)
    copies = place_copies(ids, np.array([1, 2, 0]), seed=3)
    wanted = [keyed.mix64(ids[[row]], 3, f"export copy {copy}")[0] for row, copy in ((0, 0), (1, 0), (1, 1))]
    assert copies.place.dtype == np.uint64 and copies.place.tolist() == wanted


def test_a_shard_may_be_exactly_as_large_as_it_may() -> None:
    place = np.arange(10, 17, dtype=np.uint64)
    sizes = np.array([5, 5, 4, 6, 1, 9, 10])
    assert cut_block(place, sizes, 100, 10).tolist() == [0, 12, 14, 16]
    assert cut_block(place, sizes, 100, 9).tolist() == [0, 11, 13, 15, 16]
    assert cut_block(place, sizes, 1, 100).tolist() == [0, 11, 12, 13, 14, 15, 16]
