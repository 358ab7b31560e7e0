"""Words and pairs of neighbouring words, counted."""

from __future__ import annotations

import itertools
import re
import unicodedata
from collections import Counter

#: What words are not made of, in scripts that put spaces between them; it ends a phrase, so no pair reaches over it.
_BETWEEN = re.compile(r"[^\w'’ -]+")
_AROUND = "'’-_"  # quotation marks and dashes at a word's ends; underscores are \w to Python
_MOST_LETTERS = 64  # of a word: what is longer is an address or noise

#: Languages written without spaces between words: to count their words takes a segmenter.
UNSPACED = frozenset(("bo", "dz", "ja", "km", "lo", "my", "th", "zh", "yue", "wuu", "zh-classical"))


class WordCounts:
    """Counts of words and of pairs, spelt as they stand, of any number of texts."""

    def __init__(self) -> None:
        self.words: Counter[str] = Counter()
        self.pairs: Counter[tuple[str, str]] = Counter()

    def __len__(self) -> int:
        return len(self.words) + len(self.pairs)

    def add(self, text: str) -> None:
        """``text``: running text, a paragraph a line."""
        for phrase in _BETWEEN.split(unicodedata.normalize("NFC", text)):
            found = (word.strip(_AROUND) for word in phrase.split(" "))
            words = [word for word in found if word and len(word) <= _MOST_LETTERS]
            self.words.update(words)
            self.pairs.update(itertools.pairwise(words))
