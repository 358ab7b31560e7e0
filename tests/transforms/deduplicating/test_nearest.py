"""Which bits tell rows of a crowded bucket apart; the rule itself is held in test_matching."""

from __future__ import annotations

import numpy as np

from transforms.deduplicating.nearest import Nearest, _telling_bits


def test_bits_that_are_set_in_half_of_the_hashes_tell_most() -> None:
    """And those that are set in all or in none tell nothing."""
    rows = np.arange(16, dtype=np.uint64)
    half, quarter, one, all_but_one = rows % 2, rows // 4 == 1, rows == 3, rows != 9
    hashes = (1 << 40) | half << 20 | quarter.astype(np.uint64) << 2 | one.astype(np.uint64) << 63
    assert _telling_bits(hashes | all_but_one.astype(np.uint64) << 5) == [20, 2, 5, 63]
    assert _telling_bits(hashes[:1]) == []


def test_of_several_as_near_the_least_location_keeps() -> None:
    """In whatever order they come."""
    hashes = np.array([0b1, 0b10, 0b100, 0b0], np.uint64)
    for order in ([0, 1, 2, 3], [2, 1, 0, 3], [3, 2, 0, 1], [1, 3, 2, 0]):
        priority, location = np.array([2, 3, 4, 1], np.uint64), np.array([30, 10, 20, 5], np.uint64)
        found = Nearest(hashes[order], priority[order], location[order], 1)
        found.compare(np.arange(4), np.zeros(4, np.intp), range(64))
        row = order.index(3)
        assert (found.distance[row], found.keeper[row]) == (1, 10)
        assert np.count_nonzero(found.distance != Nearest.NONE) == 1
