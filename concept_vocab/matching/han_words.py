"""Where words end in a run of Chinese, by jieba (https://github.com/fxsjy/jieba) and its dictionary."""

from __future__ import annotations

import functools
from typing import Any

from concept_vocab.vocabulary import VocabularyError

#: Written without spaces between words, as Wikipedia calls them; of these Chinese has a segmenter.
_UNSPACED = frozenset(("bo", "dz", "ja", "km", "lo", "my", "th", "zh", "yue", "wuu", "zh-classical"))
_SEGMENTED = frozenset(("zh",))


def check_language(language: str) -> None:
    """Raises VocabularyError for a language whose words cannot be told apart."""
    if language in _UNSPACED - _SEGMENTED:
        raise VocabularyError(
            f"{language} is written without spaces between words, and there is no segmenter for it, so captions cannot "
            "be matched: leave its concepts out, or assign them by image"
        )


def word_ends(run: str) -> list[int]:
    """Where each word of a run of Han characters ends."""
    ends, at = [], 0
    for word in _jieba().lcut(run):
        at += len(word)
        ends.append(at)
    return ends


@functools.cache
def _jieba() -> Any:
    import jieba

    tokenizer = jieba.Tokenizer()
    # its own start would keep the tables in the shared folder for temporary files, and read what another put there
    tokenizer.FREQ, tokenizer.total = tokenizer.gen_pfdict(tokenizer.get_dict_file())
    tokenizer.initialized = True
    return tokenizer
