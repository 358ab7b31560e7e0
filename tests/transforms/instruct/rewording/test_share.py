"""As many rows are translated as asked for, and more in place of those that are refused."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from transforms.instruct.rewording.share import Taking, wanted


@given(
    st.sets(st.integers(0, 2**64 - 2), max_size=80),
    st.sets(st.integers(0, 2**64 - 2), max_size=80),
    st.floats(0, 1),
    st.integers(0, 9),
)
def test_the_share_is_met(english: set[int], chinese: set[int], share: float, refused: int) -> None:
    """Every row whose number ends in a digit below ``refused`` is refused."""
    numbers = {"en": np.sort(np.array(list(english), np.uint64)), "zh": np.sort(np.array(list(chinese), np.uint64))}
    asked = wanted(numbers, share)
    source = english if asked.language == "en" else chinese
    rounds: list[int] = []

    def accepted(first: int, end: int) -> int:
        own = [one for one in source if first <= one < end]
        rounds.append(len(own))
        return sum(one % 10 >= refused for one in own)

    below = Taking(asked, accepted, 1000).settle()
    taken = [one for one in source if one < below]
    done = sum(one % 10 >= refused for one in taken)
    assert sum(rounds) == len(taken)  # nothing is asked twice
    assert done == asked.rows or (done < asked.rows and len(taken) == len(source))
    total = len(english) + len(chinese)
    zh = len(chinese) + (done if asked.language == "en" else -done)
    if done == asked.rows:
        assert abs(zh - share * total) <= 0.5


@given(st.integers(0, 3000), st.integers(0, 3000), st.floats(0, 1), st.floats(0, 1))
def test_twins_count_in_the_share(english: int, chinese: int, share: float, twins: float) -> None:
    numbers = {"en": np.arange(english, dtype=np.uint64), "zh": np.arange(chinese, dtype=np.uint64)}
    asked = wanted(numbers, share, twins)
    stay = asked.rows * twins
    zh = chinese + (asked.rows if asked.language == "en" else stay - asked.rows)
    en = english + (stay - asked.rows if asked.language == "en" else asked.rows)
    if asked.rows < len(numbers[asked.language]):
        assert abs(zh - share * (zh + en)) <= 1
