"""Keyed randomness: a number for each sample that depends on nothing but the seed, the purpose and the sample.

A drawn random number depends on who drew before it: on the number of workers, on retries, on the order of files.
A keyed one does not, so the same inputs and configuration give the same bytes on any runner. Every random decision in
Evenweave goes through this module.

Shape legend: N samples.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import xxhash
from numpy.typing import NDArray

_SEPARATOR = "\x1f"  # ASCII unit separator: ("ab", "c") and ("a", "bc") must not hash alike


def hash64(*parts: str | int) -> int:
    """xxh3-64 of the parts; a stable identity for names, purposes and seeds."""
    text = _SEPARATOR.join(str(part) for part in parts)
    return xxhash.xxh3_64_intdigest(text.encode("utf-8", "surrogateescape"))


def sample_ids(source: str, shard: str, keys: Iterable[str]) -> NDArray[np.uint64]:
    """The 64-bit identity of each sample, computed once when it is annotated and stored beside it.

    At 1 billion samples the chance that any two share an id is about 3 % (birthday bound); two that do are merely
    treated alike, nothing is lost.
    """
    prefix = f"{source}{_SEPARATOR}{shard}{_SEPARATOR}"
    return np.fromiter((hash64(prefix + key) for key in keys), dtype=np.uint64)


def mix64(ids: NDArray[np.uint64], seed: int, purpose: str) -> NDArray[np.uint64]:
    """(N,) uint64 → (N,) uint64: a bijection for each (seed, purpose), so distinct samples never tie.

    The finaliser of SplitMix64 (Steele, Lea, Flood 2014, https://doi.org/10.1145/2714064.2660195), applied to the id
    displaced by the hash of seed and purpose.
    """
    x = np.asarray(ids, dtype=np.uint64) ^ np.uint64(hash64(seed, purpose))
    with np.errstate(over="ignore"):
        x = x + np.uint64(0x9E3779B97F4A7C15)
        x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return np.asarray(x ^ (x >> np.uint64(31)), dtype=np.uint64)


def uniform(seed: int, purpose: str, ids: NDArray[np.uint64]) -> NDArray[np.float64]:
    """(N,) uint64 → (N,) float64 strictly inside (0, 1): the keyed uniform of each sample for one purpose."""
    bits = mix64(ids, seed, purpose) >> np.uint64(11)  # 53 bits: what a float64 mantissa holds
    return (bits.astype(np.float64) + 0.5) * 2.0**-53
