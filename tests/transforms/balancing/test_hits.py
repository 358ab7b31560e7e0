"""What is added by hits is what would be added by the whole array."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from transforms.balancing.hits import Hits
from transforms.balancing.in_turn import add_up


def random_hits(random: np.random.Generator, shape: tuple[int, ...], weighted: bool) -> Hits:
    n = int(random.integers(0, 50))
    return Hits(random.integers(0, np.prod(shape), n), shape, random.integers(0, 9, n) if weighted else None)


def whole(hits: Hits) -> np.ndarray:
    size = int(np.prod(hits.shape))
    return np.bincount(hits.places, hits.weights, size).astype(np.int64).reshape(hits.shape)


@given(st.integers(0, 10**6), st.lists(st.booleans(), max_size=4))
def test_added_in_place(seed: int, weighted: list[bool]) -> None:
    random = np.random.default_rng(seed)
    counts = random.integers(0, 100, (3, 7))
    parts = [random_hits(random, (3, 7), one) for one in weighted]
    expected = counts + sum(whole(part) for part in parts)
    assert add_up(counts, parts) is counts
    np.testing.assert_array_equal(counts, expected)


@given(st.integers(0, 10**6), st.lists(st.booleans(), min_size=1, max_size=4))
def test_joined_and_stacked(seed: int, weighted: list[bool]) -> None:
    random = np.random.default_rng(seed)
    parts = [random_hits(random, (int(random.integers(0, 4)) + 1, 5), one) for one in weighted]
    np.testing.assert_array_equal(Hits.joined(parts).dense(), np.concatenate([whole(part) for part in parts]))
    parts = [random_hits(random, (4, 5), one) for one in weighted]
    np.testing.assert_array_equal(Hits.stacked(parts).dense(), np.stack([whole(part) for part in parts]))


@pytest.mark.parametrize("place", [-1, 6])
def test_a_place_outside_is_an_error(place: int) -> None:
    with pytest.raises(IndexError):
        Hits(np.array([2, place]), (2, 3))


def test_what_cannot_be_added_to_is_an_error() -> None:
    hits = Hits(np.array([1]), (2, 3))
    for counts in (np.zeros((3, 2), np.int64), np.zeros(6, np.int64), np.zeros((3, 2), np.int64).T):
        with pytest.raises(ValueError, match="cannot be added"):
            counts += hits.to_add()
    with pytest.raises(TypeError):
        np.zeros((2, 3)) + hits.to_add()
    with pytest.raises(TypeError):
        np.subtract(counts, hits.to_add(), out=counts)
