"""Words and pairs of neighbouring words, counted."""

from __future__ import annotations

import itertools
import re
import unicodedata
from collections import Counter

from concept_vocab.languages.segmenters import SEGMENTERS, check_language

#: What words are not made of; it ends a phrase, so no pair reaches over it.
_BETWEEN = re.compile(r"[^\w'’ -]+")
_AROUND = "'’-_"  # quotation marks and dashes at a word's ends; underscores are \w to Python
_MOST_LETTERS = 64  # of a word: what is longer is an address or noise


class WordCounts:
    """Counts of words and of pairs, spelt as they stand, of any number of texts; Chinese in simplified characters.

    Raises VocabularyError for a language without spaces that has no segmenter.
    """

    def __init__(self, language: str = "en") -> None:
        check_language(language)
        segmenter = SEGMENTERS.get(language)
        self._split = segmenter.words if segmenter else _at_spaces
        self.words: Counter[str] = Counter()
        self.pairs: Counter[tuple[str, str]] = Counter()

    def __len__(self) -> int:
        return len(self.words) + len(self.pairs)

    def add(self, text: str) -> None:
        """``text``: running text, a paragraph a line."""
        for phrase in _BETWEEN.split(unicodedata.normalize("NFC", text)):
            found = (word.strip(_AROUND) for word in self._split(phrase))
            words = [word for word in found if word and len(word) <= _MOST_LETTERS]
            self.words.update(words)
            self.pairs.update(itertools.pairwise(words))


def _at_spaces(phrase: str) -> list[str]:
    return phrase.split(" ")
