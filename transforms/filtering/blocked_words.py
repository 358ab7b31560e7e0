"""Captions that hold a word or phrase of a list, found by hashing, so all of the list at once.

Words of scripts with spaces are found as whole words, phrases as words in a row; what holds a letter of Han, kana or
Thai is found anywhere, since nothing marks where a word begins. Next to one, a word ends.

Shape legend: N captions, W words of all of them, C characters of all of them.
"""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Iterable

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from transforms.errors import ConfigError
from transforms.scripts import UNSPACED_SCRIPTS, count_letters
from transforms.storage import StoragePath

_BETWEEN_WORDS = r"[^\p{L}\p{M}\p{N}]+"
#: A run of letters of Han, kana or Thai; the sign that lengthens a vowel of kana is of no script in Unicode.
_UNSPACED_RUN = r"([\p{Han}\p{Hiragana}\p{Katakana}\p{Thai}\x{30FC}]+)"


_SETTING = "filter.blocked_words"


def read_blocked_words(path: str, setting: str = _SETTING) -> tuple[str, ...]:
    """The lines of a list; raises ConfigError, naming the ``setting``, where there is none, or nothing in it."""
    return _words_of(_bytes_of(path, setting), path, setting)


@functools.lru_cache(maxsize=8)
def _words_of(content: bytes, path: str, setting: str) -> tuple[str, ...]:
    """Of what a list holds: read before work, and again by the stage."""
    try:
        lines = content.decode("utf-8-sig").splitlines()
    except UnicodeDecodeError as error:
        raise ConfigError(f"{setting}: {path} is not UTF-8: {error}") from None
    words = tuple(line.strip() for line in lines if line.strip() and not line.lstrip().startswith("#"))
    if not words:
        raise ConfigError(f"{setting}: {path} names no word; write one a line, or set it to null")
    number_of_words = pc.list_value_length(_of_words(_folded(list(words)))).to_numpy()
    if not number_of_words.all():
        void = words[int(number_of_words.argmin())]
        raise ConfigError(f"{setting}: {path} holds {void!r}, in which there is no letter or digit")
    return words


def blocked_words_digest(path: str, setting: str = _SETTING) -> str:
    """SHA-256 (16 digits) of a list; raises ConfigError where there is none."""
    return hashlib.sha256(_bytes_of(path, setting)).hexdigest()[:16]


def _bytes_of(path: str, setting: str) -> bytes:
    file = StoragePath.of(path)
    if not file.is_file():
        raise ConfigError(f"no word list at {file}: {setting} must name a text file")
    return file.read_bytes()


class BlockedWords:
    """A list, ready to be looked for."""

    def __init__(self, words: Iterable[str]) -> None:
        folded = _folded(list(words))
        texts = folded.to_pylist()
        unspaced = np.any(count_letters(texts)[:, UNSPACED_SCRIPTS] > 0, axis=1)
        self._phrases: dict[int, list[str]] = {}  # number of words → words joined by a space
        self._strings: dict[int, list[bytes]] = {}  # number of characters → code points as UTF-32
        for text, words_in, anywhere in zip(texts, _of_words(folded).to_pylist(), unspaced, strict=True):
            if anywhere:
                self._strings.setdefault(len(text), []).append(text.encode("utf-32-le"))
            else:
                self._phrases.setdefault(len(words_in), []).append(" ".join(words_in))

    def occur_in(self, captions: pa.Array) -> pa.Array:
        """(N,) bool: whether any stands in each caption."""
        folded = _folded(captions)
        found = np.zeros(len(captions), dtype=bool)
        if self._phrases:
            self._find_phrases(folded, found)
        if self._strings:
            self._find_strings(folded, found)
        return pa.array(found)

    def _find_phrases(self, captions: pa.Array, found: np.ndarray) -> None:
        lists = _of_words(captions)
        words = pc.list_flatten(lists)  # (W,)
        rows = pc.list_parent_indices(lists).to_numpy()
        for length, phrases in self._phrases.items():
            n = len(words) - length + 1
            if n < 1:
                continue
            runs = [words.slice(start, n) for start in range(length)]
            joined = runs[0] if length == 1 else pc.binary_join_element_wise(*runs, " ")
            hit = pc.is_in(joined, value_set=pa.array(phrases, words.type)).to_numpy(zero_copy_only=False)
            found[rows[:n][hit & (rows[:n] == rows[length - 1 :])]] = True

    def _find_strings(self, captions: pa.Array, found: np.ndarray) -> None:
        texts = ["" if text is None else text for text in captions.to_pylist()]
        characters = np.frombuffer("".join(texts).encode("utf-32-le"), dtype="<u4")  # (C,)
        rows = np.repeat(np.arange(len(texts)), [len(text) for text in texts])
        for length, strings in self._strings.items():
            n = len(characters) - length + 1
            if n < 1:
                continue
            windows = np.ascontiguousarray(np.lib.stride_tricks.sliding_window_view(characters, length))
            width = pa.binary(4 * length)
            column = pa.FixedSizeBinaryArray.from_buffers(width, n, [None, pa.py_buffer(windows)])
            hit = pc.is_in(column, value_set=pa.array(strings, width)).to_numpy(zero_copy_only=False)
            found[rows[:n][hit & (rows[:n] == rows[length - 1 :])]] = True


def _folded(texts: pa.Array | list[str]) -> pa.Array:
    """Lower case and compatible forms (NFKC) as one: full-width letters are letters."""
    array = pa.array(texts, pa.string()) if isinstance(texts, list) else texts
    return pc.utf8_lower(pc.utf8_normalize(array, form="NFKC"))


def _of_words(folded: pa.Array) -> pa.Array:
    """(N,) lists of words, what is no letter or digit left out."""
    apart = pc.replace_substring_regex(folded, pattern=_UNSPACED_RUN, replacement=r" \1 ")
    spaced = pc.utf8_trim(pc.replace_substring_regex(apart, pattern=_BETWEEN_WORDS, replacement=" "), characters=" ")
    words = pc.split_pattern(spaced, pattern=" ")
    empty = pa.array([[]], words.type)[0]
    return pc.if_else(pc.equal(pc.binary_length(spaced), 0), empty, words)
