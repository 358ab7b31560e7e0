"""Sequences of words, and of characters where a text is Chinese."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from transforms.instruct.duplicates.shingles import shingles


def test_words_go_in_threes() -> None:
    assert len(shingles("one two three four five", "q")) == 3
    both = np.intersect1d(shingles("one two three four", "q"), shingles("two three four five", "q"))
    assert len(both) == 1


def test_characters_go_in_fives() -> None:
    assert len(shingles("这是一张图片吗", "q")) == 3


def test_short_texts_are_one_sequence_and_none_has_none() -> None:
    assert len(shingles("yes", "q")) == 1
    assert len(shingles("", "q")) == 0


def test_order_signs_and_purpose_count() -> None:
    texts = [("a b c", "q"), ("c b a", "q"), ("a b c", "other"), ("a+b", "q"), ("a-b", "q")]
    found = [tuple(shingles(text, purpose)) for text, purpose in texts]
    assert len(set(found)) == len(texts)


@settings(deadline=None)
@given(st.text())
def test_they_are_sorted_and_each_stands_once(text: str) -> None:
    found = shingles(text, "q").astype(np.int64)
    assert (np.diff(found) > 0).all()
