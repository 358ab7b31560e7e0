"""What each character is to the matcher: of which kind, and what it is without case. By Python's Unicode tables.

Folding keeps the bytes that a character takes in UTF-8, so that a place in the folded text is that place in the text as
it was spelt. The few letters whose small form takes other bytes (İ, ẞ, Ⱥ) are equal to themselves alone.
"""

from __future__ import annotations

import functools
import unicodedata

import numpy as np
from numpy.typing import NDArray

#: Kinds: between words; of a word of a script that puts spaces between them; Han, which puts none; an apostrophe.
GAP, WORD, HAN, APOSTROPHE = range(4)

#: Han by the blocks of Unicode 15.1, with the marks that repeat or stand for a character (々〆〇).
_HAN = ((0x3005, 0x3007), (0x3400, 0x4DBF), (0x4E00, 0x9FFF), (0xF900, 0xFAFF), (0x20000, 0x323AF))
_APOSTROPHES = "'’"
_SELECTORS = range(0xFE00, 0xFE10)  # marks by category, which say how an emoji is drawn
_END = 0x323B0  # no letter lies beyond
_CODE_POINTS = 0x110000


@functools.cache
def kinds() -> NDArray[np.uint8]:
    """(code points,) the kind of each."""
    table = np.zeros(_CODE_POINTS, np.uint8)
    table[:_END] = [WORD if unicodedata.category(chr(code))[0] in "LMN" else GAP for code in range(_END)]
    for first, last in _HAN:
        table[first : last + 1] = HAN
    table[list(_SELECTORS)] = GAP
    table[[ord(one) for one in _APOSTROPHES]] = APOSTROPHE
    return table


@functools.cache
def folded() -> NDArray[np.uint32]:
    """(code points,) each without case."""
    table = np.arange(_CODE_POINTS, dtype=np.uint32)
    table[:_END] = [_fold(code) for code in range(_END)]
    return table


def _fold(code: int) -> int:
    letter = chr(code)
    for small in (letter.casefold(), letter.lower()):
        if len(small) == 1 and utf8_bytes(ord(small)) == utf8_bytes(code):
            return ord(small)
    return code


def utf8_bytes(code: int) -> int:
    return 1 + (code > 0x7F) + (code > 0x7FF) + (code > 0xFFFF)
