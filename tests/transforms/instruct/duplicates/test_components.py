"""What hangs together has one name, whatever the order and the pieces."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from transforms.instruct.duplicates.components import join

PAIRS = st.lists(st.tuples(st.integers(0, 12), st.integers(0, 12)), max_size=14)
LARGE = np.uint64(2**63)  # names fill all 64 bits


def expected(pairs: list[tuple[int, int]]) -> list[int]:
    names = list(range(13))
    for _ in names:
        for one, other in pairs:
            names[one] = names[other] = min(names[one], names[other])
    return names


@settings(deadline=None)
@given(PAIRS, st.randoms(use_true_random=False), st.integers(0, 14))
def test_the_least_name_stands_for_all(pairs: list[tuple[int, int]], random, cut: int) -> None:
    shuffled = random.sample(pairs, len(pairs))
    edges = np.array(shuffled, np.uint64).reshape(-1, 2) + LARGE
    found = join([edges[:cut], edges[cut:]]).of(np.arange(13, dtype=np.uint64) + LARGE)
    assert (found - LARGE).tolist() == expected(pairs)


def test_without_pairs_all_stand_alone() -> None:
    assert join([]).of(np.array([3, 5], np.uint64)).tolist() == [3, 5]
