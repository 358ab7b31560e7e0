"""Which words and pairs of a corpus become concepts, by how often they stand in it and, pairs, how much together.

PMI(a b) = log2(N·n(ab) / (n(a)·n(b))), N the words of the corpus (Church and Hanks 1990, as NLTK's
BigramAssocMeasures.pmi has it). It is log2(N / n) at most, n the count of the commoner word, so PMI of 30 and more, by
which the published list was made, asks for words seen at most four times in 4.5e9, and those are typos. Normalised,
PMI / −log2(n(ab) / N) (Bouma 2009) is at most 1, and a least count keeps chance out.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from concept_vocab.vocabulary import VocabularyError

Rule = Literal["npmi", "metaclip"]

#: https://github.com/facebookresearch/MetaCLIP, metaclip/metaclip1/build_metadata.py: "estimated" there.
METACLIP_PMI = 30.0

UNIGRAMS = pa.schema([("text", pa.string()), ("count", pa.int64())])
BIGRAMS = pa.schema([("first", pa.string()), ("second", pa.string()), ("count", pa.int64())])


class Threshold(NamedTuple):
    """A least count, and the same as a share of the corpus, so that a larger one asks for more."""

    minimum: int
    share: float

    def of(self, n_words: int) -> int:
        return max(self.minimum, int(np.ceil(n_words * self.share)))


@dataclass(frozen=True)
class NgramCounts:
    """``n_words``: all words of the corpus, N. Tables hold what may come into question: of (U,) words, (B,) pairs."""

    n_words: int
    unigrams: pa.Table  # UNIGRAMS
    bigrams: pa.Table  # BIGRAMS


def choose_unigrams(counts: NgramCounts, threshold: Threshold) -> pa.Table:
    """(text, count) of those seen often enough. Raises VocabularyError where none is, with the largest count."""
    found = counts.unigrams.filter(pc.greater_equal(counts.unigrams["count"], threshold.of(counts.n_words)))
    if not found.num_rows:
        raise VocabularyError(
            f"no word of {counts.n_words:,} is seen {threshold.of(counts.n_words)} times; the commonest is seen "
            f"{pc.max(counts.unigrams['count']).as_py() or 0} times. Lower unigrams.minimum and unigrams.share"
        )
    return found


def choose_bigrams(counts: NgramCounts, rule: Rule, threshold: Threshold, spaced: bool = True) -> pa.Table:
    """(text, count, score) of the pairs that the rule takes; the score is what they are to be ranked by.

    npmi: seen often enough, scored by normalised PMI. metaclip: PMI of 30 or more, seen once or often. ``spaced``:
    whether the language puts spaces between words. Raises VocabularyError where the rule takes none, with the largest
    value that there is.
    """
    least = 1 if rule == "metaclip" else threshold.of(counts.n_words)
    pairs = counts.bigrams.filter(pc.greater_equal(counts.bigrams["count"], least))
    if not pairs.num_rows:
        most = pc.max(counts.bigrams["count"]).as_py() or 0
        raise VocabularyError(
            f"no pair of words is seen {least} times; the commonest is seen {most} times. Lower bigrams.minimum and "
            "bigrams.share, or take no pairs (bigrams.cap: 0)"
        )
    pmi = _pmi(pairs, counts)
    if rule == "metaclip":
        if not (pmi >= METACLIP_PMI).any():
            raise VocabularyError(
                f"rule metaclip takes pairs of PMI {METACLIP_PMI:g} and more, and the largest here is {pmi.max():.1f}: "
                f"log2(N / count) bounds it, and N is {counts.n_words:,}. Take rule npmi"
            )
        scores, taken = pmi, pmi >= METACLIP_PMI
    else:
        share = pairs["count"].to_numpy() / counts.n_words
        scores, taken = pmi / -np.log2(share), np.ones(len(pmi), bool)
    text = pc.binary_join_element_wise(pairs["first"], pairs["second"], " " if spaced else _between(pairs))
    table = pa.table({"text": text, "count": pairs["count"], "score": scores})
    return table.filter(pa.array(taken))


def _between(pairs: pa.Table) -> pa.Array:
    """(B,) what stands between two words of a language without spaces: one where both are Latin, as in "New York"."""
    latin = (
        pc.match_substring_regex(pairs["first"], "[0-9A-Za-z]$"),
        pc.match_substring_regex(pairs["second"], "^[0-9A-Za-z]"),
    )
    return pc.if_else(pc.and_(*latin), " ", "")


def _pmi(pairs: pa.Table, counts: NgramCounts) -> NDArray[np.float64]:
    """(B,) of pairs, in bits."""
    words, frequencies = counts.unigrams["text"], counts.unigrams["count"].to_numpy()
    rows = [pc.index_in(pairs[side], value_set=words) for side in ("first", "second")]
    if any(row.null_count for row in rows):
        raise VocabularyError("a pair holds a word that was not counted; count the dump again")
    first, second = (frequencies[row.to_numpy()] for row in rows)
    joint = pairs["count"].to_numpy().astype(np.float64)
    result: NDArray[np.float64] = np.log2(joint * counts.n_words) - np.log2(first.astype(np.float64) * second)
    return result
