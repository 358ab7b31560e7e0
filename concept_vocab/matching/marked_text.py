"""Many texts as one buffer in which a search for bytes finds whole words.

The first and the last letter of each word are written as bytes that stand for a letter in that place, so that "car" is
found neither in "scar" nor in "carpet": an automaton of half a million words would else report a hundred parts of words
for each caption, and to report them is what it spends its time on. No byte is added, so places stay what they are.
What marks cannot tell (words that begin or end with a letter beyond ASCII) is told by ``bounds``.

Shape legend: N texts, B bytes of all of them, each followed by a separator.
"""

from __future__ import annotations

import functools
import re
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from concept_vocab.matching.letters import APOSTROPHE, HAN, WORD, folded, kinds
from concept_vocab.vocabulary import normalise

SEPARATOR = b"\n"  # white space of texts is brought to single spaces, so none holds it
_IRREGULAR = r"[\x00-\x1f\x7f]|  "  # of ASCII: what normalise would change, and control characters
_CONTROL = 0x7F
_CONTROLS = re.compile(r"[\x00-\x1f]")

Bytes = NDArray[np.uint8]


class MarkedText(NamedTuple):
    """``exact``: (B,) as it is spelt. ``marked``: the same without case, ends of words marked. ``kinds``: (B,).
    ``bounds``: (B+1,) whether a word may begin or end before the byte; before a Han character always. ``alone``: (B,)
    whether a byte is a word of one letter. ``starts``: (N+1,) where each text begins."""

    exact: Bytes
    marked: bytes
    kinds: Bytes
    bounds: NDArray[np.bool_]
    alone: NDArray[np.bool_]
    starts: NDArray[np.int64]


def regular(texts: pa.StringArray) -> pa.StringArray:
    """As names are normalised: NFC, white space as single spaces, and control characters as one that no name holds."""
    texts = pc.fill_null(texts, "")
    irregular = pc.or_(pc.invert(pc.string_is_ascii(texts)), pc.match_substring_regex(texts, _IRREGULAR))
    if not pc.any(irregular).as_py():
        return texts
    changed = [_regular(text) for text in texts.filter(irregular).to_pylist()]
    return pc.replace_with_mask(texts, irregular, pa.array(changed, pa.string()))


def mark(texts: pa.StringArray) -> MarkedText:
    """``texts``: regular ones."""
    data, starts = joined(texts)
    exact = np.frombuffer(data, np.uint8)
    lower, of_kind = _of_ascii(data) if data.isascii() else _of_unicode(data)
    word = of_kind == WORD
    bounds = np.ones(len(exact) + 1, np.bool_)
    np.logical_and(word[:-1], word[1:], out=bounds[1:-1])
    np.logical_not(bounds[1:-1], out=bounds[1:-1])
    begins, ends = word & bounds[:-1], word & bounds[1:]
    alone = begins & ends
    marked = np.frombuffer(bytearray(lower.translate(_WITHIN)), np.uint8)
    for places, marks in ((begins, _AT_BEGIN), (ends & ~begins, _AT_END)):
        at = np.flatnonzero(places)
        marked[at] = marks[marked[at]]
    _bind_to_apostrophe(alone, of_kind, exact, bounds)
    return MarkedText(exact, marked.tobytes(), of_kind, bounds, alone & bounds[:-1], starts)


def joined(texts: pa.StringArray) -> tuple[bytes, NDArray[np.int64]]:
    """The texts in one, each followed by a separator, and (N+1,) where each begins."""
    lengths = pc.binary_length(texts).to_numpy().astype(np.int64)
    lists = pa.ListArray.from_arrays(pa.array([0, len(texts)], pa.int32()), texts)
    one: bytes = pc.binary_join(lists, SEPARATOR.decode())[0].as_buffer().to_pybytes()
    return one + SEPARATOR * bool(len(texts)), np.concatenate([[0], np.cumsum(lengths + 1)])


def is_han_inside(text: MarkedText, places: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Whether a place lies between two Han characters, where only their meaning tells if a word ends."""
    last = len(text.kinds) - 1
    before, after = np.clip(places - 1, 0, last), np.clip(places, 0, last)
    return np.asarray((text.kinds[before] == HAN) & (text.kinds[after] == HAN) & (before < after))


def _regular(text: str) -> str:
    return _CONTROLS.sub(chr(_CONTROL), normalise(text))


def _of_ascii(data: bytes) -> tuple[bytes, Bytes]:
    return data.lower(), np.frombuffer(data.translate(_ascii_kinds()), np.uint8)


def _of_unicode(data: bytes) -> tuple[bytes, Bytes]:
    """(B,) bytes of the text without case, and the kind of the character that each byte belongs to."""
    codes = np.frombuffer(data.decode().encode("utf-32-le"), np.uint32)
    lower = folded()[codes].tobytes().decode("utf-32-le").encode()
    bytes_of_each = 1 + (codes > 0x7F).view(np.uint8) + (codes > 0x7FF) + (codes > 0xFFFF)
    return lower, np.repeat(kinds()[codes], bytes_of_each)


@functools.cache
def _ascii_kinds() -> bytes:
    return kinds()[:256].tobytes()


def _bind_to_apostrophe(alone: NDArray[np.bool_], of_kind: Bytes, exact: Bytes, bounds: NDArray[np.bool_]) -> None:
    """The s of "dog's" and the t of "don't" are no words of their own."""
    lone = np.flatnonzero(alone[2:] & (of_kind[1:-1] == APOSTROPHE)) + 2
    before = lone - np.where(exact[lone - 1] == ord("'"), 2, 4)  # the other apostrophe has three bytes
    bounds[lone[(before >= 0) & (of_kind[np.maximum(before, 0)] == WORD)]] = False


def _marks() -> tuple[bytes, Bytes, Bytes]:
    """(256,) what a byte is written as, without case: within a word or between words, as its first, as its last."""
    within = np.arange(256, dtype=np.uint8)
    within[:32] = _CONTROL
    within[SEPARATOR[0]] = SEPARATOR[0]
    first, last = within.copy(), within.copy()
    # bytes that UTF-8 never holds, or that no regular text does
    free = iter([code for code in range(32) if code != SEPARATOR[0]] + [0xC0, 0xC1, *range(0xF5, 0x100)])
    for letter in b"abcdefghijklmnopqrstuvwxyz":
        first[letter] = letter - 32  # capitals are free without case
        last[letter] = next(free)
    for digit in b"0123456789":
        first[digit] = next(free)
    return within.tobytes(), first, last


_WITHIN, _AT_BEGIN, _AT_END = _marks()
