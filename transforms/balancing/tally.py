"""What the passes add up to. Each class adds in place, exactly and in any order, so Beam can combine it anywhere.

Arrays by concept are ``Hits`` in what one shard gives, which is only ever added to a ``zero``.

Shape legend: N rows, K concepts an image, V concepts, R images of the sample, C cells.
"""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass, field
from typing import ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from transforms.balancing.concept_ids import Ids, concept_hits
from transforms.balancing.sampling import Floats, Ints


@dataclass
class KeyedSample:
    """The ``limit`` images of least keyed hash: a plain random sample, the same however the rows lie in shards."""

    limit: int
    hashes: list[NDArray[np.uint64]] = field(default_factory=list)
    ids: list[Ids] = field(default_factory=list)
    size: int = 0
    highest: int = 2**64 - 1  # no image above it can be in the sample any more

    @classmethod
    def of_rows(cls, limit: int, rows: int | None) -> Self:
        """For a part of so many rows: what surely is not among the ``limit`` is not collected at all."""
        needed = limit + 12 * math.sqrt(limit) + 144  # fewer come once in 10^30
        return cls(limit) if rows is None or rows <= needed else cls(limit, highest=int(2**64 * (needed / rows)))

    def add(self, hashes: NDArray[np.uint64], ids: Ids) -> None:
        """(N,) hashes and (N, K) ids."""
        low = hashes <= np.uint64(self.highest)
        if not low.all():
            hashes, ids = hashes[low], ids[low]
        self.hashes.append(hashes)
        self.ids.append(ids)
        self.size += len(hashes)
        if self.size > 2 * self.limit:  # twice: so that each image is moved a few times only
            self._prune()

    def __iadd__(self, other: KeyedSample) -> KeyedSample:
        for hashes, ids in zip(other.hashes, other.ids, strict=True):
            self.add(hashes, ids)
        return self

    def _prune(self) -> None:
        hashes, ids = np.concatenate(self.hashes), np.concatenate(self.ids)
        kept = np.argsort(hashes, kind="stable")[: self.limit]
        self.hashes, self.ids, self.size = [hashes[kept]], [ids[kept]], len(kept)
        if len(kept) == self.limit:
            self.highest = int(hashes[kept[-1]])

    def images(self) -> Ids:
        """(R, K) ids by rising hash, so in an order that depends on nothing else."""
        if not self.hashes:
            return np.empty((0, 1), dtype=np.int32)
        self._prune()
        return self.ids[0]


@dataclass
class CorpusTally:
    """Pass 1: how many rows there are, of what."""

    rows: int
    count_before: Ints  # (V,) images of each concept
    count_inside: Ints  # (V,) those of them in strata that give any
    rows_by_stratum: Counter[str]
    sample: KeyedSample
    concepts_per_image: int = 1  # at most

    @classmethod
    def zero(cls, n_concepts: int, sample_limit: int) -> CorpusTally:
        zeros = np.zeros((2, n_concepts), dtype=np.int64)
        return cls(0, zeros[0], zeros[1], Counter(), KeyedSample(sample_limit))

    def __iadd__(self, other: CorpusTally) -> CorpusTally:
        self.rows += other.rows
        self.count_before += other.count_before
        self.count_inside += other.count_inside
        self.rows_by_stratum += other.rows_by_stratum
        self.sample += other.sample
        self.concepts_per_image = max(self.concepts_per_image, other.concepts_per_image)
        return self


@dataclass
class ExpectedTally:
    """A correcting pass of ``even``: what its weights let all rows expect, in fixed point, so that sums are exact."""

    copies: Ints  # (V,) of each concept, in 2^-20
    sizes: Ints  # (C,) of each cell's images with a concept, in 2^-20
    UNIT: ClassVar[float] = 2.0**-20  # 10^10 images of up to 100 copies fit int64

    @classmethod
    def zero(cls, n_concepts: int, n_cells: int) -> ExpectedTally:
        return cls(np.zeros(n_concepts, dtype=np.int64), np.zeros(n_cells, dtype=np.int64))

    @classmethod
    def of(cls, ids: Ids, cells: Ints, copies: Floats, n_concepts: int, n_cells: int) -> ExpectedTally:
        """Of (N, K) ids, (N,) cells and (N,) expected copies."""
        units = np.rint(copies / cls.UNIT)  # whole floats: the sums of a shard are exact
        held = concept_hits(ids, n_concepts, units.astype(np.int64))
        return cls(held.to_add(), np.bincount(cells, units, n_cells).astype(np.int64))

    def __iadd__(self, other: ExpectedTally) -> ExpectedTally:
        self.copies += other.copies
        self.sizes += other.sizes
        return self

    def in_copies(self) -> tuple[Floats, Floats]:
        """(V,) and (C,), as numbers of copies."""
        return self.copies.astype(np.float64) * self.UNIT, self.sizes.astype(np.float64) * self.UNIT


@dataclass
class DrawTally:
    """What the cut draws, and what could be expected of it."""

    drawn: Ints  # (V,) copies of each concept
    expected: ExpectedTally

    @classmethod
    def zero(cls, n_concepts: int, n_cells: int) -> DrawTally:
        return cls(np.zeros(n_concepts, dtype=np.int64), ExpectedTally.zero(n_concepts, n_cells))

    def __iadd__(self, other: DrawTally) -> DrawTally:
        self.drawn += other.drawn
        self.expected += other.expected
        return self
