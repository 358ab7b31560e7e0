"""Texts as sets of sequences: of words, or of characters where words are not set apart."""

from __future__ import annotations

import re

import numpy as np
import xxhash
from numpy.typing import NDArray

from transforms.keyed import mix64

#: A Chinese or Japanese character stands alone; letters and digits of other scripts make words; signs stand alone too,
#: so that ``a+b`` is not ``a-b``.
_TOKEN = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff]|[^\W\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff]+|[^\w\s]")
_OF_WORDS = 3  # Broder 1997 uses 10 of documents, and near-copies of short texts are found by 2 to 5 (Lee et al. 2021)
_OF_CHARACTERS = 5  # about three words: 1.6 characters a word


def shingles(text: str, purpose: str) -> NDArray[np.uint32]:
    """The hashes of all sequences in ``text``, sorted, each once; of a shorter text the whole is one, of none none.

    Sequences of 3 words, or of 5 characters where most tokens are Chinese or Japanese ones. Equal sequences of two
    purposes have different hashes.
    """
    tokens = _TOKEN.findall(text)
    if not tokens:
        return np.empty(0, np.uint32)
    han = sum(token > "\u3040" and len(token) == 1 for token in tokens)
    width = min(_OF_CHARACTERS if han * 2 > len(tokens) else _OF_WORDS, len(tokens))
    hashed = np.fromiter((xxhash.xxh3_64_intdigest(token) for token in tokens), np.uint64, len(tokens))
    joined = hashed[: len(tokens) - width + 1].copy()
    with np.errstate(over="ignore"):
        for step in range(1, width):
            # a polynomial in an odd constant (SplitMix64's), so that order counts
            joined = joined * np.uint64(0x9E3779B97F4A7C15) + hashed[step : len(tokens) - width + 1 + step]
    return np.unique((mix64(joined, 0, purpose) >> np.uint64(32)).astype(np.uint32))
