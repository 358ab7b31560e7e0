"""A sample that sees rare concepts whole: row i with probability min(1, r / least n of its concepts), and its inverse.

Row i gets the priority u·n, where u is a keyed uniform and n the images of its rarest concept, and the ``limit`` rows
of least priority are the sample; r is the least priority that is not. Given r, each row was in it with probability
min(1, r / n) (priority sampling, Duffield, Lund and Thorup 2007, https://doi.org/10.1145/1314690.1314696). So the
sample has an exact size, and is the same however rows lie in shards.

Shape legend: N rows, K concepts an image, R rows of the sample, C cells.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from transforms.balancing.concept_ids import Ids, look_up
from transforms.balancing.sampling import Floats, Ints


class WeighedSample(NamedTuple):
    """Rows of a corpus, each with the number that it stands for. One that sees rare concepts whole holds no others."""

    ids: Ids  # (R, K)
    cells: Ints  # (R,)
    weight: Floats  # (R,) rows that each stands for: the inverse of its probability
    rows: Ints  # (C,) rows with a concept, in all
    bare_rows: Ints  # (C,) rows without one

    @property
    def is_whole(self) -> bool:
        """Whether the sample is all there is."""
        return len(self.ids) == int(self.rows.sum())

    @classmethod
    def plain(cls, ids: Ids, rows: int) -> Self:
        """(R, K) rows with a concept or without, each as likely to be here, of a corpus of ``rows`` in one stratum."""
        held = ids[ids.max(axis=1, initial=-1) >= 0]
        with_concept = round(rows * len(held) / max(len(ids), 1))
        each = np.full(len(held), rows / max(len(ids), 1))
        every, bare = np.array([with_concept]), np.array([rows - with_concept])
        return cls(held, np.zeros(len(held), np.int64), each, every, bare)


def _rarest(counts: Ints, ids: Ids) -> Ints:
    """(N,) images of each row's rarest concept, of (V,) counts; beyond all where it has none."""
    least: Ints = look_up(counts, ids, np.iinfo(np.int64).max).min(axis=1)
    return least


def safe_bound(limit: int, counts: Ints, plain: WeighedSample | None, concepts_per_image: int) -> float:
    """A priority below which surely more than ``limit`` rows lie, and not many more.

    Row i lies below r with probability min(1, r / n_i), n_i the images of its rarest concept. The sum of these is at
    least a Kth of Σ_c min(n_c, r) over the (V,) concepts, since a row has K of them at most; a plain random sample of
    the rows, where there is one, tells it to within its own error.
    """
    held = np.sort(counts[counts > 0])
    if not len(held):
        return math.inf
    needed = limit + 12 * math.sqrt(limit) + 144  # fewer come once in 10^30
    before = np.concatenate([[0], np.cumsum(held)])
    rarest, each = np.empty(0, np.int64), 0.0
    if plain is not None and len(plain.ids):
        each = float(plain.weight[0])
        rarest = _rarest(np.maximum(counts, 1), plain.ids)
    for step in range(8 * (int(held[-1]).bit_length() + 1)):
        bound = math.pow(2.0, step / 8)
        below = int(np.searchsorted(held, bound))
        least = (float(before[below]) + (len(held) - below) * bound) / concepts_per_image
        if len(rarest):
            shares = np.minimum(1.0, bound / rarest)
            least = max(least, each * (float(shares.sum()) - 6 * math.sqrt(float(np.square(shares).sum()))))
        if least >= needed:
            return bound
    return math.inf


class _Rows(NamedTuple):
    priority: Floats
    sample_id: NDArray[np.uint64]
    cells: Ints
    ids: Ids

    def take(self, index: NDArray[np.int64]) -> _Rows:
        return _Rows(self.priority[index], self.sample_id[index], self.cells[index], self.ids[index])


@dataclass
class PrioritySample:
    """The rows of least priority, and one more, whose priority is r. Adds up in place, in any order."""

    limit: int
    rows: Ints
    bare_rows: Ints
    parts: list[_Rows] = field(default_factory=list)
    size: int = 0
    bound: float = math.inf  # rows above it are not collected

    @classmethod
    def zero(cls, limit: int, n_cells: int, bound: float = math.inf) -> PrioritySample:
        return cls(limit, np.zeros(n_cells, np.int64), np.zeros(n_cells, np.int64), bound=bound)

    def empty(self) -> PrioritySample:
        """A sum of nothing, of the same shape."""
        return self.zero(self.limit, len(self.rows), self.bound)

    def add(self, uniform: Floats, sample_ids: NDArray[np.uint64], cells: Ints, ids: Ids, counts: Ints) -> None:
        """(N,) rows, with the (V,) images of each concept; rows without a concept are only counted."""
        rarest = _rarest(counts, ids)
        bare = ids.max(axis=1, initial=-1) < 0
        self.rows += np.bincount(cells[~bare], minlength=len(self.rows))
        self.bare_rows += np.bincount(cells[bare], minlength=len(self.rows))
        kept = np.flatnonzero(~bare & (uniform * rarest <= self.bound))
        self._join(_Rows(uniform[kept] * rarest[kept], sample_ids[kept], cells[kept], ids[kept]))

    @property
    def is_enough(self) -> bool:
        """Whether the rows of least priority are all here, whatever the bound kept out."""
        return self.size >= min(self.limit + 1, int(self.rows.sum()))

    def __iadd__(self, other: PrioritySample) -> PrioritySample:
        self.rows += other.rows
        self.bare_rows += other.bare_rows
        for part in other.parts:
            self._join(part)
        return self

    def _join(self, part: _Rows) -> None:
        self.parts.append(part)
        self.size += len(part.priority)
        if self.size > 2 * (self.limit + 1):  # twice: so that each row is moved a few times only
            self._prune()

    def _prune(self) -> None:
        joined = _Rows(*(np.concatenate(columns) for columns in zip(*self.parts, strict=True)))
        order = np.lexsort((joined.sample_id, joined.priority))[: self.limit + 1]
        self.parts, self.size = [joined.take(order)], len(order)

    def sample(self, counts: Ints) -> WeighedSample:
        """The sample, by rising priority, so in an order that depends on nothing else."""
        if not self.parts:
            nothing = np.empty(0, np.int64)
            return WeighedSample(np.empty((0, 1), np.int32), nothing, nothing.astype(float), self.rows, self.bare_rows)
        self._prune()
        part, weight = self.parts[0], np.ones(self.size)
        if self.size > self.limit:
            threshold, part = part.priority[-1], part.take(np.arange(self.limit))
            rarest = _rarest(counts, part.ids)
            weight = np.maximum(1.0, rarest / threshold)
        return WeighedSample(part.ids, part.cells, weight, self.rows, self.bare_rows)
