"""Where words end in runs of Chinese, by the segmenter of the language, many runs at once.

Shape legend: T characters of all runs.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from concept_vocab.languages.segmenters import SEGMENTERS, UNSPACED
from concept_vocab.vocabulary import VocabularyError

_BETWEEN = ord("\n")


def check_language(language: str) -> None:
    """Raises VocabularyError for a language whose words cannot be told apart."""
    if language in UNSPACED - SEGMENTERS.keys():
        raise VocabularyError(
            f"{language} is written without spaces between words, and there is no segmenter for it, so captions cannot "
            "be matched: leave its concepts out, or assign concepts by image"
        )


def word_ends(text: str) -> NDArray[np.bool_]:
    """(T+1,) of runs of Han characters, each followed by a line end: whether a word ends before each character."""
    words = SEGMENTERS["zh"].cut(text)
    is_end = np.zeros(len(text) + 1, np.bool_)
    is_end[np.cumsum(np.fromiter(map(len, words), np.int64, len(words)))] = True
    is_end[1:][np.frombuffer(text.encode("utf-32-le"), np.uint32) == _BETWEEN] = False
    return is_end
