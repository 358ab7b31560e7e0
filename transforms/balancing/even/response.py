"""A pass over all rows that corrects a fit: what its weights let them expect, were ν lower or higher by some steps.

A sample is off in ν too, and what images bring of each concept depends on how many are taken: at the ν of the sample a
third more or fewer might be. So the pass looks at several, in each stratum by itself, and what it found is told for the
sizes that are asked for.

Shape legend: N rows, K concepts an image, V concepts, C cells, S strata, H shifts.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass, field, replace
from typing import Self

import numpy as np

from transforms.balancing.concept_ids import Ids
from transforms.balancing.sampling import Floats, Ints
from transforms.balancing.tally import ExpectedTally

#: (H,) of log odds, so that sizes fall: by some 15 % for 3, so that one can look between two; and 24 are enough where a
#: sample holds five rows of a concept (there its size was off by 40 %).
SHIFTS = np.array([24.0, 8.0, 3.0, 0.0, -3.0, -8.0, -24.0])

#: Log odds below which not even the greatest shift lets a row expect half a unit of what is counted.
_NOTHING = float(np.log(ExpectedTally.UNIT / 2)) - float(SHIFTS[0])

#: Of all strata: six of 500,000 concepts, and the images in none. Of more, all are looked at as one.
_MOST_BYTES = 192 << 20


@dataclass
class ResponseTally:
    """Adds up in place, exactly and in any order."""

    n_concepts: int
    stratum: Ints  # (C,) that each cell is of
    at: dict[int, list[ExpectedTally]] = field(default_factory=dict)  # (H,) of each part that any row was of

    @functools.cached_property
    def part(self) -> Ints:
        """(C,) what each cell is looked at with: its stratum, or all."""
        n_strata = int(self.stratum.max()) + 1
        has_room = 8 * self.n_concepts * len(SHIFTS) * n_strata <= _MOST_BYTES
        return self.stratum if has_room else np.zeros_like(self.stratum)

    def of_rows(self, ids: Ids, cells: Ints, log_odds: Floats, max_copies: int) -> Self:
        """What rows add to such a sum: (N, K) ids, (N,) cells and (N,) logarithms of expected copies, before
        ``max_copies`` cuts them off."""
        most, found = np.log(max_copies), replace(self, at={})
        some = np.flatnonzero(log_odds > _NOTHING)  # most rows cannot expect to be taken, whatever ν
        parts = self.part[cells[some]]
        for part in np.unique(parts).tolist():
            rows = some[parts == part]
            one, own, odds = ids[rows], cells[rows], log_odds[rows]
            found.at[part] = [
                ExpectedTally.of(one, own, copies, self.n_concepts, len(self.stratum))
                for copies in (np.exp(np.minimum(odds + shift, most)) for shift in SHIFTS)
            ]
        return found

    def __iadd__(self, other: Self) -> Self:
        for part, found in other.at.items():
            for own, others in zip(self._of(part), found, strict=True):
                own += others
        return self

    def _of(self, part: int) -> list[ExpectedTally]:
        if part not in self.at:
            self.at[part] = [ExpectedTally.zero(self.n_concepts, len(self.stratum)) for _ in SHIFTS]
        return self.at[part]

    def at_sizes(self, sizes: Floats) -> tuple[Floats, Floats]:
        """(V,) and (C,) numbers of copies, at the ν of each stratum that gives its (S,) size, or the nearest that was
        looked at."""
        copies, cells = np.zeros(self.n_concepts), np.zeros(len(self.stratum))
        for part, found in sorted(self.at.items()):  # sums of floats depend on their order
            of_concepts, of_cells = (np.stack(each) for each in zip(*(one.in_copies() for one in found), strict=True))
            size = float(sizes[np.unique(self.stratum[self.part == part])].sum())
            shares = _shares_at(of_cells.sum(axis=1), size)
            copies += shares @ of_concepts
            cells += shares @ of_cells
        return copies, cells


def _shares_at(sizes: Floats, size: float) -> Floats:
    """(H,) shares of falling ``sizes`` that add up to ``size``, or to the nearest."""
    shares = np.zeros(len(sizes))
    after = int(np.clip(np.searchsorted(-sizes, -size), 1, len(sizes) - 1))
    step = sizes[after - 1] - sizes[after]
    share = float(np.clip((sizes[after - 1] - size) / step, 0.0, 1.0)) if step > 0 else 0.0
    shares[after - 1 : after + 1] = 1 - share, share
    return shares
