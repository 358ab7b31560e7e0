"""Words and pairs, spelt as they stand."""

from __future__ import annotations

import itertools
import re
import sys
import unicodedata
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from concept_vocab.wikipedia import words
from concept_vocab.wikipedia.words import WordCounts

TEXTS = st.text(st.sampled_from("aB7é名\u0301 \n.-'’_\U00010400\U0001f600") | st.characters(codec="utf-8"))


def counted(text: str) -> tuple[Counter[str], Counter[tuple[str, str]]]:
    counts = WordCounts()
    counts.add(text)
    found = tables_of(counts)
    assert len(counts) == len(found[0]) + len(found[1])
    return found


def tables_of(counts: WordCounts) -> tuple[Counter[str], Counter[tuple[str, str]]]:
    unigrams, bigrams = (table.to_pydict() for table in counts.tables())
    both = zip(bigrams["first"], bigrams["second"], strict=True)
    return (
        Counter(dict(zip(unigrams["text"], unigrams["count"], strict=True))),
        Counter(dict(zip(both, bigrams["count"], strict=True))),
    )


def test_pairs_end_where_a_phrase_ends() -> None:
    found, pairs = counted("The red fox, the Red Fox. A fox (red) fox\nred")
    assert found == {"The": 1, "red": 3, "fox": 3, "the": 1, "Red": 1, "Fox": 1, "A": 1}
    assert set(pairs) == {("The", "red"), ("red", "fox"), ("the", "Red"), ("Red", "Fox"), ("A", "fox")}


def test_marks_within_words_stay_and_around_them_go() -> None:
    found, _ = counted("'''Albedo''' ''rock 'n' roll'' coup d'état – well-known 3.5 __x__ e\u0301t\u00e9")
    assert set(found) == {"Albedo", "rock", "n", "roll", "coup", "d'état", "well-known", "3", "5", "x", "été"}


def test_noise_is_no_word() -> None:
    assert not counted("a" * 65)[0]


def one_by_one(texts: list[str]) -> tuple[Counter[str], Counter[tuple[str, str]]]:
    """The same, phrase by phrase."""
    found, pairs = Counter[str](), Counter[tuple[str, str]]()
    for text in texts:
        for phrase in re.split(r"[^\w'’ -]+", unicodedata.normalize("NFC", text)):
            parts = [part.strip("'’-_") for part in phrase.split(" ")]
            kept = [part for part in parts if part and len(part) <= 64]
            found.update(kept)
            pairs.update(itertools.pairwise(kept))
    return found, pairs


@given(st.lists(TEXTS, max_size=8))
def test_any_text_is_counted_as_one_by_one(texts: list[str]) -> None:
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(words, "_LETTERS_AT_ONCE", 20)
        patched.setattr(words, "_ROWS_AT_LEAST", 2)
        counts = WordCounts()
        for text in texts:
            counts.add(text)
        assert tables_of(counts) == one_by_one(texts)


def test_letters_are_those_of_regular_expressions() -> None:
    every = "".join(map(chr, range(0xD800))) + "".join(map(chr, range(0xE000, sys.maxunicode + 1)))
    letters = set(re.findall(r"\w", every)) - {"_"}
    assert set(map(chr, (words._kinds() == words._LETTER).nonzero()[0])) == letters
