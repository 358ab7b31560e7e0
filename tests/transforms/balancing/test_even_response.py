"""What a correcting pass finds, and what a fit makes of it."""

from __future__ import annotations

from typing import Any
from unittest import mock

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.transforms.balancing.corpus import count_concepts, random_ids
from tests.transforms.synthetic_annotations import concept_ids
from transforms.balancing.even import response
from transforms.balancing.even.correct import correct
from transforms.balancing.even.fit import Frame, fit
from transforms.balancing.even.response import SHIFTS, ResponseTally
from transforms.balancing.even.sample import PrioritySample
from transforms.balancing.measures import normalised_entropy
from transforms.balancing.methods.even import Even
from transforms.balancing.sampling import Floats, Ints
from transforms.balancing.settings import BalanceSettings

V, ROWS = 40, 600
OF_CELLS = np.array([0, 0, 1])  # the stratum that each cell is of


def brought(ids: np.ndarray, copies: np.ndarray) -> Floats:
    counts: Floats = np.bincount(ids.ravel() + 1, np.repeat(copies, ids.shape[1]), V + 1)[1:]
    return counts


def tally_of(total: ResponseTally, *rows: Any) -> ResponseTally:
    total += total.of_rows(*rows)
    return total


@given(st.integers(0, 10**6), st.sampled_from([1, 3]), st.integers(1, 4))
def test_parts_add_up_to_what_each_shift_lets_rows_expect(seed: int, max_copies: int, parts: int) -> None:
    ids, random = random_ids(ROWS, V, 4, seed), np.random.default_rng(seed)
    cells, log_odds = random.integers(0, 3, ROWS), random.normal(-5, 8, ROWS)
    total = ResponseTally(V, OF_CELLS)
    for rows in np.array_split(random.permutation(ROWS), parts):
        total += ResponseTally(V, OF_CELLS).of_rows(ids[rows], cells[rows], log_odds[rows], max_copies)
    assert set(total.at) == set(OF_CELLS[cells[log_odds > -10]].tolist())
    for stratum, tallies in total.at.items():
        inside = OF_CELLS[cells] == stratum
        for shift, one in zip(SHIFTS, tallies, strict=True):
            copies = inside * np.minimum(np.exp(np.minimum(log_odds + shift, 50)), max_copies)
            found, sizes = one.in_copies()
            np.testing.assert_allclose(found, brought(ids, copies), atol=ROWS * 2.0**-20)
            np.testing.assert_allclose(sizes, np.bincount(cells, copies, 3), atol=ROWS * 2.0**-20)


@given(st.integers(0, 10**6), st.lists(st.floats(1, ROWS), min_size=2, max_size=2))
def test_between_two_sizes_lies_what_lies_between_them(seed: int, asked: list[float]) -> None:
    """In each stratum by itself."""
    ids, random = random_ids(ROWS, V, 4, seed), np.random.default_rng(seed)
    tally = tally_of(ResponseTally(V, OF_CELLS), ids, random.integers(0, 3, ROWS), random.normal(-2, 4, ROWS), 1)
    copies, cells = tally.at_sizes(np.array(asked))
    wanted = 0.0
    for stratum, size in enumerate(asked):
        sizes, held = (np.array([one.in_copies()[side].sum() for one in tally.at[stratum]]) for side in (1, 0))
        assert cells[stratum == OF_CELLS].sum() == pytest.approx(min(max(size, min(sizes)), max(sizes)))
        wanted += np.interp(cells[stratum == OF_CELLS].sum(), sizes[::-1], held[::-1])
    assert copies.sum() == pytest.approx(wanted)


def test_nothing_was_found_where_nothing_was_asked() -> None:
    copies, cells = ResponseTally(V, OF_CELLS).at_sizes(np.array([10.0, 10.0]))
    assert not copies.any() and not cells.any()


def test_the_order_of_parts_changes_no_bit_and_no_part() -> None:
    random, ids = np.random.default_rng(0), random_ids(ROWS, V, 4, 0)
    cells, log_odds = random.integers(0, 3, ROWS), random.normal(-2, 4, ROWS)
    by_stratum = [np.flatnonzero(OF_CELLS[cells] == stratum) for stratum in (0, 1)]
    found, asked = [], np.array([40.0, 30.0])
    for order in ([0, 1], [1, 0]):
        parts = [
            tally_of(ResponseTally(V, OF_CELLS), ids[rows], cells[rows], log_odds[rows], 1)
            for rows in (by_stratum[one] for one in order)
        ]
        before = [part.at_sizes(asked)[0].tobytes() for part in parts]
        total = ResponseTally(V, OF_CELLS)
        for part in parts:
            total += part
            total += part
        assert [part.at_sizes(asked)[0].tobytes() for part in parts] == before
        found.append(total.at_sizes(2 * asked))
    assert found[0][0].tobytes() == found[1][0].tobytes() and found[0][1].tobytes() == found[1][1].tobytes()
    once = tally_of(ResponseTally(V, OF_CELLS), ids, cells, log_odds, 1).at_sizes(asked)
    np.testing.assert_allclose(found[0][0], 2 * once[0])


def test_too_many_strata_are_looked_at_as_one() -> None:
    """Of 500,000 concepts seven have 28 MB each; of more, it is the sum of their sizes that is looked for."""
    assert ResponseTally(500_000, np.arange(7)).part.tolist() == list(range(7))
    assert not ResponseTally(500_000, np.arange(8)).part.any()
    ids, log_odds = random_ids(ROWS, V, 4, 1), np.random.default_rng(1).normal(-2, 4, ROWS)
    cells = np.arange(ROWS) % 3
    with mock.patch.object(response, "_MOST_BYTES", 0):
        copies, sizes = tally_of(ResponseTally(V, OF_CELLS), ids, cells, log_odds, 1).at_sizes(np.array([40.0, 30.0]))
    alone = tally_of(ResponseTally(V, np.zeros(1, np.int64)), ids, 0 * cells, log_odds, 1).at_sizes(np.array([70.0]))
    np.testing.assert_allclose(copies, alone[0])
    assert sizes.sum() == pytest.approx(70)


def sampled(ids: np.ndarray, counts: Ints, rows: int, **even: int) -> Frame:
    sample, order = PrioritySample.zero(rows, 1), np.arange(len(ids), dtype=np.uint64)
    uniform = np.random.default_rng(1).random(len(ids))
    sample.add(uniform, order, np.zeros(len(ids), np.int64), ids, counts)
    request = Even.request(BalanceSettings.model_validate({"size": len(ids) // 10, "even": even}))
    return Frame.of(request, counts, sample.sample(counts))


def corrected(ids: np.ndarray, counts: Ints, frame: Frame, passes: int) -> list[tuple[float, float]]:
    """The normalised entropy that all rows expect after each pass, and the copies that floors lack."""
    solution, found = fit(frame), []
    n_concepts, none = len(counts), np.zeros(len(ids), np.int64)
    for _ in range(passes):
        weights = Even.of(solution, n_concepts)
        tally = tally_of(ResponseTally(n_concepts, np.zeros(1, np.int64)), ids, none, weights.log_odds(ids, none), 1)
        copies, sizes = tally.at_sizes(np.array([len(ids) / 10]))
        lacking = float(np.maximum(np.minimum(frame.request.floor, counts) - copies, 0.0).sum())
        found.append((normalised_entropy(copies[counts > 0]), lacking))
        solution = correct(solution, copies[frame.present], sizes)
        own = frame.problem.images.of_concepts(frame.problem.weight * solution.point.copies)
        told = (frame.problem.fixed + own) * solution.correction.concepts + solution.correction.missed
        np.testing.assert_allclose(told, solution.achieved, rtol=1e-9, atol=1e-9)
    return found


@pytest.mark.slow
@pytest.mark.parametrize("rows", [1500, 300])
def test_a_sample_with_few_passes_is_as_good_as_all_rows(rows: int) -> None:
    """30,000 rows of 500 concepts, so 48 copies of each on average: of a rare one a sample sees a dozen rows, or two,
    or none. What floors lack is brought by passes too, all but a few."""
    ids = concept_ids(30_000, 500, 8, 3)
    counts = count_concepts(ids, 500)
    whole = normalised_entropy(fit(sampled(ids, counts, len(ids))).achieved)
    frame = sampled(ids, counts, rows)
    assert frame.problem.floor.max() == 0  # no row or two can keep one
    (first, lacked_first), *_, (last, lacks) = corrected(ids, counts, frame, 4)
    assert first < whole - 0.005
    assert last > whole - (0.001 if rows == 1500 else 0.004)
    assert lacks < lacked_first / 5
