"""Finding duplicates among hashes, in arrays.

The rule is local, so that it needs no connected components and the order of rows cannot matter: a row is dropped when
some duplicate of it has a higher keyed priority. Hence no two kept rows are duplicates of one another, and of every
cluster the row of highest priority is kept.

Near duplicates are found by banding: two 64-bit hashes that differ in at most d bits agree in at least one of d + 1
bands of bits (pigeonhole; Manku, Jain, Das Sarma 2007, https://doi.org/10.1145/1242572.1242592), so only rows that
share a band's value are compared, by :mod:`transforms.deduplicating.nearest`.
"""

from __future__ import annotations

from collections.abc import Iterator
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from transforms.deduplicating.nearest import Nearest

#: ``location`` is the shard's number in the high 32 bits and the row in the low 32.
ROW = np.dtype([("high", "<u8"), ("low", "<u8"), ("priority", "<u8"), ("location", "<u8")])
DUPLICATE = np.dtype([("location", "<u8"), ("kind", "u1"), ("distance", "u1"), ("keeper", "<u8")])

Rows = NDArray[np.void]
Duplicates = NDArray[np.void]


class DuplicateKind(IntEnum):
    """How two images are the same; the lower value is the reason given when both hold."""

    EXACT = 0
    NEAR = 1


def locations(shard_number: int, n_rows: int) -> NDArray[np.uint64]:
    """The location of each row of a shard."""
    return (np.uint64(shard_number) << np.uint64(32)) + np.arange(n_rows, dtype=np.uint64)


def band_values(hashes: NDArray[np.uint64], band: int, max_distance: int) -> NDArray[np.uint64]:
    """The bits of each hash that fall in ``band``, one of ``max_distance + 1`` that together cover all 64."""
    first, end = _band_bounds(band, max_distance)
    mask = np.uint64((1 << (end - first)) - 1)
    return (hashes >> np.uint64(first)) & mask


def _band_bounds(band: int, max_distance: int) -> tuple[int, int]:
    return (64 * band) // (max_distance + 1), (64 * (band + 1)) // (max_distance + 1)


def split(values: NDArray[np.uint64], rows: Rows, partitions: int) -> Iterator[tuple[int, Rows]]:
    """Rows by ``values`` modulo ``partitions``; equal values meet in one part."""
    # multiply by an odd constant (Fibonacci hashing, Knuth TAOCP 3, 6.4) and take high bits: bands are not uniform
    with np.errstate(over="ignore"):
        part = ((values * np.uint64(0x9E3779B97F4A7C15)) >> np.uint64(32)) % np.uint64(partitions)
    order = np.argsort(part, kind="stable")
    bounds = np.searchsorted(part[order], np.arange(partitions + 1, dtype=np.uint64))
    for number in range(partitions):
        if bounds[number] < bounds[number + 1]:
            yield number, rows[order[bounds[number] : bounds[number + 1]]]


def find_exact(rows: Rows) -> Duplicates:
    """Rows whose 128-bit content hash is shared by a row of higher priority."""
    order = np.lexsort((~rows["priority"], rows["low"], rows["high"]))
    ordered = rows[order]
    begins = np.ones(len(rows), dtype=bool)
    begins[1:] = (ordered["high"][1:] != ordered["high"][:-1]) | (ordered["low"][1:] != ordered["low"][:-1])
    best = np.maximum.accumulate(np.where(begins, np.arange(len(rows)), 0))
    return _duplicates(ordered[~begins], ordered["location"][best[~begins]], DuplicateKind.EXACT, 0)


def find_near(rows: Rows, band: int, max_distance: int) -> Duplicates:
    """Rows with a row of higher priority within ``max_distance`` bits that shares the value of ``band``, each once.

    The perceptual hash stands in ``low``. Rows of one and the same hash are first reduced to the one of highest
    priority, so that a million copies of a blank image cost a sort and not a million squared.
    """
    order = np.lexsort((~rows["priority"], rows["low"], band_values(rows["low"], band, max_distance)))
    ordered = rows[order]
    begins = np.ones(len(rows), dtype=bool)
    begins[1:] = ordered["low"][1:] != ordered["low"][:-1]
    found = [beaten_in_bucket(ordered[begins], band, max_distance)]
    if band == 0:  # the other bands would find the same
        best = np.maximum.accumulate(np.where(begins, np.arange(len(rows)), 0))
        found.append(_duplicates(ordered[~begins], ordered["location"][best[~begins]], DuplicateKind.NEAR, 0))
    return np.concatenate(found)


def beaten_in_bucket(rows: Rows, band: int, max_distance: int) -> Duplicates:
    """Of rows of distinct hashes, sorted by the value of ``band``: those that one of the same value beats, and by which
    of the nearest."""
    values = band_values(rows["low"], band, max_distance)
    groups = np.cumsum(np.diff(values, prepend=values[:1]) != 0)
    best = Nearest(rows["low"], rows["priority"], rows["location"], max_distance)
    best.compare(np.arange(len(rows)), groups, _bits_outside(band, max_distance))
    beaten = best.distance <= max_distance
    return _duplicates(rows[beaten], best.keeper[beaten], DuplicateKind.NEAR, best.distance[beaten])


def _bits_outside(band: int, max_distance: int) -> list[int]:
    first, end = _band_bounds(band, max_distance)
    return [*range(first), *range(end, 64)]


def _duplicates(
    rows: Rows, keepers: NDArray[np.uint64], kind: DuplicateKind, distance: NDArray[np.uint8] | int
) -> Duplicates:
    duplicates = np.empty(len(rows), dtype=DUPLICATE)
    duplicates["location"], duplicates["keeper"], duplicates["kind"], duplicates["distance"] = (
        rows["location"],
        keepers,
        kind,
        distance,
    )
    return duplicates


def strongest(duplicates: Duplicates) -> NDArray[np.intp]:
    """Indices of one entry a row, by location; of several reasons the strongest: exact first, then least distance."""
    order = np.lexsort((duplicates["keeper"], duplicates["distance"], duplicates["kind"], duplicates["location"]))
    ordered = duplicates["location"][order]
    first = np.ones(len(order), dtype=bool)
    first[1:] = ordered[1:] != ordered[:-1]
    return order[first]
