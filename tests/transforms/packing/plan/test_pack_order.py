"""Keyed orders: permutations, epochs, and shares of mixtures."""

from __future__ import annotations

import itertools
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from transforms.errors import ConfigError
from transforms.packing.plan.pack_order import PackOrder, permuted


@given(st.integers(1, 700), st.integers(0, 2**31), st.text(max_size=5))
def test_a_permutation_of_any_size(size: int, seed: int, purpose: str) -> None:
    assert sorted(permuted(i, size, seed, purpose) for i in range(size)) == list(range(size))


def test_golden_orders() -> None:
    """Training that was stopped goes on by them: with other values it would read packs twice, and others never."""
    assert [permuted(i, 5, 0, "a") for i in range(5)] == [1, 4, 3, 0, 2]
    assert [permuted(i, 17, 0, "a") for i in range(17)] == [1, 9, 3, 6, 0, 11, 14, 4, 5, 15, 10, 16, 13, 12, 7, 2, 8]
    mixture = PackOrder((3, 2), 1, (0.5, 0.5))
    assert [mixture.at(i) for i in range(8)] == [(0, 1), (1, 1), (0, 2), (1, 0), (1, 0), (1, 1), (0, 0), (1, 1)]


def test_epochs_and_seeds_differ_and_mix() -> None:
    orders = [tuple(permuted(i, 500, seed, purpose) for i in range(500)) for seed in (0, 1) for purpose in ("a", "b")]
    assert len(set(orders)) == 4
    for order in orders:
        # of a random permutation, the mean distance of neighbours is a third of its size
        steps = [abs(a - b) for a, b in itertools.pairwise(order)]
        assert 130 < sum(steps) / len(steps) < 205


@given(st.lists(st.integers(1, 40), min_size=1, max_size=4), st.integers(0, 5))
def test_joined_sets_give_every_pack_once_an_epoch(sizes: list[int], seed: int) -> None:
    order = PackOrder(tuple(sizes), seed)
    every = {(which, index) for which, size in enumerate(sizes) for index in range(size)}
    for epoch in range(3):
        positions = range(epoch * order.packs, (epoch + 1) * order.packs)
        assert Counter(order.at(position) for position in positions) == dict.fromkeys(every, 1)


def test_weights_are_kept_and_each_set_has_its_own_epochs() -> None:
    order = PackOrder((30, 7, 50), 3, (0.5, 0.2, 0.3))
    drawn = [order.at(position) for position in range(4096)]
    shares = Counter(which for which, _ in drawn)
    assert [shares[which] / 4096 for which in range(3)] == pytest.approx([0.5, 0.2, 0.3], abs=1e-3)
    for which, size in enumerate(order.sizes):
        of_set = [index for one, index in drawn if one == which]
        for begin in range(0, len(of_set) - size, size):
            assert sorted(of_set[begin : begin + size]) == list(range(size))


def test_any_position_is_known_at_once() -> None:
    order = PackOrder((30, 7), 3, (1.0, 1e-9))
    assert order.at(10**15) == order.at(10**15)
    assert {order.at(position)[0] for position in range(1024)} == {0, 1}  # at least one in each block


@pytest.mark.parametrize("sizes, weights", [((), None), ((3, 0), None), ((3, 4), (1.0,)), ((3, 4), (1.0, 0.0))])
def test_bad_sets_are_refused(sizes: tuple[int, ...], weights: tuple[float, ...] | None) -> None:
    with pytest.raises(ConfigError):
        PackOrder(sizes, 0, weights)
