from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from tests.transforms.balancing.corpus import count_concepts, random_ids
from transforms.balancing.bound import Parts, Prices
from transforms.balancing.in_turn import add_up
from transforms.balancing.methods import weighting
from transforms.balancing.settings import BalanceSettings

V = 12


def entropy(counts: np.ndarray) -> float:
    shares = counts[counts > 0] / counts.sum()
    return float(-(shares * np.log(shares)).sum())


@hypothesis_settings(max_examples=30, deadline=None)
@given(st.integers(0, 10**6), st.integers(1, 30), st.integers(1, 2))
def test_no_selection_is_above_the_bound_whatever_it_is_drawn_from(seed: int, size: int, max_copies: int) -> None:
    random = np.random.default_rng(seed)
    ids = random_ids(40, V, 3, seed)
    p = random.random(V) + 0.01
    groups = (np.arange(40) % 2).astype(np.int64)
    sizes = (min(size, 20), min(size // 2, 20))
    prices = Prices.of(-np.log(p / p.sum()), Parts.same(2), 3)
    bound = prices.upper_bound(prices.tally(ids, groups).dense(), sizes, max_copies)
    for _ in range(10):
        chosen = np.concatenate([random.permutation(np.flatnonzero(groups == g))[:n] for g, n in enumerate(sizes)])
        assert entropy(count_concepts(ids[chosen], V)) <= bound + 1e-9


def test_the_bound_holds_and_is_near_what_even_reaches() -> None:
    ids = random_ids(2000, V, 3, 0)
    counts = count_concepts(ids, V)
    even = {"floor": 0, "beta": 200, "tolerance": 1e-3}
    settings = BalanceSettings.model_validate({"method": "even", "size": 400, "even": even})
    copies = weighting(settings, counts, len(ids), ids).of_images(ids)
    achieved = np.bincount(ids.ravel() + 1, np.repeat(copies, 3), V + 1)[1:]
    groups = (ids.max(axis=1) < 0).astype(np.int64)
    prices = Prices.of(-np.log(achieved / achieved.sum()), Parts.same(2), 3)
    bound = prices.upper_bound(prices.tally(ids, groups).dense(), (400, 0), 1)
    assert entropy(achieved) <= bound <= entropy(achieved) + 0.005


def test_the_bound_by_hand() -> None:
    """Two images of concept 0 and one of 1, two to choose: at best one of each, log 2."""
    ids = np.array([[0], [0], [1]], np.int32)
    prices = Prices.of(-np.log(np.array([0.5, 0.5])), Parts.same(1), 1)
    found = prices.tally(ids, np.zeros(3, np.int64)).dense()
    assert prices.upper_bound(found, (2,), 1) == pytest.approx(np.log(2), abs=1 / 256)


@hypothesis_settings(max_examples=30, deadline=None)
@given(st.integers(0, 10**6), st.integers(4, 25), st.integers(1, 3))
def test_no_selection_that_keeps_the_floors_is_above_theirs(seed: int, size: int, floor: int) -> None:
    random = np.random.default_rng(seed)
    ids = random_ids(40, V, 3, seed)
    p, mu = random.random(V) + 0.01, random.random(V)
    log_target = np.log(random.random(V) + 0.5)
    prices = Prices.of(log_target - np.log(p / p.sum()) + mu, Parts.same(1), 3)
    floors = np.full(V, float(floor))
    bound = prices.upper_bound(prices.tally(ids, np.zeros(40, np.int64)).dense(), (size,), 1, float(mu @ floors))
    for _ in range(50):
        counts = count_concepts(ids[random.permutation(40)[:size]], V)
        kept = np.flatnonzero(counts)
        share = counts[kept] / counts.sum()
        if (counts >= floors).all():
            assert -float(share @ (np.log(share) - log_target[kept])) <= bound + 1e-9


def test_scores_of_shards_add_up_to_those_of_the_whole() -> None:
    ids = random_ids(100, V, 3, 1)
    groups, prices = np.zeros(100, np.int64), Prices.of(np.linspace(1, 3, V), Parts.same(1), 3)
    parts = [prices.tally(ids[rows], groups[rows]) for rows in np.array_split(np.arange(100), 7)]
    np.testing.assert_array_equal(add_up(np.zeros(prices.shape, np.int64), parts), prices.tally(ids, groups).dense())
