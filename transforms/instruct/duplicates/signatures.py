"""MinHash signatures (Broder 1997) of many sets at once: the very values of datasketch's scheme ``affine32``.

datasketch 2 signs one set after the other. Here the sets lie one behind another, so that short ones, of which there are
many, cost no call each.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Literal

import numpy as np
from numpy.typing import NDArray

#: Pinned: 1.x knew another alone (``legacy``), 2.0 made this one its default, and values of two schemes do not compare.
SCHEME: Literal["affine32"] = "affine32"
SEED = 1  # of the permutations, datasketch's own
_EMPTY = np.uint32(0xFFFFFFFF)  # what datasketch has for a set without members
_MOST_VALUES = 1 << 12  # shingles at once: 128 permutations of them are 2 MiB, which a core's cache holds


@lru_cache(maxsize=4)
def _permutations(count: int) -> tuple[NDArray[np.uint32], NDArray[np.uint32]]:
    """(P, 1) factors, odd, and (P, 1) summands."""
    from datasketch import MinHash  # here alone: it brings scipy.integrate along

    factors, summands = MinHash(count, seed=SEED, scheme=SCHEME).permutations
    return factors.astype(np.uint32)[:, None], summands.astype(np.uint32)[:, None]


def _mixed(values: NDArray[np.uint32]) -> NDArray[np.uint32]:
    """MurmurHash3's finaliser (https://github.com/aappleby/smhasher), as the scheme has it before its permutations."""
    with np.errstate(over="ignore"):
        values = (values ^ (values >> np.uint32(16))) * np.uint32(0x85EBCA6B)
        values = (values ^ (values >> np.uint32(13))) * np.uint32(0xC2B2AE35)
    return np.asarray(values ^ (values >> np.uint32(16)), np.uint32)


def signatures(values: NDArray[np.uint32], lengths: NDArray[np.int64], permutations: int) -> NDArray[np.uint32]:
    """(total,) hashes of N sets one behind another, and how many each has, (N,) → (N, permutations)."""
    found = np.full((len(lengths), permutations), _EMPTY, np.uint32)
    ends = np.cumsum(lengths)
    starts = ends - lengths
    factors, summands = _permutations(permutations)
    mixed = _mixed(values)
    full = np.flatnonzero(lengths)
    first = 0
    while first < len(full):
        stop = int(np.searchsorted(ends[full], starts[full[first]] + _MOST_VALUES, side="right"))
        stop = max(stop, first + 1)
        sets = full[first:stop]
        begin = starts[sets[0]]
        permuted = mixed[None, begin : ends[sets[-1]]] * factors + summands
        found[sets] = np.minimum.reduceat(permuted, starts[sets] - begin, axis=1).T
        first = stop
    return found


def band_keys(signed: NDArray[np.uint32], bands: int) -> NDArray[np.uint64]:
    """(N, permutations) → (N, bands): a number for the values of each band, other for other bands."""
    rows = signed.reshape(len(signed), bands, signed.shape[1] // bands).astype(np.uint64)
    keys = np.arange(1, bands + 1, dtype=np.uint64)[None, :] * np.uint64(0x94D049BB133111EB)
    with np.errstate(over="ignore"):
        for column in range(rows.shape[2]):
            keys = (keys ^ rows[:, :, column]) * np.uint64(0x9E3779B97F4A7C15)
            keys ^= keys >> np.uint64(29)
    return np.asarray(keys, np.uint64)
