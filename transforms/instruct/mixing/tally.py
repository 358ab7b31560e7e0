"""What there is to mix, counted: rows and amounts of each cell, told apart by how much a row counts.

In a stratum, one bin of a cell, all rows count alike within an eighth of an octave. What is drawn of each cell is
spread evenly over its bins, so that its amount comes out as its rows do, whoever is drawn.

Shape legend: N rows, S strata.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from transforms.datasets import ShardName
from transforms.instruct.mixing.about import Cell, PartReader, PartRows

_BITS_PER_OCTAVE = 3  # eight bins
_MANTISSA_BITS = 52  # of a float64: IEEE 754


def amount_bins(amounts: NDArray[np.int64]) -> NDArray[np.int64]:
    """(N,) amounts → (N,) bins that rise with them: the exponent and the first three bits after it. 0 has its own."""
    bits = amounts.astype(np.float64).view(np.int64) >> (_MANTISSA_BITS - _BITS_PER_OCTAVE)
    origin = 1023 << _BITS_PER_OCTAVE  # of 1.0
    return np.where(amounts > 0, bits - origin + 1, 0)


@dataclass
class MixTally:
    """Adds up in place. ``strata``: rows and amount of each cell and bin; ``apart`` rows are of other splits."""

    strata: dict[tuple[Cell, int], tuple[int, int]] = field(default_factory=dict)
    apart: int = 0
    refused: int = 0

    def __iadd__(self, other: MixTally) -> MixTally:
        for key, (rows, amount) in other.strata.items():
            known = self.strata.get(key, (0, 0))
            self.strata[key] = (known[0] + rows, known[1] + amount)
        self.apart += other.apart
        self.refused += other.refused
        return self

    def cells(self) -> Mapping[Cell, tuple[int, int]]:
        """Rows and amount of each cell, sorted."""
        found: dict[Cell, tuple[int, int]] = {}
        for (cell, _), (rows, amount) in sorted(self.strata.items()):
            known = found.get(cell, (0, 0))
            found[cell] = (known[0] + rows, known[1] + amount)
        return found


def strata_of(part: PartRows) -> tuple[list[tuple[Cell, int]], NDArray[np.int64]]:
    """The strata of a part, and (N,) which of them each row is of: -1 for one that is not mixed."""
    mixed = np.flatnonzero(part.cell >= 0)
    pairs = np.stack([part.cell[mixed], amount_bins(part.amount[mixed])], axis=1)
    found, inverse = np.unique(pairs, axis=0, return_inverse=True)
    which = np.full(len(part.cell), -1, np.int64)
    which[mixed] = inverse.reshape(-1)
    return [(part.cells[cell], bin_) for cell, bin_ in found.tolist()], which


def count_part(name: ShardName, reader: PartReader) -> MixTally:
    """The first pass over a part."""
    return count_rows(reader.read(name))


def count_rows(part: PartRows) -> MixTally:
    """Of the rows of one part."""
    strata, which = strata_of(part)
    mixed = which >= 0
    rows = np.bincount(which[mixed], minlength=len(strata))
    order = np.argsort(which[mixed], kind="stable")
    ends = np.cumsum(rows)
    sums = np.append(0, np.cumsum(part.amount[mixed][order]))  # of integers, so exact
    amounts = sums[ends] - sums[ends - rows] if len(rows) else rows
    counted = dict(zip(strata, zip(rows.tolist(), amounts.tolist(), strict=True), strict=True))
    return MixTally(counted, int(part.is_apart.sum()), int(part.is_refused.sum()))
