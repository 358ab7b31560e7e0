"""The variety of questions, counted in arrays: what sets of n-grams give, in whatever pieces it is added up."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from transforms.conversations.document import Message, Text
from transforms.instruct.rows import Row
from transforms.instruct.templating.diversity import ORDERS, TemplatesTally, Variety, distinct, sum_of

QUESTIONS = st.lists(st.lists(st.sampled_from(["what", "is", "this", "谁在", "画里?"]), max_size=6), max_size=8)


def asking(words: Sequence[str]) -> Row:
    return Row("k", "s", (Message("user", (Text(" ".join(words)),)), Message("assistant", (Text("so"),))))


def grams(questions: Sequence[Sequence[str]], order: int) -> list[tuple[str, ...]]:
    found = []
    for question in questions:
        text = " ".join(question)
        words = text.split() if text.isascii() else list("".join(question))
        found += [tuple(words[at : at + order]) for at in range(len(words) - order + 1)]
    return found


@given(QUESTIONS, QUESTIONS)
def test_as_many_as_sets_hold(one: list[list[str]], other: list[list[str]]) -> None:
    variety = Variety.of(list(map(asking, one)))
    variety += Variety.of(list(map(asking, other)))
    for order in ORDERS:
        expected = grams([*one, *other], order)
        assert (len(variety.ngrams[order]), variety.totals[order]) == (len(set(expected)), len(expected))
    assert variety.openings.total() == len(one) + len(other)


def test_what_stays_as_it_is_counts_before_and_after() -> None:
    kept, was, written = (Variety.of([asking(words.split())]) for words in ("what is this", "what is", "this is it"))
    told = TemplatesTally(kept=kept, was=was, written=written).to_dict([])
    assert (told["before"]["distinct_1"], told["after"]["distinct_1"]) == (round(3 / 5, 6), round(4 / 6, 6))
    assert told["sampled_rows"] == 2
    assert sum_of(kept, was).totals[1] == 5


@given(st.lists(st.integers(0, 2**64 - 1)))
def test_each_once_in_order(values: list[int]) -> None:
    assert distinct(np.array(values, np.uint64)).tolist() == sorted(set(values))
