"""Ratings weigh: the chance that a row takes part rises with its score, and who does is keyed."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from transforms.instruct.mixing.weighing import Weigh


@given(st.floats(-1, 1), st.floats(0.01, 1), st.floats(0, 1), st.lists(st.floats(-2, 2), min_size=1))
def test_chances(never: float, span: float, unrated: float, scores: list[float]) -> None:
    weigh = Weigh(never=never, always=never + span, unrated=unrated)
    rising = np.sort(np.array(scores))
    chances = weigh.chances(rising)
    assert ((chances >= 0) & (chances <= 1)).all() and (np.diff(chances) >= 0).all()
    assert (chances[rising <= never] == 0).all() and (chances[rising >= never + span] == 1).all()
    assert weigh.chances(np.array([np.nan])) == [unrated]


def test_a_line_that_falls_is_refused() -> None:
    with pytest.raises(ValueError, match="below"):
        Weigh(never=1.0, always=0.5)
