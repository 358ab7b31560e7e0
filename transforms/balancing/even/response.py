"""A pass over all rows that corrects a fit: what its weights let them expect, were ν lower or higher by some steps.

A sample is off in ν too, and what images bring of each concept depends on how many are taken: at the ν of the sample a
third more or fewer might be. So the pass looks at several, in each stratum by itself, and what it found is told for the
sizes that are asked for.

Shape legend: N rows, K concepts an image, V concepts, C cells, S strata, H shifts.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Self

import numpy as np

from transforms.balancing.concept_ids import Ids
from transforms.balancing.sampling import Floats, Ints
from transforms.balancing.tally import ExpectedTally

#: (H,) of log odds, so that sizes fall: by some 15 % for 3, so that one can look between two; and 24 are enough where a
#: sample holds five rows of a concept (there its size was off by 40 %). Fewer where there are too many strata.
SHIFTS = (
    np.array([24.0, 8.0, 3.0, 0.0, -3.0, -8.0, -24.0]),
    np.array([12.0, 0.0, -12.0]),
    np.array([0.0]),
)

_MOST_BYTES = 128 << 20  # of all strata and shifts: four strata of 500,000 concepts have all shifts
_UNIT_ODDS = float(np.log(ExpectedTally.UNIT / 2))  # below, a row expects nothing that is counted


def shifts_for(n_concepts: int, n_strata: int) -> Floats:
    for shifts in SHIFTS[:-1]:
        if 8 * n_concepts * n_strata * len(shifts) <= _MOST_BYTES:
            return shifts
    return SHIFTS[-1]


@dataclass
class ResponseTally:
    """Adds up in place, exactly and in any order."""

    n_concepts: int
    stratum: Ints  # (C,) that each cell is of
    at: dict[int, list[ExpectedTally]] = field(default_factory=dict)  # (H,) of each stratum that any row was of

    @property
    def shifts(self) -> Floats:
        return shifts_for(self.n_concepts, int(self.stratum.max()) + 1)

    def add(self, ids: Ids, cells: Ints, log_odds: Floats, max_copies: int) -> Self:
        """(N, K) ids, (N,) cells and (N,) logarithms of expected copies, before ``max_copies`` cuts them off."""
        shifts, most = self.shifts, np.log(max_copies)
        some = np.flatnonzero(log_odds > _UNIT_ODDS - shifts[0])  # most rows cannot expect to be taken, whatever ν
        strata = self.stratum[cells[some]]
        for stratum in np.unique(strata).tolist():
            rows = some[strata == stratum]
            one, odds, own = ids[rows], log_odds[rows], cells[rows]
            found = [
                ExpectedTally.of(one, own, np.exp(np.minimum(odds + shift, most)), self.n_concepts, len(self.stratum))
                for shift in shifts
            ]
            self._join(stratum, found)
        return self

    def __iadd__(self, other: Self) -> Self:
        for stratum, found in other.at.items():
            self._join(stratum, found)
        return self

    def _join(self, stratum: int, found: list[ExpectedTally]) -> None:
        for own, others in zip(self.at.setdefault(stratum, found), found, strict=True):
            if own is not others:
                own += others

    def at_sizes(self, sizes: Floats) -> tuple[Floats, Floats]:
        """(V,) and (C,) numbers of copies, at the ν of each stratum that gives its (S,) size, or the nearest that was
        looked at."""
        copies, cells = np.zeros(self.n_concepts), np.zeros(len(self.stratum))
        for stratum, found in self.at.items():
            of_concepts, of_cells = (np.stack(each) for each in zip(*(one.in_copies() for one in found), strict=True))
            shares = _between(of_cells.sum(axis=1), float(sizes[stratum]))
            copies += shares @ of_concepts
            cells += shares @ of_cells
        return copies, cells


def _between(sizes: Floats, size: float) -> Floats:
    """(H,) shares of falling ``sizes`` that add up to ``size``, or to the nearest."""
    shares = np.zeros(len(sizes))
    after = min(max(int(np.searchsorted(-sizes, -size)), 1), len(sizes) - 1)
    step = sizes[after - 1] - sizes[after]
    share = float(np.clip((sizes[after - 1] - size) / step, 0.0, 1.0)) if step > 0 else 0.0
    shares[after - 1] += 1 - share
    shares[after] += share
    return shares
