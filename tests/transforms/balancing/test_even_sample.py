from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.transforms.balancing.corpus import count_concepts, random_ids
from transforms import keyed
from transforms.balancing.even.sample import PrioritySample, WeighedSample, safe_bound

V, ROWS = 30, 300
IDS = random_ids(ROWS, V, 3, 0)
COUNTS = count_concepts(IDS, V)
IDENTITIES = keyed.mix64(np.arange(ROWS, dtype=np.uint64), 0, "rows")


def drawn(limit: int, seed: int, parts: list[np.ndarray], bound: float = math.inf) -> PrioritySample:
    total = PrioritySample.zero(limit, 2)
    for rows in parts:
        part = PrioritySample.zero(limit, 2, bound)
        uniform = keyed.uniform(seed, "test", IDENTITIES[rows])
        part.add(uniform, IDENTITIES[rows], rows % 2, IDS[rows], COUNTS)
        total += part
    return total


@pytest.mark.slow
@given(st.integers(1, ROWS + 10), st.permutations(range(ROWS)), st.integers(1, 6))
def test_the_sample_is_the_same_in_any_parts_and_order(limit: int, order: list[int], parts: int) -> None:
    whole = drawn(limit, 0, [np.arange(ROWS)]).sample(COUNTS)
    found = drawn(limit, 0, np.array_split(np.array(order), parts)).sample(COUNTS)
    for one, other in zip(whole, found, strict=True):
        np.testing.assert_array_equal(one, other)
    assert len(whole.ids) == min(limit, int((IDS >= 0).any(axis=1).sum()))
    assert int(whole.rows.sum() + whole.bare_rows.sum()) == ROWS


@given(st.integers(1, ROWS), st.integers(0, 10_000), st.booleans())
def test_a_bound_keeps_out_nothing_of_the_sample(limit: int, seed: int, with_plain: bool) -> None:
    """With few rows a bound is far from what is needed; where it is low enough to be tight, see test_sums."""
    plain = WeighedSample.plain(IDS[::3], ROWS) if with_plain else None
    bounded = drawn(limit, seed, [np.arange(ROWS)], safe_bound(limit, COUNTS, plain, 3))
    assert bounded.is_enough
    whole = drawn(limit, seed, [np.arange(ROWS)]).sample(COUNTS)
    for one, other in zip(whole, bounded.sample(COUNTS), strict=True):
        np.testing.assert_array_equal(one, other)


def test_a_bound_that_is_too_low_is_noticed() -> None:
    assert not drawn(100, 0, [np.arange(ROWS)], bound=0.5).is_enough


def test_a_limit_above_the_rows_takes_all_at_weight_one() -> None:
    whole = drawn(ROWS, 0, [np.arange(ROWS)]).sample(COUNTS)
    assert whole.is_whole and (whole.weight == 1).all()
    assert not drawn(ROWS // 2, 0, [np.arange(ROWS)]).sample(COUNTS).is_whole


def test_weights_undo_what_the_sample_prefers() -> None:
    """Over many seeds, the weighed counts of each concept average to those of all rows; rare ones are seen whole."""
    found = np.zeros(V)
    for seed in range(400):
        sample = drawn(100, seed, [np.arange(ROWS)]).sample(COUNTS)
        found += np.bincount(sample.ids.ravel() + 1, np.repeat(sample.weight, 3), V + 1)[1:]
    np.testing.assert_allclose(found / 400, COUNTS, rtol=0.1)
    sample, least = drawn(250, 0, [np.arange(ROWS)]).sample(COUNTS), np.append(COUNTS, ROWS)
    in_sample, in_all = least[sample.ids].min(axis=1), least[IDS[(IDS >= 0).any(axis=1)]].min(axis=1)
    threshold = (in_sample / sample.weight)[sample.weight > 1].max()
    assert (sample.weight == 1).sum() == (in_all <= threshold).sum() > 0


def test_no_rows_at_all() -> None:
    sample = drawn(10, 0, []).sample(COUNTS)
    assert len(sample.ids) == len(sample.weight) == 0 and sample.is_whole
