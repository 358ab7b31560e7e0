"""Sequences of words, and of characters where a text is Chinese."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from transforms.instruct.duplicates import shingles as room
from transforms.instruct.duplicates.shingles import shingle_sets


def shingles(text: str, purpose: str) -> np.ndarray:
    return shingle_sets([text], purpose)[0]


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


@settings(deadline=None)
@given(st.lists(st.text(alphabet="ab 图片,.1", max_size=12), max_size=6))
def test_texts_together_are_as_they_are_alone(texts: list[str]) -> None:
    values, lengths = shingle_sets(texts, "q")
    for text, found in zip(texts, np.split(values, np.cumsum(lengths)[:-1]), strict=False):
        np.testing.assert_array_equal(found, shingles(text, "q"))
    assert len(lengths) == len(texts)


@given(st.text("aB1_ -+'.\n\x1c\x00", max_size=20))
def test_tokens_of_ascii_are_those_of_any_text(text: str) -> None:
    assert room._tokens(text) == room._TOKEN.findall(text)
