"""Whole rows that add up to the amounts that were expected, not to the rows alone.

A few long texts carry much of an amount: rounded one way or the other, they move the share of a small cell by percents.
So within a cell rows are moved from one bin to another, each stratum staying one of the two whole numbers around what
it expects, until the amounts of each category and language, each pair of them and each source are what was wanted. The
rows of each cell stay as they are. Where there are many rows, little is left to be done.

Shape legend: S strata, C cells, G groups of cells.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from transforms.instruct.mixing.about import Cell
from transforms.instruct.mixing.quotas import Quotas, Stratum

#: Of what is wanted of a group: what is left of it is less than what the draw within bins brings.
_EVEN = 2e-4
_MOST_MOVES = 20_000
_ALMOST = 1e-6  # of a row

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


def evened(quotas: Quotas, strata: Mapping[Stratum, tuple[int, int]]) -> Quotas:
    """``strata``: rows and amount of each. The same copies of each cell, of bins that make its amount."""
    names = sorted(one for one in strata if quotas.expected.get(one[0], 0.0) > 0)
    if not names:
        return quotas
    state = _State.of(names, quotas, strata)
    for _ in range(_MOST_MOVES):
        if not state.improve():
            break
    moved = dict(zip(names, state.copies.tolist(), strict=True))
    return Quotas({**quotas.copies, **moved}, quotas.expected)


@dataclass
class _State:
    """``over``: how far each group's amount is above what is wanted of it, in parts of that."""

    copies: Ints  # (S,)
    least: Ints  # (S,)
    most: Ints  # (S,)
    means: Floats  # (S,) what a row counts
    first: Ints  # (C + 1,) the first stratum of each cell, and S
    members: Ints  # (C, 4) the groups of each cell
    wanted: Floats  # (G,)
    over: Floats  # (G,)

    @classmethod
    def of(cls, names: Sequence[Stratum], quotas: Quotas, strata: Mapping[Stratum, tuple[int, int]]) -> _State:
        rows, amounts = (np.array([strata[one][side] for one in names], np.float64) for side in (0, 1))
        each = np.array([quotas.expected[cell] for cell, _ in names])
        copies = np.array([quotas.copies[one] for one in names], np.int64)
        cells = list(dict.fromkeys(cell for cell, _ in names))
        number = {cell: index for index, cell in enumerate(cells)}
        of_cell = np.array([number[cell] for cell, _ in names])
        members, count = _groups(cells)
        wanted, got = np.zeros(count), np.zeros(count)
        for column in members.T:
            np.add.at(wanted, column[of_cell], each * amounts)
            np.add.at(got, column[of_cell], copies * amounts / rows)
        first = np.searchsorted(of_cell, np.arange(len(cells) + 1))
        least = np.minimum(np.floor(each * rows + _ALMOST).astype(np.int64), copies)
        most = np.maximum(np.ceil(each * rows - _ALMOST).astype(np.int64), copies)
        safe = np.where(wanted > 0, wanted, 1.0)
        return cls(copies, least, most, amounts / rows, first, members, safe, (got - wanted) / safe)

    def improve(self) -> bool:
        """One move that brings the groups nearer to what is wanted, the cell first that could do most; False where all
        is even enough, or no move helps."""
        if np.abs(self.over).max() < _EVEN:
            return False
        slope = (self.over[self.members] / self.wanted[self.members]).sum(axis=1)  # (C,)
        bend = (self.wanted[self.members] ** -2.0).sum(axis=1)
        for cell in np.argsort(-(slope**2) / bend, kind="stable").tolist():
            move = self._best_move(cell, float(slope[cell]), float(bend[cell]))
            if move is not None:
                lowered, raised = move
                self.copies[lowered] -= 1
                self.copies[raised] += 1
                groups = self.members[cell]
                self.over[groups] += (self.means[raised] - self.means[lowered]) / self.wanted[groups]
                return True
        return False

    def _best_move(self, cell: int, slope: float, bend: float) -> tuple[int, int] | None:
        """Strata to take a row from and to give one to: a move d changes the sum of squares by 2·slope·d + bend·d²."""
        own = np.arange(self.first[cell], self.first[cell + 1])
        lowered, raised = own[self.copies[own] > self.least[own]], own[self.copies[own] < self.most[own]]
        if not (len(lowered) and len(raised)):
            return None
        moved = self.means[raised][None, :] - self.means[lowered][:, None]
        change = 2 * slope * moved + bend * moved**2
        best = int(change.argmin())
        if change.flat[best] > -1e-12:
            return None
        low, high = divmod(best, len(raised))
        return int(lowered[low]), int(raised[high])


def _groups(cells: Sequence[Cell]) -> tuple[Ints, int]:
    """(C, 4) numbers of the groups that each cell is of, and G."""
    numbers: dict[tuple[str, ...], int] = {}

    def number(*told: str) -> int:
        return numbers.setdefault(told, len(numbers))

    members = [
        [
            number("category", cell.category),
            number("language", cell.language),
            number("both", cell.category, cell.language),
            number("source", cell.source),
        ]
        for cell in cells
    ]
    return np.array(members, np.int64).reshape(-1, 4), len(numbers)
