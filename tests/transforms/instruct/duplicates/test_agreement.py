"""Near texts agree, and those that differ in what counts do not."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.transforms.instruct.duplicates.small_duplicates import SETTINGS, asking, picture
from transforms.instruct.duplicates.agreement import COLUMNS, Compared, _at_least, jaccard, similarities
from transforms.instruct.duplicates.described import MOST_SHINGLES, ROW, describe
from transforms.instruct.rows import Region, Row

LONG = "Describe in one short paragraph how the harbour of the old town looks on a rainy morning in early spring"
TALE = "It looks grey, and the boats lie still along the quay while the gulls wait for the first of the fishermen"


def similarity(one: Row, other: Row) -> float:
    table = describe([one, other], SETTINGS, 0)
    rows = np.frombuffer(b"".join(table["row"].to_pylist()), ROW)
    first, second = (Compared(rows[at : at + 1], table.select(COLUMNS).slice(at, 1).combine_chunks()) for at in (0, 1))
    return float(similarities(first, second, SETTINGS.min_similarity)[0])


@pytest.mark.parametrize(
    ("question", "answer", "agrees"),
    [
        (LONG, TALE, True),
        (LONG + " please", TALE + " today", True),
        (LONG, "Blue.", False),
        ("What is the harbour?", TALE, False),
        (LONG + " 3", TALE, False),
    ],
)
def test_question_and_answer_both_agree(question: str, answer: str, agrees: bool) -> None:
    assert (similarity(asking("0", LONG, TALE), asking("1", question, answer)) > 0) == agrees


def test_what_other_tools_are_offered_for_is_another_question() -> None:
    one, other = (dataclasses.replace(asking(key, LONG, TALE), tools=f'[{{"name": "{key}"}}]') for key in "ab")
    assert similarity(one, other) == 0
    assert similarity(one, dataclasses.replace(one, key="s/a/c")) == 1


def test_a_caption_agrees_with_a_question_that_is_answered_by_it() -> None:
    shown = picture("a")
    caption = asking("0", "", TALE, shown)
    assert similarity(caption, asking("1", "Describe the picture.", TALE, shown)) == 1
    assert similarity(asking("2", "Describe it.", TALE, shown), asking("1", "What is seen?", TALE, shown)) == 0
    assert similarity(asking("3", "", "red", shown), asking("4", "Which colour?", "red", shown)) == 0


@pytest.mark.parametrize(("moved", "agrees"), [(0.0, True), (0.9, True), (4.0, False)])
def test_boxes_agree_that_lie_in_the_same_place(moved: float, agrees: bool) -> None:
    def boxed(key: str, text: str, x: float) -> Row:
        region = Region(0, "box", (x, 10.0, 50.0, 50.0), "", 1, 0, 0, len(text))
        return asking(key, "Where is the cat?", text, picture("a"), boxes=(region,))

    one, other = boxed("0", "[1, 2, 3, 4]", 10.0), boxed("1", "[0.1, 0.2, 0.3, 0.4]", 10.0 + moved)
    assert (similarity(one, other) > 0) == agrees


@settings(deadline=None)
@given(st.sets(st.integers(0, 60)), st.sets(st.integers(0, 60)))
def test_small_sets_are_compared_exactly(one: set[int], other: set[int]) -> None:
    found = jaccard(*(np.array(sorted(values), np.uint32) for values in (one, other)))
    assert found == (len(one & other) / len(one | other) if one | other else 1.0)


def test_of_larger_sets_it_is_an_estimate() -> None:
    random = np.random.default_rng(0)
    pool = random.choice(2**32, 9_000, replace=False).astype(np.uint32)
    one, other = np.sort(pool[:8_000]), np.sort(pool[1_000:])  # 7,000 of 9,000 in common
    found = jaccard(one[:MOST_SHINGLES], other[:MOST_SHINGLES])
    assert found == pytest.approx(7 / 9, abs=4 * (7 / 9 * 2 / 9 / MOST_SHINGLES) ** 0.5)


@given(st.sets(st.integers(0, 40)), st.sets(st.integers(0, 40)), st.floats(0.01, 1))
def test_sets_of_too_different_sizes_are_not_alike_anyway(one: set[int], other: set[int], wanted: float) -> None:
    first, second = (np.array(sorted(values), np.uint32) for values in (one, other))
    expected = len(one & other) / len(one | other) if one | other else 1.0
    assert _at_least(first, second, wanted) == (expected if expected >= wanted else 0)
