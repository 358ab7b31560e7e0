from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from transforms.balancing import order_sampling
from transforms.balancing.order_sampling import Boundary, Cut, RankTally
from transforms.balancing.sampling import N_BINS, Expectation, bin_hits, bins


def select(weights: np.ndarray, size: int, max_copies: int = 1, seed: int = 0, parts: int = 1) -> np.ndarray:
    """Copies of each row, by way of every step, the rows in ``parts`` shards."""
    ids = np.arange(len(weights), dtype=np.uint64)
    strata, index = np.zeros(len(weights), np.int64), bins(weights)
    expectation = Expectation.solve(bin_hits(index, strata, 1).dense(), (size,), max_copies)
    rank = order_sampling.ranks(ids, index, strata, expectation, seed)
    window = order_sampling.windows(expectation)
    rank_tally, pieces = RankTally.zero(1), np.array_split(np.arange(len(weights)), parts)
    for rows in pieces:
        rank_tally += order_sampling.tally_ranks(rank[rows], ids[rows], strata[rows], window, seed)
    boundary = Boundary.find(rank_tally, expectation)
    second = [order_sampling.candidates(rank[rows], ids[rows], strata[rows], boundary.missing, seed) for rows in pieces]
    won = Cut.at(boundary, second).wins(rank, ids, strata, seed)
    return expectation.certain[0, index] + won


def tally_of(*rows: Any) -> RankTally:
    total = RankTally.zero(1)
    total += order_sampling.tally_ranks(*rows)
    return total


@settings(max_examples=30, deadline=None)
@given(
    st.lists(st.floats(1e-9, 1e9), min_size=1, max_size=300),
    st.integers(1, 4),
    st.floats(0, 1),
    st.integers(0, 1000),
    st.integers(1, 4),
)
def test_exactly_the_size_is_selected(
    weights: list[float], max_copies: int, share: float, seed: int, parts: int
) -> None:
    size = round(share * max_copies * len(weights))
    copies = select(np.array(weights), size, max_copies, seed)
    assert copies.sum() == size
    assert copies.min() >= 0 and copies.max() <= max_copies
    np.testing.assert_array_equal(copies, select(np.array(weights), size, max_copies, seed, parts))


@pytest.mark.parametrize("max_copies", [1, 3])
def test_inclusion_probabilities_are_kept(max_copies: int) -> None:
    weights = np.repeat([1.0, 2.0, 4.0, 8.0, 1000.0], 40)
    size, seeds = 60, 400
    ids, index, strata = np.arange(200, dtype=np.uint64), bins(weights), np.zeros(200, np.int64)
    expectation = Expectation.solve(bin_hits(index, strata, 1).dense(), (size,), max_copies)
    expected, total = expectation.expected[0, index], np.zeros(200)
    for seed in range(seeds):
        rank = order_sampling.ranks(ids, index, strata, expectation, seed)
        total += expectation.certain[0, index]
        total[np.argsort(rank)[: expectation.winners[0]]] += 1
    mean, wanted = total.reshape(5, 40).sum(axis=1) / seeds, expected.reshape(5, 40).sum(axis=1)
    fraction = (expected % 1).reshape(5, 40)
    deviation = np.sqrt((fraction * (1 - fraction)).sum(axis=1) / seeds)
    assert (np.abs(mean - wanted) <= 4 * deviation + 0.01 * wanted).all(), (mean, wanted)


def test_the_first_look_finds_the_cut_of_a_large_draw() -> None:
    weights = np.random.default_rng(0).lognormal(size=200_000)
    index, strata = bins(weights), np.zeros(len(weights), np.int64)
    ids = np.arange(len(weights), dtype=np.uint64)
    for seed in range(10):
        expectation = Expectation.solve(bin_hits(index, strata, 1).dense(), (20_000,), 1)
        rank = order_sampling.ranks(ids, index, strata, expectation, seed)
        rank_tally = tally_of(rank, ids, strata, order_sampling.windows(expectation), seed)
        assert Boundary.find(rank_tally, expectation).is_known
        assert len(rank_tally.candidates[0].rank) < 25 * np.sqrt(20_000)


def test_the_second_look_mends_a_window_that_missed() -> None:
    weights = np.random.default_rng(0).lognormal(size=1000)
    index, strata = bins(weights), np.zeros(1000, np.int64)
    ids = np.arange(1000, dtype=np.uint64)
    expectation = Expectation.solve(bin_hits(index, strata, 1).dense(), (100,), 1)
    rank = order_sampling.ranks(ids, index, strata, expectation, 0)
    nowhere = np.array([[0, -1]])
    rank_tally = tally_of(rank, ids, strata, nowhere, 0)
    rank_tally.candidates[0] = order_sampling.Candidates.none()
    boundary = Boundary.find(rank_tally, expectation)
    boundary.missing[0] = boundary.bin[0]
    assert not boundary.is_known
    second = order_sampling.candidates(rank, ids, strata, boundary.missing, 0)
    won = Cut.at(boundary, [second]).wins(rank, ids, strata, 0)
    np.testing.assert_array_equal(np.sort(np.flatnonzero(won)), np.sort(np.argsort(rank)[: expectation.winners[0]]))


def test_equal_ranks_are_settled_by_the_second_number() -> None:
    ids = np.arange(10, dtype=np.uint64)
    strata, rank = np.zeros(10, np.int64), np.ones(10)
    found = order_sampling.candidates(rank, ids, strata, np.array([[0, N_BINS - 1]]), 0)
    boundary = Boundary(bins(np.ones(1)), np.array([4]), np.array([[0, -1]]), found)
    assert Cut.at(boundary, []).wins(rank, ids, strata, 0).sum() == 4


def test_no_lot_no_winner() -> None:
    assert select(np.ones(10), 20, 2).tolist() == [2] * 10
    assert select(np.ones(10), 10, 1).tolist() == [1] * 10
