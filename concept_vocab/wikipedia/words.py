"""Words and pairs of neighbouring words, counted: of many texts at once, as arrays.

Shape legend: L letters of all texts, W words of them, as they follow each other.
"""

from __future__ import annotations

import functools
import itertools
import re
import sys
import unicodedata
from typing import NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from concept_vocab.languages.scripts import common_script
from concept_vocab.languages.segmenters import SEGMENTERS, Segmenter, check_language
from concept_vocab.wikipedia.ngrams import BIGRAMS, UNIGRAMS

#: What words are not made of; it ends a phrase, so no pair reaches over it.
_BETWEEN = re.compile(r"[^\w'’ -]+")
_AROUND = "'’-_"  # quotation marks and dashes at a word's ends; underscores are \w to Python
_NO_WORD = _AROUND + " "
_MOST_LETTERS = 64  # of a word: what is longer is an address or noise
_LETTERS_AT_ONCE = 1 << 20
_ROWS_AT_LEAST = 1 << 18  # before counts are added up

#: Kinds of letters: between phrases; between words; of a word; of a word, but not at its ends.
_GAP, _SPACE, _LETTER, _MARK = range(4)
_END = 0x323B0  # no letter lies beyond


class _Words(NamedTuple):
    """``text``: (W,). ``follows``: (W,) whether a word stands behind another in one phrase."""

    text: pa.StringArray
    follows: NDArray[np.bool_]


class WordCounts:
    """Counts of words and of pairs, spelt as they stand, of any number of texts; Chinese in simplified characters.

    Raises VocabularyError for a language without spaces that has no segmenter.
    """

    def __init__(self, language: str = "en") -> None:
        check_language(language)
        self._segmenter = SEGMENTERS.get(language)
        self._texts: list[str] = []
        self._letters = 0
        self._words, self._pairs = _Sums(UNIGRAMS), _Sums(BIGRAMS)

    def __len__(self) -> int:
        """Words and pairs held at most; what was added last may not be among them."""
        return len(self._words) + len(self._pairs)

    def add(self, text: str) -> None:
        """``text``: running text, a paragraph a line."""
        self._texts.append(unicodedata.normalize("NFC", text))
        self._letters += len(text)
        if self._letters >= _LETTERS_AT_ONCE:
            self._count()

    def tables(self) -> tuple[pa.Table, pa.Table]:
        """(text, count) of words and (first, second, count) of pairs, each once, in no order."""
        self._count()
        return self._words.table(), self._pairs.table()

    def _count(self) -> None:
        texts, self._texts, self._letters = self._texts, [], 0
        found = _segmented(texts, self._segmenter) if self._segmenter else _spaced(texts)
        if not len(found.text):
            return
        coded = found.text.dictionary_encode()
        numbers, different = coded.indices.to_numpy().astype(np.int64), coded.dictionary
        self._words.add(pa.table([different, np.bincount(numbers, minlength=len(different))], schema=UNIGRAMS))
        second = np.flatnonzero(found.follows)
        pairs, times = np.unique(numbers[second - 1] * len(different) + numbers[second], return_counts=True)
        sides = (different.take(pa.array(side)) for side in np.divmod(pairs, len(different)))
        self._pairs.add(pa.table([*sides, times], schema=BIGRAMS))


class _Sums:
    """Counts by key, added up when as many have come as there were, so that each is looked at a few times only."""

    def __init__(self, schema: pa.Schema) -> None:
        self._tables = [schema.empty_table()]

    def __len__(self) -> int:
        return sum(table.num_rows for table in self._tables)

    def add(self, table: pa.Table) -> None:
        self._tables.append(table)
        if len(self) > 2 * max(self._tables[0].num_rows, _ROWS_AT_LEAST):
            self._tables = [self.table()]

    def table(self) -> pa.Table:
        every = pa.concat_tables(self._tables)
        keys = every.column_names[:-1]
        return every.group_by(keys, use_threads=False).aggregate([("count", "sum")]).rename_columns(every.column_names)


def _segmented(texts: list[str], segmenter: Segmenter) -> _Words:
    # a whole text is brought to one script at once: phrase by phrase takes several times as long
    texts = [common_script(text, segmenter.language) for text in texts]
    phrases = [segmenter.cut(phrase) for text in texts for phrase in _BETWEEN.split(text)]
    kept = [
        [word for one in phrase if (word := one.strip(_NO_WORD)) and len(word) <= _MOST_LETTERS] for phrase in phrases
    ]
    words = list(itertools.chain.from_iterable(kept))
    follows = np.ones(len(words) + 1, np.bool_)
    follows[np.cumsum([0, *map(len, kept)])] = False  # where a phrase begins
    return _Words(pa.array(words, pa.string()), follows[:-1])


def _spaced(texts: list[str]) -> _Words:
    codes = np.frombuffer("\n".join(texts).encode("utf-32-le"), np.uint32)
    of_kind = _kinds()[codes]
    inside = np.concatenate([[False], of_kind >= _LETTER, [False]])
    edges = np.flatnonzero(inside[1:] != inside[:-1])
    starts, ends = edges[::2], edges[1::2]
    # marks at their ends are no part of words: to the first letter, and behind the last
    place = np.arange(len(codes))
    is_letter = of_kind == _LETTER
    next_letter = np.minimum.accumulate(np.where(is_letter, place, len(codes))[::-1])[::-1]
    last_letter = np.maximum.accumulate(np.where(is_letter, place, -1))
    starts, ends = next_letter[starts], last_letter[ends - 1] + 1
    kept = (ends > starts) & (ends - starts <= _MOST_LETTERS)
    starts, ends = starts[kept], ends[kept]
    phrase = np.cumsum(of_kind == _GAP)[starts]
    return _Words(_cut_out(codes, starts, ends), np.diff(phrase, prepend=-1) == 0)


def _cut_out(codes: NDArray[np.uint32], starts: NDArray[np.int64], ends: NDArray[np.int64]) -> pa.StringArray:
    """(L,) letters → (W,) the words from ``starts`` to ``ends``."""
    change = np.zeros(len(codes) + 1, np.int8)
    change[starts], change[ends] = 1, -1
    letters = codes[np.cumsum(change[:-1], dtype=np.int8).view(np.bool_)]
    widths = 1 + (letters > 0x7F).view(np.uint8) + (letters > 0x7FF) + (letters > 0xFFFF)
    read = np.concatenate([[0], np.cumsum(widths, dtype=np.int64)])
    offsets = read[np.concatenate([[0], np.cumsum(ends - starts)])].astype(np.int32)
    data = letters.tobytes().decode("utf-32-le").encode()
    return pa.StringArray.from_buffers(len(starts), pa.py_buffer(offsets), pa.py_buffer(data))


@functools.cache
def _kinds() -> NDArray[np.uint8]:
    """(code points,) the kind of each: letters are what \\w is."""
    table = np.zeros(sys.maxunicode + 1, np.uint8)
    table[:_END] = [_LETTER if chr(code).isalnum() else _GAP for code in range(_END)]
    table[[ord(mark) for mark in _AROUND]] = _MARK
    table[ord(" ")] = _SPACE
    return table
