"""From the copies that a row of each cell may expect to whole rows of each stratum, exactly as many as asked for.

Systematic rounding: strata stand one behind another, each as long as what it may expect, and every whole number along
that line, moved by one keyed number, is a row. So a stratum, a cell and any run of neighbours get what they expect to
within one row, and each row expects what it was promised (Madow 1949, https://doi.org/10.1214/aoms/1177729988).

Shape legend: C cells, S strata.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from transforms import keyed
from transforms.instruct.mixing.about import Cell

Stratum = tuple[Cell, int]

_PURPOSE = "mix quotas"
_ALMOST = 1e-6  # a cell so near to all its copies gives them all


@dataclass(frozen=True)
class Quotas:
    """``copies``: rows of each stratum to be drawn, copies counted. ``expected``: copies a row of a cell expects."""

    copies: Mapping[Stratum, int]
    expected: Mapping[Cell, float]

    @property
    def total(self) -> int:
        return sum(self.copies.values())


def allot(rows: Mapping[Stratum, int], expected: Mapping[Cell, float], size: int, max_copies: int, seed: int) -> Quotas:
    """``rows`` of each stratum and what a row of each cell expects, together ``size`` → whole rows."""
    strata = sorted(rows)
    count = np.array([rows[one] for one in strata], np.int64)
    each = np.array([expected.get(cell, 0.0) for cell, _ in strata])
    full = each > max_copies - _ALMOST
    copies = np.where(full, max_copies * count, 0)
    copies[~full] = _systematic((count * each)[~full], size - int(copies.sum()), seed)
    return Quotas(dict(zip(strata, copies.tolist(), strict=True)), dict(expected))


def _systematic(lengths: NDArray[np.float64], size: int, seed: int) -> NDArray[np.int64]:
    """(S,) parts of a line → (S,) whole numbers that lie on each, ``size`` in all."""
    total = float(lengths.sum())
    if size <= 0 or total <= 0:
        return np.zeros(len(lengths), np.int64)
    ends = np.cumsum(lengths) * (size / total)
    ends[np.flatnonzero(lengths)[-1] :] = size  # what floats lost is nobody's
    start = float(keyed.uniform(seed, _PURPOSE, np.zeros(1, np.uint64))[0])
    marks = np.floor(ends + start).astype(np.int64)
    return np.diff(marks, prepend=0)
