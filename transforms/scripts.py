"""Which script a text is written in, and which languages are written in it: counted for many texts at once.

Shape legend: N texts, S scripts.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from enum import IntEnum
from typing import Any

import numpy as np
from numpy.typing import NDArray


class Script(IntEnum):
    """The scripts of the languages that can be told; NONE is all else: digits, signs, emoji, other scripts."""

    NONE = 0
    LATIN = 1
    GREEK = 2
    CYRILLIC = 3
    ARMENIAN = 4
    HEBREW = 5
    ARABIC = 6
    DEVANAGARI = 7
    BENGALI = 8
    GURMUKHI = 9
    GUJARATI = 10
    TAMIL = 11
    TELUGU = 12
    THAI = 13
    GEORGIAN = 14
    HANGUL = 15
    KANA = 16
    HAN = 17


#: Written without spaces between words.
UNSPACED_SCRIPTS = (Script.HAN, Script.KANA, Script.THAI)

#: Code points by the blocks of Unicode 15.1 (https://www.unicode.org/Public/15.1.0/ucd/Blocks.txt), Latin without the
#: signs of its first two blocks. Written out, since Python's own table changes with its version, and output must not.
_RANGES: tuple[tuple[int, int, Script], ...] = (
    (0x41, 0x5A, Script.LATIN),
    (0x61, 0x7A, Script.LATIN),
    (0xC0, 0xD6, Script.LATIN),
    (0xD8, 0xF6, Script.LATIN),
    (0xF8, 0x2AF, Script.LATIN),
    (0x370, 0x3FF, Script.GREEK),
    (0x400, 0x52F, Script.CYRILLIC),
    (0x531, 0x58F, Script.ARMENIAN),
    (0x5D0, 0x5FF, Script.HEBREW),
    (0x620, 0x65F, Script.ARABIC),
    (0x66E, 0x6EF, Script.ARABIC),
    (0x6FA, 0x6FF, Script.ARABIC),
    (0x750, 0x77F, Script.ARABIC),
    (0x900, 0x963, Script.DEVANAGARI),
    (0x980, 0x9E3, Script.BENGALI),
    (0xA01, 0xA5E, Script.GURMUKHI),
    (0xA81, 0xAE3, Script.GUJARATI),
    (0xB82, 0xBD7, Script.TAMIL),
    (0xC00, 0xC63, Script.TELUGU),
    (0xE01, 0xE4D, Script.THAI),
    (0x10A0, 0x10FF, Script.GEORGIAN),
    (0x1100, 0x11FF, Script.HANGUL),
    (0x1C80, 0x1C8F, Script.CYRILLIC),
    (0x1C90, 0x1CBF, Script.GEORGIAN),
    (0x1E00, 0x1EFF, Script.LATIN),
    (0x1F00, 0x1FFF, Script.GREEK),
    (0x2C60, 0x2C7F, Script.LATIN),
    (0x3005, 0x3007, Script.HAN),
    (0x3041, 0x30FA, Script.KANA),
    (0x30FC, 0x30FF, Script.KANA),
    (0x3130, 0x318F, Script.HANGUL),
    (0x31F0, 0x31FF, Script.KANA),
    (0x3400, 0x4DBF, Script.HAN),
    (0x4E00, 0x9FFF, Script.HAN),
    (0xA640, 0xA69F, Script.CYRILLIC),
    (0xA720, 0xA7FF, Script.LATIN),
    (0xAC00, 0xD7FF, Script.HANGUL),
    (0xF900, 0xFAFF, Script.HAN),
    (0xFB50, 0xFDFF, Script.ARABIC),
    (0xFE70, 0xFEFC, Script.ARABIC),
    (0xFF21, 0xFF3A, Script.LATIN),
    (0xFF41, 0xFF5A, Script.LATIN),
    (0xFF66, 0xFF9D, Script.KANA),
    (0x20000, 0x323AF, Script.HAN),
)

#: Languages by ISO 639-1 code that are not written in Latin letters.
_NOT_LATIN = {
    "el": Script.GREEK,
    **dict.fromkeys(("be", "bg", "kk", "mk", "mn", "ru", "sr", "uk"), Script.CYRILLIC),
    "hy": Script.ARMENIAN,
    "he": Script.HEBREW,
    **dict.fromkeys(("ar", "fa", "ur"), Script.ARABIC),
    **dict.fromkeys(("hi", "mr"), Script.DEVANAGARI),
    "bn": Script.BENGALI,
    "pa": Script.GURMUKHI,
    "gu": Script.GUJARATI,
    "ta": Script.TAMIL,
    "te": Script.TELUGU,
    "th": Script.THAI,
    "ka": Script.GEORGIAN,
    "ko": Script.HANGUL,
    "ja": Script.KANA,  # its Han characters stand among kana
    "zh": Script.HAN,
}
_LATIN = """
af az bs ca cs cy da de en eo es et eu fi fr ga hr hu id is it la lg lt lv mi ms nb nl nn pl pt ro sk sl sn so sq st sv
sw tl tn tr ts vi xh yo zu
"""

#: The languages that lingua 2 knows → the script each is written in.
SCRIPT_OF: dict[str, Script] = {**dict.fromkeys(_LATIN.split(), Script.LATIN), **_NOT_LATIN}

#: Letters that one character stands for. Flickr30k's captions have some 12 words, so about 50 letters, their Chinese
#: counterparts in Flickr30k-CN 19 characters; a syllable of kana or hangul lies between a letter and that.
_LETTERS = np.ones(len(Script), dtype=np.int64)
_LETTERS[[Script.NONE, Script.HAN, Script.KANA, Script.HANGUL]] = 0, 3, 2, 2

#: Chinese borrows a の here and there; a Japanese sentence is kana to a half and more.
_LEAST_KANA_SHARE = 0.2


@functools.cache
def _script_table() -> NDArray[np.uint8]:
    """(code points,) the script of each."""
    table = np.zeros(0x110000, dtype=np.uint8)
    for first, last, script in _RANGES:
        table[first : last + 1] = script
    return table


def count_letters(texts: Sequence[str]) -> NDArray[np.int64]:
    """(N, S) letters of each script, a Han character counted as three; in a Japanese text Han counts as kana."""
    joined = "".join(texts)
    if joined.isascii():  # a byte a character, and no script but Latin
        characters: NDArray[Any] = np.frombuffer(joined.encode(), np.uint8)
    else:
        characters = np.frombuffer(joined.encode("utf-32-le", "surrogatepass"), np.uint32)
    row = np.repeat(np.arange(len(texts)), [len(text) for text in texts])
    cells = np.bincount(row * len(Script) + _script_table()[characters], minlength=len(texts) * len(Script))
    letters: NDArray[np.int64] = cells.reshape(len(texts), len(Script)) * _LETTERS
    if joined.isascii():
        return letters
    kana, han = letters[:, Script.KANA], letters[:, Script.HAN]
    japanese = (kana > 0) & (kana >= _LEAST_KANA_SHARE * (kana + han))
    letters[japanese, Script.KANA] += letters[japanese, Script.HAN]
    letters[japanese, Script.HAN] = 0
    letters[~japanese, Script.HAN] += letters[~japanese, Script.KANA]
    letters[~japanese, Script.KANA] = 0
    return letters
