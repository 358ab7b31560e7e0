"""Hashes of words and characters, most of which come again and again."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import numpy as np
import xxhash
from numpy.typing import NDArray

_MOST_KNOWN = 1 << 18  # tokens whose hashes are kept: some 30 MB


class _Hashes(dict[str, int]):
    """xxh3-64 of tokens."""

    def __missing__(self, token: str) -> int:
        if len(self) >= _MOST_KNOWN:
            self.clear()
        found = self[token] = xxhash.xxh3_64_intdigest(token.encode("utf-8", "surrogatepass"))
        return found


_HASHES = _Hashes()


def hash_of(token: str) -> int:
    return _HASHES[token]


def hashes_of(texts: Sequence[Sequence[str]]) -> NDArray[np.uint64]:
    """The tokens of all texts one behind another → (T,) hashes."""
    flat = map(_HASHES.__getitem__, itertools.chain.from_iterable(texts))
    return np.fromiter(flat, np.uint64, sum(map(len, texts)))
