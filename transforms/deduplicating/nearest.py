"""Comparing the hashes of one bucket without comparing all with all.

Real hashes are skewed: white margins make some values of a band a hundred times as common as chance would. The rows
of such a bucket are banded again, by the bits in which they may still differ. The same pigeonhole holds: they differ in
no more than d of these, so of d + 1 parts of them one is equal; hence nothing is missed, at any depth.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Index = NDArray[np.intp]

_FEW = 64  # rows of a group that are compared all with all: 2,016 pairs
_MANY = 4096  # the same of one that was banded again _DEPTH times
_DEPTH = 2


class Nearest:
    """Of each row, the nearest of higher priority that was found so far; of several the one of least location.

    ``distance`` (N,) uint8, ``NONE`` where there is none; ``keeper`` (N,) uint64, its location.
    """

    NONE = 255

    def __init__(
        self,
        hashes: NDArray[np.uint64],
        priority: NDArray[np.uint64],
        location: NDArray[np.uint64],
        max_distance: int,
    ) -> None:
        self._hashes, self._priority, self._location = hashes, priority, location
        self._max_distance = max_distance
        self.distance = np.full(len(hashes), self.NONE, dtype=np.uint8)
        self.keeper = np.zeros(len(hashes), dtype=np.uint64)

    def compare(self, rows: Index, groups: NDArray[np.intp], free_bits: Sequence[int], depth: int = 0) -> None:
        """Compare ``rows`` (M,), indices, with those of their group. ``groups`` (M,) stand together; ``free_bits`` are
        those in which rows of a group may differ; ``depth`` says how often they were banded again."""
        begins = np.ones(len(rows), dtype=bool)
        begins[1:] = groups[1:] != groups[:-1]
        starts = np.flatnonzero(begins)
        sizes = np.diff(starts, append=len(rows))
        size = np.repeat(sizes, sizes)
        at_once = _FEW if depth < _DEPTH else _MANY
        alone = size > _MANY
        crowded = (size > at_once) & ~alone
        self._compare_all(*_picked((size > 1) & ~alone & ~crowded, rows, groups))
        if crowded.any():
            self._band_again(*_picked(crowded, rows, groups), _parts(free_bits, self._max_distance + 1), depth)
        for start, length in zip(starts[sizes > _MANY], sizes[sizes > _MANY], strict=True):
            self._compare_many(rows[start : start + length], depth)

    def _compare_many(self, rows: Index, depth: int) -> None:
        """A group so large that it pays to look which bits tell its rows apart: they are dealt to the parts in turn."""
        bits = _telling_bits(self._hashes[rows])
        parts = [bits[number :: self._max_distance + 1] for number in range(self._max_distance + 1)]
        one_group = np.zeros(len(rows), dtype=np.intp)
        pairs = sum(_pairs(self._hashes[rows] & _mask(part)) for part in parts)
        if pairs > len(rows) * (len(rows) - 1) // 4:  # they do not tell them apart well enough
            self._compare_all(rows, one_group)
        else:
            self._band_again(rows, one_group, parts, depth)

    def _band_again(self, rows: Index, groups: NDArray[np.intp], parts: Sequence[Sequence[int]], depth: int) -> None:
        """Those of a group that agree in one of the parts become a group of their own."""
        for number, part in enumerate(parts):
            values = self._hashes[rows] & _mask(part)
            order = np.lexsort((values, groups))
            begins = np.ones(len(rows), dtype=bool)
            begins[1:] = (np.diff(groups[order]) != 0) | (np.diff(values[order]) != 0)
            others = [bit for one in (*parts[:number], *parts[number + 1 :]) for bit in one]
            self.compare(rows[order], np.cumsum(begins), others, depth + 1)

    def _compare_all(self, rows: Index, groups: NDArray[np.intp]) -> None:
        """Each with its k-th successor in the group, for k = 1, 2, …"""
        first = np.arange(len(rows))
        for step in range(1, len(rows)):
            first = first[first + step < len(rows)]
            first = first[groups[first] == groups[first + step]]  # a group that has ended stays ended
            if not len(first):
                return
            one, other = rows[first], rows[first + step]
            distance = np.bitwise_count(self._hashes[one] ^ self._hashes[other])
            near = distance <= self._max_distance
            one, other, distance = one[near], other[near], distance[near]
            loses = self._priority[one] < self._priority[other]
            self._note(one[loses], other[loses], distance[loses])
            self._note(other[~loses], one[~loses], distance[~loses])

    def _note(self, losers: Index, keepers: Index, distance: NDArray[np.uint8]) -> None:
        """``losers`` are distinct: a row has one k-th successor, and is that of one."""
        locations = self._location[keepers]
        nearer = distance < self.distance[losers]
        tied = (distance == self.distance[losers]) & (locations < self.keeper[losers])
        better = nearer | tied
        self.distance[losers[better]] = distance[better]
        self.keeper[losers[better]] = locations[better]


def _picked(chosen: NDArray[np.bool_], rows: Index, groups: NDArray[np.intp]) -> tuple[Index, NDArray[np.intp]]:
    return rows[chosen], groups[chosen]


def _parts(bits: Sequence[int], count: int) -> list[Sequence[int]]:
    return [bits[part * len(bits) // count : (part + 1) * len(bits) // count] for part in range(count)]


def _mask(bits: Sequence[int]) -> np.uint64:
    return np.uint64(sum(1 << bit for bit in bits))


def _telling_bits(hashes: NDArray[np.uint64]) -> list[int]:
    """The bits in which (N,) hashes differ, those first that are set in nearly half of them."""
    ones = np.unpackbits(hashes.astype("<u8").view(np.uint8).reshape(-1, 8), axis=1, bitorder="little").sum(
        axis=0, dtype=np.int64
    )
    rarer = np.minimum(ones, len(hashes) - ones)
    return [int(bit) for bit in np.argsort(-rarer, kind="stable") if rarer[bit]]


def _pairs(values: NDArray[np.uint64]) -> int:
    """Pairs of equal values."""
    _, counts = np.unique(values, return_counts=True)
    return int((counts * (counts - 1) // 2).sum())
