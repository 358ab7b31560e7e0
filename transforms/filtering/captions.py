"""What is measured of captions: words, characters, the share of letters. Null stays null.

Shape legend: N captions.
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from transforms.datasets import UNDETERMINED
from transforms.scripts import UNSPACED_SCRIPTS, count_letters

#: Written without spaces between words; a caption in no language that was told is one of them by its script.
_UNSPACED_LANGUAGES = ("zh", "ja", "th")


def count_words(captions: pa.Array) -> pa.Array:
    """(N,) int: what stands between spaces, as ``str.split`` cuts it."""
    trimmed = pc.utf8_trim_whitespace(captions)
    words = pc.list_value_length(pc.utf8_split_whitespace(trimmed))
    return pc.if_else(pc.equal(pc.utf8_length(trimmed), 0), 0, words)


def count_characters(captions: pa.Array) -> pa.Array:
    """(N,) int: code points, without spaces before and after."""
    return pc.utf8_length(pc.utf8_trim_whitespace(captions))


def letter_share(captions: pa.Array) -> pa.Array:
    """(N,) double: Unicode's letters and marks, of all characters but spaces; 0 where there are none."""
    letters = pc.count_substring_regex(captions, r"[\p{L}\p{M}]")
    shown = pc.count_substring_regex(captions, r"[^\p{Z}\s]")
    return pc.divide(letters.cast(pa.float64()), pc.max_element_wise(shown, 1, skip_nulls=False))


def is_unspaced(captions: pa.Array, langs: pa.Array) -> pa.Array:
    """(N,) bool: whether a caption is of a language that puts no spaces between words."""
    unspaced = np.asarray(pc.is_in(langs, value_set=pa.array(_UNSPACED_LANGUAGES)).to_numpy(zero_copy_only=False))
    untold = np.flatnonzero(pc.fill_null(pc.equal(langs, UNDETERMINED), True).to_numpy(zero_copy_only=False))
    if len(untold):
        letters = count_letters([text or "" for text in captions.take(pa.array(untold)).to_pylist()])
        unspaced = unspaced.copy()
        unspaced[untold] = np.isin(letters.argmax(axis=1), UNSPACED_SCRIPTS) & (letters.sum(axis=1) > 0)
    return pa.array(unspaced)
