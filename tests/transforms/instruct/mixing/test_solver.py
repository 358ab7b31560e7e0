"""Shares that are met, what is least changed, and what is said of targets that cannot be."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import settings as settings_of
from hypothesis import strategies as st

from transforms.errors import EvenweaveError
from transforms.instruct.mixing.about import Cell
from transforms.instruct.mixing.constraints import problem_of, tempered_shares
from transforms.instruct.mixing.settings import AxisTarget, MixSettings
from transforms.instruct.mixing.solver import largest_size, solve
from transforms.instruct.mixing.tally import MixTally
from transforms.instruct.mixing.targets import expected_copies

#: Rows and amount.
CELLS = {
    Cell("ocr", "en", "a"): (400, 4000),
    Cell("ocr", "zh", "a"): (100, 500),
    Cell("vqa", "en", "a"): (600, 600),
    Cell("vqa", "zh", "b"): (300, 900),
    Cell("code", "en", "b"): (50, 5000),
}


def tally(cells: dict[Cell, tuple[int, int]]) -> MixTally:
    return MixTally({(cell, 0): counts for cell, counts in cells.items()})


def shares(axis: str, expected: dict[Cell, float]) -> dict[str, float]:
    amounts: dict[str, float] = {}
    for cell, copies in expected.items():
        value = getattr(cell, axis)
        amounts[value] = amounts.get(value, 0.0) + copies * CELLS[cell][1]
    return {value: amount / sum(amounts.values()) for value, amount in amounts.items()}


def test_shares_of_two_axes_are_met_together() -> None:
    wanted = {"ocr": 0.5, "vqa": 0.2, "code": 0.3}
    settings = MixSettings(
        size=300,
        unit="tokens",
        category=AxisTarget(shares=wanted),
        language=AxisTarget(shares={"en": 0.9, "zh": 0.1}),
    )
    expected, size = expected_copies(tally(CELLS), settings)
    assert size == 300 == pytest.approx(sum(copies * CELLS[cell][0] for cell, copies in expected.items()))
    assert shares("category", expected) == pytest.approx(wanted, rel=1e-5)
    assert shares("language", expected) == pytest.approx({"en": 0.9, "zh": 0.1}, rel=1e-5)
    assert all(0 <= copies <= 1 + 1e-9 for copies in expected.values())


def test_what_is_not_named_is_left_out() -> None:
    settings = MixSettings(size=100, category=AxisTarget(shares={"ocr": 0.5, "code": 0.5}))
    expected, _ = expected_copies(tally(CELLS), settings)
    assert {cell.category for cell in expected} == {"ocr", "code"}


def test_least_is_changed() -> None:
    """Within a category nothing is asked, so there the proportions stay."""
    settings = MixSettings(size=200, category=AxisTarget(shares={"ocr": 0.5, "vqa": 0.4, "code": 0.1}))
    expected, _ = expected_copies(tally({cell: (rows, rows) for cell, (rows, _) in CELLS.items()}), settings)
    assert expected[Cell("ocr", "en", "a")] == pytest.approx(expected[Cell("ocr", "zh", "a")], rel=1e-5)
    assert expected[Cell("vqa", "en", "a")] == pytest.approx(expected[Cell("vqa", "zh", "b")], rel=1e-5)


def test_a_cap_binds_only_where_it_is_reached() -> None:
    settings = MixSettings(size=500, source=AxisTarget(caps={"a": 0.5, "b": 0.9}))
    expected, _ = expected_copies(tally({cell: (rows, rows) for cell, (rows, _) in CELLS.items()}), settings)
    rows = {"a": 0.0, "b": 0.0}
    for cell, copies in expected.items():
        rows[cell.source] += copies * CELLS[cell][0]
    assert rows == pytest.approx({"a": 250, "b": 250}, rel=1e-5)


def test_without_a_size_it_is_the_largest_that_can_be() -> None:
    """100 of 100 rows in Chinese ocr are half of it."""
    settings = MixSettings(
        category=AxisTarget(shares={"ocr": 1.0}), language=AxisTarget(shares={"en": 0.5, "zh": 0.5}), max_copies=2
    )
    ones = {cell: (rows, rows) for cell, (rows, _) in CELLS.items()}
    expected, size = expected_copies(tally(ones), settings)
    assert size == 400 and expected[Cell("ocr", "zh", "a")] == pytest.approx(2.0)


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        (MixSettings(size=2000), r"asks for 2,000 rows, and there are 1,450"),
        (
            MixSettings(size=500, category=AxisTarget(shares={"code": 0.5, "vqa": 0.5})),
            r"share of category code \(0\.5\) binds: 0\.1 can be had.*mix\.size 100; mix\.max_copies 5",
        ),
        (
            MixSettings(size=500, category=AxisTarget(floors={"code": 0.2})),
            r"floor of category code \(0\.2\) binds: 0\.1 can be had.*mix\.size 250; mix\.max_copies 2;.*to 0\.1\.",
        ),
        (
            MixSettings(size=100, category=AxisTarget(shares={"science": 1.0})),
            r"a share of 'science', and no row that is left has it.*code, ocr, vqa",
        ),
        (MixSettings(size=100, source=AxisTarget(cap=0.4)), r"caps of its 2 values add up to 0\.8, less than 1"),
        (
            MixSettings(
                size=10,
                category=AxisTarget(shares={"code": 0.5, "ocr": 0.5}),
                language=AxisTarget(shares={"zh": 0.8, "en": 0.2}),
            ),
            r"contradict each other at any size",
        ),
    ],
)
def test_the_condition_that_binds_is_named(settings: MixSettings, said: str) -> None:
    with pytest.raises(EvenweaveError, match=said):
        expected_copies(tally({cell: (rows, rows) for cell, (rows, _) in CELLS.items()}), settings)


def test_what_is_said_to_make_it_possible_does() -> None:
    ones = {cell: (rows, rows) for cell, (rows, _) in CELLS.items()}
    wanted = {"category": AxisTarget(shares={"code": 0.5, "vqa": 0.5})}
    expected_copies(tally(ones), MixSettings(size=100, **wanted))
    expected_copies(tally(ones), MixSettings(size=500, max_copies=5, **wanted))
    with pytest.raises(EvenweaveError):
        expected_copies(tally(ones), MixSettings(size=500, max_copies=4, **wanted))


@settings_of(max_examples=30)
@given(st.lists(st.integers(1, 5000), min_size=4, max_size=4), st.floats(0.1, 0.9), st.floats(0.1, 0.9), st.data())
def test_any_margins_that_can_be_had_are_met(rows: list[int], first: float, second: float, data: st.DataObject) -> None:
    cells = dict(
        zip(itertools.starmap(Cell, itertools.product("xy", "ez", "s")), ((n, 3 * n) for n in rows), strict=True)
    )
    settings = MixSettings(
        category=AxisTarget(shares={"x": first, "y": 1 - first}),
        language=AxisTarget(shares={"e": second, "z": 1 - second}),
        max_copies=3,
    )
    problem = problem_of(cells, settings)
    largest = int(largest_size(problem))
    assume(largest >= 1)
    size = data.draw(st.integers(1, largest))
    found = solve(problem, size)
    assert (found >= 0).all() and (found <= problem.most * (1 + 1e-9)).all()
    assert found.sum() == pytest.approx(size)
    for condition in problem.conditions:
        assert problem.share_of(condition, found) == pytest.approx(condition.share, abs=1e-5)


@given(
    st.dictionaries(st.sampled_from("abcdef"), st.floats(1, 1e9), min_size=2),
    st.floats(0.5, 20),
    st.floats(0, 0.16),
    st.floats(0.6, 1),
)
def test_tempered_shares_keep_their_bounds_and_order(
    amounts: dict[str, float], temperature: float, floor: float, cap: float
) -> None:
    found = tempered_shares(amounts, temperature, dict.fromkeys(amounts, (floor, cap)))
    assert sum(found.values()) == pytest.approx(1)
    assert all(floor - 1e-9 <= share <= cap + 1e-9 for share in found.values())
    in_order = [found[value] for value in sorted(amounts, key=lambda value: amounts[value])]
    assert all(before <= after + 1e-9 for before, after in itertools.pairwise(in_order))


def test_a_temperature_by_hand() -> None:
    free = {"a": (0.0, 1.0), "b": (0.0, 1.0)}
    assert tempered_shares({"a": 400.0, "b": 100.0}, 2.0, free) == pytest.approx({"a": 2 / 3, "b": 1 / 3})
    assert np.isclose(tempered_shares({"a": 400.0, "b": 100.0}, 1.0, free)["a"], 0.8)


def test_a_value_with_too_few_rows_for_its_temperature_gives_them_all() -> None:
    settings = MixSettings(size=900, max_copies=2, category=AxisTarget(temperature=20.0))
    expected, _ = expected_copies(tally({cell: (count, count) for cell, (count, _) in CELLS.items()}), settings)
    rows: dict[str, float] = {}
    for cell, copies in expected.items():
        rows[cell.category] = rows.get(cell.category, 0.0) + copies * CELLS[cell][0]
    assert rows["code"] == pytest.approx(2 * 50, rel=2e-3)
    assert rows["vqa"] / rows["ocr"] == pytest.approx((900 / 500) ** (1 / 20), rel=1e-4)


@pytest.mark.slow
@given(
    st.lists(st.tuples(st.integers(1, 10**6), st.integers(1, 50)), min_size=1, max_size=5),
    st.floats(1, 30),
    st.integers(1, 3),
    st.floats(0.01, 0.95),
)
def test_any_temperature_is_possible(
    values: list[tuple[int, int]], temperature: float, max_copies: int, part: float
) -> None:
    cells = {Cell(f"c{at}", "en", "a"): (rows, rows * each) for at, (rows, each) in enumerate(values)}
    size = max(1, int(part * max_copies * sum(rows for rows, _ in values)))
    settings = MixSettings(
        size=size, unit="tokens", max_copies=max_copies, category=AxisTarget(temperature=temperature)
    )
    expected, _ = expected_copies(tally(cells), settings)
    assert sum(copies * cells[cell][0] for cell, copies in expected.items()) == pytest.approx(size, rel=1e-5)
