"""Where words end in a run of Chinese, by the segmenter of the language."""

from __future__ import annotations

from concept_vocab.languages.segmenters import SEGMENTERS, UNSPACED
from concept_vocab.vocabulary import VocabularyError

_CHINESE = "zh"


def check_language(language: str) -> None:
    """Raises VocabularyError for a language whose words cannot be told apart in a caption."""
    if language in UNSPACED and language != _CHINESE:
        raise VocabularyError(
            f"{language} is written without spaces between words, and captions are cut into words for {_CHINESE} "
            "alone: leave its concepts out, or assign concepts by image"
        )


def word_ends(run: str) -> list[int]:
    """Where each word of a run of Han characters ends; each character, where the segmenter gave other characters."""
    ends, at = [], 0
    for word in SEGMENTERS[_CHINESE].words(run):
        at += len(word)
        ends.append(at)
    return ends if at == len(run) else list(range(1, len(run) + 1))
