from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from transforms.balancing.sampling import N_BINS, Expectation, bin_hits, bin_values, bins, expected_copies


@given(st.lists(st.floats(2.0**-79, 2.0**47), min_size=2, max_size=50))
def test_bins_keep_order_and_lie_within_their_width(values: list[float]) -> None:
    ordered = np.sort(np.array(values))
    index = bins(ordered)
    assert (np.diff(index) >= 0).all()
    np.testing.assert_allclose(bin_values()[index], ordered, rtol=2.0**-12)


def test_bins_hold_what_lies_beyond_their_range() -> None:
    assert bins(np.array([5e-324, 1e-30, 1e300, np.inf])).tolist() == [0, 0, N_BINS - 1, N_BINS - 1]


def test_histogram_counts_rows_by_stratum_and_bin() -> None:
    counts = bin_hits(np.array([3, 3, 5]), np.array([0, 1, 1]), 2).dense()
    assert counts.shape == (2, N_BINS)
    assert (counts[0, 3], counts[1, 3], counts[1, 5], counts.sum()) == (1, 1, 1, 3)


@given(
    st.lists(st.tuples(st.floats(1e-6, 1e6), st.integers(0, 1000)), min_size=1, max_size=30),
    st.integers(1, 5),
    st.floats(0, 1),
)
def test_expected_copies_add_up_to_the_size(
    bins_of_rows: list[tuple[float, int]], max_copies: int, share: float
) -> None:
    weights, rows = (np.array(column) for column in zip(*bins_of_rows, strict=True))
    size = int(share * max_copies * rows.sum())
    expected = expected_copies(weights.astype(float), rows, size, max_copies)
    assert (expected >= 0).all() and (expected <= max_copies).all()
    assert (expected * rows).sum() == pytest.approx(size, rel=1e-9)
    below = (expected < max_copies) & (expected > 0)
    if below.sum() > 1:  # all below the cap share one λ
        assert np.ptp(np.log(expected[below] / weights[below])) < 1e-9


def test_expected_copies_by_hand() -> None:
    # λ=1 would give the last row 4 copies of at most 1; the rest then share 2 among weights 1, 1, 2
    expected = expected_copies(np.array([1.0, 2.0, 4.0]), np.array([2, 1, 1]), 3, 1)
    np.testing.assert_allclose(expected, [0.5, 1.0, 1.0])


def test_expectation_splits_copies_into_certain_and_drawn() -> None:
    index = bins(np.array([1.0, 1.0, 1.0, 1.0, 3.0]))
    expectation = Expectation.solve(bin_hits(index, np.zeros(5, np.int64), 1).dense(), (5,), 3)
    np.testing.assert_allclose(expectation.expected[0, index], [5 / 7] * 4 + [15 / 7], rtol=1e-3)
    assert expectation.certain[0, index].tolist() == [0, 0, 0, 0, 2]
    assert expectation.winners.tolist() == [3]
    assert expectation.share == 1.0


def test_weights_of_a_wide_range_still_give_the_size() -> None:
    weights = np.array([1e-20, 1e-10, 1.0, 1e10])
    index = bins(weights)
    expectation = Expectation.solve(bin_hits(index, np.zeros(4, np.int64), 1).dense(), (3,), 1)
    assert expectation.expected.sum() >= 3 and expectation.certain.sum() + expectation.winners[0] >= 3
