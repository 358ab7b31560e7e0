"""What a correcting pass finds, and what a fit makes of it."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.transforms.balancing.corpus import random_ids
from tests.transforms.synthetic_annotations import concept_ids
from transforms.balancing.concept_ids import count_concepts
from transforms.balancing.even.fit import Frame, correct, fit
from transforms.balancing.even.response import SHIFTS, ResponseTally
from transforms.balancing.even.sample import PrioritySample
from transforms.balancing.measures import normalised_entropy
from transforms.balancing.methods.even import Even
from transforms.balancing.sampling import Floats, Ints
from transforms.balancing.settings import BalanceSettings

V, ROWS = 40, 600


def brought(ids: np.ndarray, copies: np.ndarray) -> Floats:
    counts: Floats = np.bincount(ids.ravel() + 1, np.repeat(copies, ids.shape[1]), V + 1)[1:]
    return counts


@given(st.integers(0, 10**6), st.sampled_from([1, 3]), st.integers(1, 4))
def test_parts_add_up_to_what_each_shift_lets_rows_expect(seed: int, max_copies: int, parts: int) -> None:
    ids, random = random_ids(ROWS, V, 4, seed), np.random.default_rng(seed)
    cells, log_odds = random.integers(0, 2, ROWS), random.normal(-5, 8, ROWS)
    total = ResponseTally.zero(V, 2)
    for rows in np.array_split(random.permutation(ROWS), parts):
        total += ResponseTally.of(ids[rows], cells[rows], log_odds[rows], max_copies, (V, 2))
    for shift, one in zip(SHIFTS, total.at, strict=True):
        copies = np.minimum(np.exp(np.minimum(log_odds + shift, 50)), max_copies)
        found, sizes = one.in_copies()
        np.testing.assert_allclose(found, brought(ids, copies), atol=ROWS * 2.0**-20)
        np.testing.assert_allclose(sizes, np.bincount(cells, copies, 2), atol=ROWS * 2.0**-20)


@given(st.integers(0, 10**6), st.floats(1, ROWS))
def test_between_two_sizes_lies_what_lies_between_them(seed: int, size: float) -> None:
    ids, random = random_ids(ROWS, V, 4, seed), np.random.default_rng(seed)
    tally = ResponseTally.of(ids, np.zeros(ROWS, np.int64), random.normal(-2, 4, ROWS), 1, (V, 1))
    sizes = [float(one.in_copies()[1].sum()) for one in tally.at]
    copies, cells = tally.at_size(size)
    assert cells.sum() == pytest.approx(min(max(size, min(sizes)), max(sizes)))
    assert copies.sum() == pytest.approx(
        np.interp(cells.sum(), sizes[::-1], [float(one.in_copies()[0].sum()) for one in tally.at][::-1])
    )


def test_nothing_was_found_where_nothing_was_asked() -> None:
    copies, cells = ResponseTally.zero(V, 2).at_size(10.0)
    assert not copies.any() and not cells.any()


def sampled(ids: np.ndarray, counts: Ints, rows: int, **even: int) -> Frame:
    sample, order = PrioritySample.zero(rows, 1), np.arange(len(ids), dtype=np.uint64)
    uniform = np.random.default_rng(1).random(len(ids))
    sample.add(uniform, order, np.zeros(len(ids), np.int64), ids, counts)
    request = Even.request(BalanceSettings.model_validate({"size": len(ids) // 10, "even": even}))
    return Frame.of(request, counts, sample.sample(counts))


def corrected(ids: np.ndarray, counts: Ints, frame: Frame, passes: int) -> list[float]:
    """The normalised entropy that all rows expect, after each pass."""
    solution, found = fit(frame), []
    n_concepts, none = len(counts), np.zeros(len(ids), np.int64)
    for _ in range(passes):
        weights = Even.of(solution, n_concepts)
        tally = ResponseTally.of(ids, none, weights.log_odds(ids, none), 1, (n_concepts, 1))
        copies, sizes = tally.at_size(len(ids) / 10)
        found.append(normalised_entropy(copies[counts > 0]))
        solution = correct(solution, copies[frame.present], sizes)
        own = frame.problem.images.of_concepts(frame.problem.weight * solution.point.copies)
        told = (frame.problem.fixed + own) * solution.correction.concepts + solution.correction.missed
        np.testing.assert_allclose(told, solution.achieved, rtol=1e-9, atol=1e-9)
    return found


@pytest.mark.slow
@pytest.mark.parametrize("rows", [1500, 300])
def test_a_sample_with_few_passes_is_as_good_as_all_rows(rows: int) -> None:
    """30,000 rows of 500 concepts, so 48 copies of each on average: of a rare one a sample sees a dozen rows, or two,
    or none."""
    ids = concept_ids(30_000, 500, 8, 3)
    counts = count_concepts(ids, 500)
    whole = fit(sampled(ids, counts, len(ids), floor=0)).achieved
    frame = sampled(ids, counts, rows)
    assert frame.problem.floor.max() == 0  # exchanges keep floors, where a sample cannot
    found = corrected(ids, counts, frame, 4)
    assert found[0] < normalised_entropy(whole) - 0.005
    assert found[3] > normalised_entropy(whole) - (0.001 if rows == 1500 else 0.003)
