"""Where words end in a run of Chinese, by the segmenter of the language."""

from __future__ import annotations

from concept_vocab.languages.segmenters import SEGMENTERS, UNSPACED, jieba_tokenizer
from concept_vocab.vocabulary import VocabularyError


def check_language(language: str) -> None:
    """Raises VocabularyError for a language whose words cannot be told apart."""
    if language in UNSPACED - SEGMENTERS.keys():
        raise VocabularyError(
            f"{language} is written without spaces between words, and there is no segmenter for it, so captions cannot "
            "be matched: leave its concepts out, or assign concepts by image"
        )


def word_ends(run: str) -> list[int]:
    """Where each word of a run of Han characters ends; each character, where the segmenter gave other characters."""
    ends, at = [], 0
    for word in jieba_tokenizer().lcut(run):
        at += len(word)
        ends.append(at)
    return ends if at == len(run) else list(range(1, len(run) + 1))
