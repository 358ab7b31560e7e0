"""Hashes of texts survive what a copy changes, and tell other texts apart."""

from __future__ import annotations

import string

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from transforms.instruct.decontaminating import wording as room
from transforms.instruct.decontaminating.wording import (
    hashed,
    holds,
    is_unspaced,
    ngrams,
    sentence_hashes,
    tokens_of,
    whole_hash,
    windows,
)

TEXTS = st.lists(st.text(string.ascii_letters + string.digits, min_size=1, max_size=6), min_size=1, max_size=30)


@given(TEXTS)
def test_case_and_marks_change_nothing(words: list[str]) -> None:
    plain = tokens_of(" ".join(words))
    assert plain == tokens_of("  ".join(f"{word.swapcase()}," for word in words) + "?!")


@given(TEXTS, TEXTS, TEXTS)
def test_a_question_is_found_in_what_stands_around_it(before: list[str], question: list[str], after: list[str]) -> None:
    tokens = tokens_of(" ".join(question))
    around = hashed([tokens_of(" ".join([*before, *question, *after]))]).hashes
    assert holds(around, whole_hash(tokens), len(tokens))


@given(TEXTS)
def test_a_window_is_told_by_its_order(words: list[str]) -> None:
    hashes = hashed([words]).hashes
    turned = windows(hashes[::-1].copy(), len(words))
    assert (windows(hashes, len(words)) == turned).all() == (words == words[::-1])


def test_no_ngram_reaches_from_one_text_into_the_next() -> None:
    tokens = hashed([list("abc"), [], list("de"), list("fghi")])
    found, text = ngrams(tokens, 3)
    assert text.tolist() == [0, 3, 3]
    expected = [whole_hash(list(piece)) for piece in ("abc", "fgh", "ghi")]
    assert found.tolist() == expected


@pytest.mark.parametrize(
    ("text", "tokens", "unspaced"),
    [
        ("What is 3.5 km?", ["what", "is", "35", "km"], False),
        ("图中有什么？", list("图中有什么"), True),
        ("ＡＢＣ—def", ["abc", "def"], False),
        ("写一个 Python 函数。", ["写", "一", "个", "python", "函", "数"], True),
        ("", [], False),
    ],
)
def test_tokens(text: str, tokens: list[str], unspaced: bool) -> None:
    assert tokens_of(text) == tokens
    assert is_unspaced(tokens) is unspaced


def test_a_sentence_is_found_by_itself() -> None:
    asked = whole_hash(tokens_of("Where is the red car"))
    assert asked in sentence_hashes("Look closely. Where is the red car? Answer briefly.")
    assert asked in sentence_hashes("WHERE IS THE RED CAR?\nA. left\nB. right\nAnswer with the letter.")
    assert asked not in sentence_hashes("Where is the red car parked?")
    assert sentence_hashes("?!") == set()


def test_fewer_tokens_than_a_window_hold_none() -> None:
    assert not len(windows(np.zeros(3, np.uint64), 4))
    assert whole_hash([]) == 0


@given(st.text(st.characters(max_codepoint=127), max_size=30))
def test_tokens_of_ascii_are_those_of_any_text(text: str) -> None:
    plain = room._MARKS.sub("", room._PARTS_WORDS.sub(" ", text.casefold()))
    assert tokens_of(text) == room._TOKENS.findall(plain)


@given(TEXTS)
def test_a_text_as_a_whole_is_its_longest_window(words: list[str]) -> None:
    assert whole_hash(words) == int(windows(hashed([words]).hashes, len(words))[0])


def test_only_pieces_of_such_lengths() -> None:
    text = "Look closely. Where is the red car?"
    assert sentence_hashes(text, {5}) == {whole_hash(tokens_of("Where is the red car"))}
    assert sentence_hashes(text, {4}) == set()
