"""Where words end in runs of Chinese, by the segmenter of the language, many runs at once.

jieba takes the likeliest way through a run: from its end to its begin, of the dictionary's words that begin at a place
the one with which the rest is likeliest. The same sums are made here in the same order, for all runs side by side, and
jieba's model is asked for what its dictionary lacks; so words are those that it gives run by run.

Shape legend: T characters of all runs, E edges (words of the dictionary that stand somewhere), P prefixes of its words.
"""

from __future__ import annotations

import functools
import itertools
import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from concept_vocab.languages.segmenters import SEGMENTERS, UNSPACED, jieba_tokenizer
from concept_vocab.vocabulary import VocabularyError

Ints = NDArray[np.int64]

#: What jieba looks up in its dictionary; it gives other characters one by one (``re_han_default``).
_FIRST, _LAST = 0x4E00, 0x9FD5
_BITS = 21  # of a character
_BETWEEN = ord("\n")

_REMEMBERED = 1 << 16  # pieces that the dictionary lacks: names, mostly, which come again


class _Dictionary(NamedTuple):
    """A prefix is told by the number of what is before its last character, 0 for nothing, and that character."""

    keys: NDArray[np.uint64]  # (P,) rising
    numbers: Ints  # (P,) of the prefix that each is
    weights: NDArray[np.float64]  # (P+1,) by number: log of the probability, −∞ where it is no word itself
    alone: float  # the same of a character that is no word


class _Edges(NamedTuple):
    """(E,) each, by how far they begin from the end of their run, then by begin and end."""

    begins: Ints
    ends: Ints
    weights: NDArray[np.float64]
    distance: Ints

    def take(self, order: Ints) -> _Edges:
        return _Edges(self.begins[order], self.ends[order], self.weights[order], self.distance[order])


def check_language(language: str) -> None:
    """Raises VocabularyError for a language whose words cannot be told apart."""
    if language in UNSPACED - SEGMENTERS.keys():
        raise VocabularyError(
            f"{language} is written without spaces between words, and there is no segmenter for it, so captions cannot "
            "be matched: leave its concepts out, or assign concepts by image"
        )


def word_ends(text: str) -> NDArray[np.bool_]:
    """(T+1,) of runs of Han characters, each followed by a line end: whether a word ends before each character."""
    codes = np.frombuffer(text.encode("utf-32-le"), np.uint32)
    is_known = (codes >= _FIRST) & (codes <= _LAST)
    is_end = np.zeros(len(codes) + 1, np.bool_)
    is_end[1:] = ~is_known & (codes != _BETWEEN)
    begins = np.flatnonzero(is_known & ~np.append(False, is_known[:-1]))
    if not len(begins):
        return is_end
    stops = np.where(is_known, len(codes), np.arange(len(codes)))
    stops = np.minimum.accumulate(stops[::-1])[::-1]  # (T,) where the run of each ends
    ways = _ways(_edges(codes, is_known, stops), len(codes))
    is_single = np.zeros(len(codes) + 1, np.bool_)
    while len(begins):
        taken = ways[begins]
        is_end[taken] = True
        is_single[begins] = taken - begins == 1
        begins = taken[taken < stops[begins]]
    _join_singles(text, is_single, is_end)
    return is_end


def _edges(codes: NDArray[np.uint32], is_known: NDArray[np.bool_], stops: Ints) -> _Edges:
    """The words that begin at each place, or the character there where none does."""
    dictionary, at = _dictionary(), np.flatnonzero(is_known)
    number, lacks, found = np.zeros(len(at), np.int64), is_known.copy(), []
    for length in range(1, len(codes) + 1):
        if not len(at):
            break
        key = (number.astype(np.uint64) << _BITS) | codes[at + length - 1]
        place = np.minimum(np.searchsorted(dictionary.keys, key), len(dictionary.keys) - 1)
        hit = dictionary.keys[place] == key
        at, number = at[hit], dictionary.numbers[place[hit]]
        weights = dictionary.weights[number]
        is_word = weights > -np.inf
        begins = at[is_word]
        lacks[begins] = False
        found.append((begins, begins + length, weights[is_word]))
        goes_on = at + length < stops[at]
        at, number = at[goes_on], number[goes_on]
    rest = np.flatnonzero(lacks)
    found.append((rest, rest + 1, np.full(len(rest), dictionary.alone)))
    begins, ends, weights = (np.concatenate(columns) for columns in zip(*found, strict=True))
    edges = _Edges(begins, ends, weights, stops[begins] - begins)
    return edges.take(np.lexsort((ends, begins, edges.distance)))


def _ways(edges: _Edges, size: int) -> Ints:
    """(T,) the end of the word that is taken at each place: the likeliest way to the end of the run, of equal ones the
    longest word."""
    likelihood, ways = np.zeros(size + 1), np.zeros(size, np.int64)
    levels = np.flatnonzero(np.diff(edges.distance, prepend=0, append=edges.distance[-1] + 1)).tolist()
    for start, stop in itertools.pairwise(levels):
        begins, ends = edges.begins[start:stop], edges.ends[start:stop]
        values = edges.weights[start:stop] + likelihood[ends]
        firsts = np.flatnonzero(np.diff(begins, prepend=-1))
        best = np.maximum.reduceat(values, firsts)
        is_best = values == np.repeat(best, np.diff(firsts, append=len(begins)))
        likelihood[begins[firsts]] = best
        ways[begins[firsts]] = np.maximum.reduceat(np.where(is_best, ends, 0), firsts)
    return ways


def _join_singles(text: str, is_single: NDArray[np.bool_], is_end: NDArray[np.bool_]) -> None:
    """Characters one after another that are no words together, to jieba's dictionary: its model joins some of them."""
    edges = np.flatnonzero(np.diff(is_single, prepend=False))
    counts = jieba_tokenizer().FREQ
    for begin, end in zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True):
        if end - begin > 1 and not counts.get(letters := text[begin:end]):
            is_end[begin + 1 : end] = False
            is_end[[begin + one for one in _ends_by_model(letters)]] = True


@functools.lru_cache(_REMEMBERED)
def _ends_by_model(letters: str) -> tuple[int, ...]:
    from jieba import finalseg

    ends, at = [], 0
    for word in finalseg.cut(letters):
        at += len(word)
        ends.append(at)
    return tuple(ends)


@functools.cache
def _dictionary() -> _Dictionary:
    """jieba's, which holds whatever its words begin with too, with a count of 0 where that is no word."""
    tokenizer = jieba_tokenizer()
    total = math.log(tokenizer.total)
    numbers = {"": 0}
    keys, weights = [], [-math.inf]
    for word in sorted(tokenizer.FREQ, key=len):
        if word:
            numbers[word] = len(numbers)
            keys.append((numbers[word[:-1]] << _BITS) | ord(word[-1]))
            count = tokenizer.FREQ[word]
            weights.append(math.log(count) - total if count else -math.inf)
    order = np.argsort(np.array(keys, np.uint64))
    return _Dictionary(
        np.array(keys, np.uint64)[order],
        order.astype(np.int64) + 1,
        np.array(weights, np.float64),
        math.log(1) - total,
    )
