"""Whole rows of what is expected in parts of rows."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from transforms.instruct.mixing.about import Cell
from transforms.instruct.mixing.evening import evened
from transforms.instruct.mixing.quotas import allot

CELL = Cell("c", "en", "s")


@given(st.lists(st.tuples(st.integers(1, 300), st.floats(0, 3)), min_size=1, max_size=40), st.integers(0, 9))
def test_exactly_the_size_and_each_within_a_row(strata: list[tuple[int, float]], seed: int) -> None:
    """Expectations are scaled to a whole sum, as a solver leaves them."""
    total = sum(rows * each for rows, each in strata)
    size = int(total)
    scale = size / total if total else 0.0
    rows = {(Cell(str(index), "en", "s"), 0): rows for index, (rows, _) in enumerate(strata)}
    expected = {Cell(str(index), "en", "s"): each * scale for index, (_, each) in enumerate(strata)}
    found = allot(rows, expected, size, 3, seed)
    assert found.total == size
    for stratum, copies in found.copies.items():
        wanted = expected[stratum[0]] * rows[stratum]
        assert np.floor(wanted - 1e-4) <= copies <= min(np.ceil(wanted + 1e-4), 3 * rows[stratum])


def test_on_average_each_gets_what_it_expects() -> None:
    rows = {(CELL, bin_): 1 for bin_ in range(10)}
    drawn = [allot(rows, {CELL: 0.3}, 3, 1, seed).copies for seed in range(400)]
    share = np.array([[one[stratum] for stratum in rows] for one in drawn]).mean(axis=0)
    assert abs(share - 0.3).max() < 0.09  # four standard deviations


def test_a_cell_that_gives_all_its_copies_gives_them_all() -> None:
    rows = {(CELL, 0): 5, (Cell("d", "en", "s"), 0): 7}
    found = allot(rows, {CELL: 2.0, Cell("d", "en", "s"): 3 / 7}, 13, 2, 0)
    assert found.copies == {(CELL, 0): 10, (Cell("d", "en", "s"), 0): 3}


def test_amounts_are_made_even_without_touching_rows() -> None:
    """Long texts, one to a bin, of which about half are drawn in each of many cells."""
    drawn = np.random.default_rng(0)
    strata = {
        (Cell(category, language, source), bin_): (1, int(2**bin_ * drawn.integers(1, 9)))
        for category in "xyz"
        for language in ("en", "zh")
        for source in "ab"
        for bin_ in range(12)
    }
    expected = {cell: 0.5 for cell, _ in strata}
    rows = dict.fromkeys(strata, 1)
    before = allot(rows, expected, len(strata) // 2, 1, 3)
    after = evened(before, strata)
    assert off(after.copies, strata) < 0.02 < 0.1 < off(before.copies, strata)
    for cell in expected:
        assert sum(after.copies[one] for one in strata if one[0] == cell) == sum(
            before.copies[one] for one in strata if one[0] == cell
        )
    assert set(after.copies.values()) <= {0, 1}


def off(copies: dict[tuple[Cell, int], int], strata: dict[tuple[Cell, int], tuple[int, int]]) -> float:
    """The greatest deviation of a category's or a language's amount from half of it."""
    found = []
    for axis in ("category", "language"):
        for value in {getattr(cell, axis) for cell, _ in strata}:
            own = {one: amount for one, (_, amount) in strata.items() if getattr(one[0], axis) == value}
            wanted = sum(own.values()) / 2
            found.append(abs(sum(copies[one] * amount for one, amount in own.items()) / wanted - 1))
    return max(found)
