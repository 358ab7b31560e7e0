"""Two samples tell what is fixed and what grows."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from transforms.planning.usage import Line, Usage, line_through

amounts = st.floats(0, 1e12)


def usage(amount: float) -> Usage:
    return Usage(amount, amount * 2, amount * 3, amount * 4, amount * 5)


@given(st.floats(0, 1e9), st.floats(0, 1e6), st.integers(1, 10**6), st.integers(1, 10**6))
def test_a_line_is_found_again(fixed: float, each: float, few: int, more: int) -> None:
    truth = Line(usage(fixed), usage(each))
    many = few + more
    found = line_through((few, truth.at(few)), (many, truth.at(many)))
    for rows in (few, many):
        for name, value in found.at(rows).to_dict().items():
            assert value == pytest.approx(truth.at(rows).to_dict()[name], rel=1e-6, abs=1e-3)


@given(amounts, amounts, st.integers(1, 10**6), st.integers(0, 10**6))
def test_nothing_is_negative_and_the_larger_sample_is_met(low: float, high: float, few: int, more: int) -> None:
    line = line_through((few, usage(low)), (few + more, usage(high)))
    parts = [*line.fixed.to_dict().values(), *line.each.to_dict().values()]
    assert min(parts) >= 0
    met = line.at(few + more).to_dict()
    assert all(met[name] == pytest.approx(value, rel=1e-6) for name, value in usage(high).to_dict().items())


def test_what_does_not_grow_is_fixed() -> None:
    assert line_through((333, usage(5)), (333, usage(7))) == Line(usage(7), Usage())
    assert line_through((100, usage(9)), (200, usage(7))) == Line(usage(7), Usage())


def test_a_line_is_kept_and_read() -> None:
    line = Line(usage(1.5), usage(0.25))
    assert Line.from_dict(line.to_dict()) == line
