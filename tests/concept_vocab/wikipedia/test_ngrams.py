"""Which words and pairs are chosen, by hand and against the textbook's formula."""

from __future__ import annotations

import math
import re

import pyarrow as pa
import pytest

from concept_vocab.vocabulary import VocabularyError
from concept_vocab.wikipedia.ngrams import (
    BIGRAMS,
    UNIGRAMS,
    NgramCounts,
    Threshold,
    choose_bigrams,
    choose_unigrams,
)

N_WORDS = 2**34
COUNTS = NgramCounts(
    N_WORDS,
    pa.table([["hong", "kong", "of", "the", "zx", "zy"], [8, 8, 2**24, 2**25, 2, 2]], schema=UNIGRAMS),
    pa.table([["hong", "of", "zx"], ["kong", "the", "zy"], [8, 2**20, 2]], schema=BIGRAMS),
)


def test_a_threshold_grows_with_the_corpus() -> None:
    assert Threshold(5, 5e-9).of(10**6) == 5
    assert Threshold(5, 5e-9).of(4_500_000_000) == 23


def test_unigrams_by_count() -> None:
    assert choose_unigrams(COUNTS, Threshold(8, 0))["text"].to_pylist() == ["hong", "kong", "of", "the"]
    with pytest.raises(VocabularyError, match="the commonest is seen 33554432 times"):
        choose_unigrams(COUNTS, Threshold(2**26, 0))


def test_npmi_is_that_of_the_formula() -> None:
    chosen = choose_bigrams(COUNTS, "npmi", Threshold(5, 0))
    assert chosen["text"].to_pylist() == ["hong kong", "of the"]
    of_the = math.log2(2**20 * N_WORDS / (2**24 * 2**25)) / -math.log2(2**20 / N_WORDS)
    assert chosen["score"].to_pylist() == pytest.approx([1.0, of_the])


def test_the_published_rule_takes_what_is_rare() -> None:
    chosen = choose_bigrams(COUNTS, "metaclip", Threshold(5, 0))
    assert dict(zip(chosen["text"].to_pylist(), chosen["score"].to_pylist(), strict=True)) == {
        "hong kong": pytest.approx(31.0),
        "zx zy": pytest.approx(33.0),
    }


def test_a_rule_that_yields_nothing_tells_the_largest_value() -> None:
    small = NgramCounts(2**20, COUNTS.unigrams, COUNTS.bigrams)
    with pytest.raises(VocabularyError, match=re.escape("PMI 30 and more, and the largest here is 19.0")):
        choose_bigrams(small, "metaclip", Threshold(5, 0))
    with pytest.raises(VocabularyError, match="the commonest is seen 1048576 times"):
        choose_bigrams(COUNTS, "npmi", Threshold(2**21, 0))
