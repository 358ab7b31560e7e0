"""Texts as numbers that survive other case, other marks and words before or behind: hashes of tokens and of n-grams.

A token is a word, or one character of a script that is written without spaces. Marks are left out and do not part
words, so that a text which lost its marks reads the same.

Shape legend: T tokens of all texts one behind another.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from transforms.instruct.question_core import core_of
from transforms.instruct.token_hashes import hash_of, hashes_of

_UNSPACED = "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"  # kana and Han
_PARTS_WORDS = re.compile("[‐-―−]")  # dashes between words; the hyphen of ASCII stands within one
_MARKS = re.compile(r"[^\w\s]|_")
_TOKENS = re.compile(f"[{_UNSPACED}]|[^\\s{_UNSPACED}]+")
_HAN = re.compile(f"[{_UNSPACED}]")
_SENTENCES = re.compile(r"(?<=[.?!])\s+|[\n。？！]+")
_MULTIPLIER = 0x9E3779B97F4A7C15  # odd, of SplitMix64: a token's place counts
_FINALISER = 0xBF58476D1CE4E5B9  # of the same
_MASK = (1 << 64) - 1


class Tokens(NamedTuple):
    """``hashes`` (T,) uint64; text i has those from ``starts[i]`` to ``starts[i + 1]``."""

    hashes: NDArray[np.uint64]
    starts: NDArray[np.int64]


#: The marks of ASCII, left out.
_NO_MARKS = dict.fromkeys(place for place in range(128) if _MARKS.fullmatch(chr(place)))


def tokens_of(text: str) -> list[str]:
    """The tokens of one text."""
    if text.isascii():
        return text.lower().translate(_NO_MARKS).split()
    plain = unicodedata.normalize("NFKC", text).casefold()
    return _TOKENS.findall(_MARKS.sub("", _PARTS_WORDS.sub(" ", plain)))


def is_unspaced(tokens: Sequence[str]) -> bool:
    """Whether most tokens are single characters of a script without spaces."""
    return 2 * sum(_HAN.match(token) is not None for token in tokens) > len(tokens)


def hashed(texts: Sequence[Sequence[str]]) -> Tokens:
    """Tokens of each text → their hashes."""
    starts = np.cumsum([0, *map(len, texts)])
    return Tokens(hashes_of(texts), starts.astype(np.int64))


def windows(hashes: NDArray[np.uint64], length: int) -> NDArray[np.uint64]:
    """(T,) → (T - length + 1,) the hash of each run of ``length`` tokens; (0,) where there are fewer."""
    if len(hashes) < length or length < 1:
        return np.zeros(0, np.uint64)
    count = len(hashes) - length + 1
    found = np.full(count, length, np.uint64)
    with np.errstate(over="ignore"):
        for place in range(length):
            found = found * np.uint64(_MULTIPLIER) + hashes[place : place + count]
        found ^= found >> np.uint64(29)
        found = found * np.uint64(_FINALISER)
    return found ^ (found >> np.uint64(32))


def ngrams(tokens: Tokens, length: int) -> tuple[NDArray[np.uint64], NDArray[np.int64]]:
    """The n-grams within each text: their hashes, and the number of the text that each stands in."""
    found = windows(tokens.hashes, length)
    text = np.repeat(np.arange(len(tokens.starts) - 1), np.diff(tokens.starts))[: len(found)]
    within = np.arange(len(found)) + length <= tokens.starts[text + 1]
    return found[within], text[within]


def whole_hash(tokens: Sequence[str]) -> int:
    """Of a text as a whole; 0 for one without tokens."""
    if not tokens:
        return 0
    found = len(tokens)
    for token in tokens:  # as windows has it, which takes ten times as long for one of them
        found = (found * _MULTIPLIER + hash_of(token)) & _MASK
    found ^= found >> 29
    found = (found * _FINALISER) & _MASK
    return found ^ (found >> 32)


def sentence_hashes(text: str, lengths: Collection[int] | None = None) -> set[int]:
    """Of the text as a whole, of it without choices, of each of its lines, and of each of its sentences. ``lengths``:
    of no more tokens than these are any of interest."""
    pieces = {text, core_of(text), *text.split("\n"), *_SENTENCES.split(text)}
    tokens = map(tokens_of, pieces)
    return {whole_hash(one) for one in tokens if lengths is None or len(one) in lengths} - {0}


def holds(hashes: NDArray[np.uint64], question: int, length: int) -> bool:
    """Whether a text of these tokens holds ``question``, of ``length`` tokens, word for word in one piece."""
    return bool((windows(hashes, length) == np.uint64(question)).any())
