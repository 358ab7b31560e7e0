"""Words of languages that are written without spaces between them, by a library each.

A language that is spelt with spaces needs none; one that is not, and has none here, cannot be counted in words.
"""

from __future__ import annotations

import functools
import importlib.util
import pathlib
from abc import ABC, abstractmethod
from typing import Any, ClassVar

from concept_vocab.languages.scripts import common_script
from concept_vocab.vocabulary import VocabularyError

#: Languages written without spaces between words, as Wikipedia calls them.
UNSPACED = frozenset(("bo", "dz", "ja", "km", "lo", "my", "th", "zh", "yue", "wuu", "zh-classical"))


class Segmenter(ABC):
    """Declared in :data:`SEGMENTERS`, by which settings, sources and marks know that the language has one."""

    language: ClassVar[str]
    library: ClassVar[str]

    @abstractmethod
    def cut(self, text: str) -> list[str]:
        """The words of a phrase without punctuation, in order, and the white space between them. ``text``: in the
        script that the language is compared in."""

    def words(self, text: str) -> list[str]:
        """The words of a phrase in any script; white space is none."""
        return [word for word in self.cut(common_script(text, self.language)) if not word.isspace()]


class JiebaSegmenter(Segmenter):
    """Chinese by jieba's rules, dictionary and, for what that lacks, model of word ends, as jieba-rs has them
    (https://github.com/messense/rjieba-py): the same words as the first jieba's, 18 times as fast. The dictionary
    is of simplified characters."""

    language = "zh"
    library = "rjieba"

    def cut(self, text: str) -> list[str]:
        words: list[str] = jieba().cut(text)
        return words


SEGMENTERS: dict[str, Segmenter] = {one.language: one for one in (JiebaSegmenter(),)}


def words_of(text: str, language: str) -> list[str]:
    """Of a phrase. Raises VocabularyError for a language without spaces that has no segmenter."""
    if language not in UNSPACED:
        return text.split()
    check_language(language)
    return SEGMENTERS[language].words(text)


def check_language(language: str) -> None:
    """Raises VocabularyError where words of the language cannot be told apart."""
    if language in UNSPACED and language not in SEGMENTERS:
        raise VocabularyError(
            f"{language} is written without spaces between words, and there is no segmenter for it (there is one for "
            f"{', '.join(sorted(SEGMENTERS))}); leave the dump out, or give a list or table of its words"
        )


def jieba_dictionary() -> str:
    """Where the installed jieba has its dictionary. Raises VocabularyError where it is not installed."""
    found = importlib.util.find_spec("jieba")
    if found is None or found.origin is None:
        raise VocabularyError("jieba is not installed: pip install jieba, or name its dict.txt")
    return str(pathlib.Path(found.origin).parent / "dict.txt")


@functools.cache
def jieba() -> Any:
    """With its own dictionary, loaded once a process."""
    import rjieba

    return rjieba.Jieba()
