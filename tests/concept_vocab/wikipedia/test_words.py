"""Words and pairs, spelt as they stand."""

from __future__ import annotations

from collections import Counter

from concept_vocab.wikipedia.words import WordCounts


def counted(text: str) -> tuple[Counter[str], Counter[tuple[str, str]]]:
    counts = WordCounts()
    counts.add(text)
    assert len(counts) == len(counts.words) + len(counts.pairs)
    return counts.words, counts.pairs


def test_pairs_end_where_a_phrase_ends() -> None:
    words, pairs = counted("The red fox, the Red Fox. A fox (red) fox\nred")
    assert words == {"The": 1, "red": 3, "fox": 3, "the": 1, "Red": 1, "Fox": 1, "A": 1}
    assert set(pairs) == {("The", "red"), ("red", "fox"), ("the", "Red"), ("Red", "Fox"), ("A", "fox")}


def test_marks_within_words_stay_and_around_them_go() -> None:
    words, _ = counted("'''Albedo''' ''rock 'n' roll'' coup d'état – well-known 3.5 __x__ e\u0301t\u00e9")
    assert set(words) == {"Albedo", "rock", "n", "roll", "coup", "d'état", "well-known", "3", "5", "x", "été"}


def test_noise_is_no_word() -> None:
    assert not counted("a" * 65)[0]
