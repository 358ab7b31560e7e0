"""A pass over all rows that corrects a fit: what its weights let them expect, were ν lower or higher by some steps.

A sample is off in ν too, and what images bring of each concept depends on how many are taken: at the ν of the sample a
third more or fewer might be. So the pass looks at several, and what it found is told for the size that is asked for.

Shape legend: N rows, K concepts an image, V concepts, C cells, H shifts.
"""

from __future__ import annotations

from dataclasses import dataclass
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


@dataclass
class ResponseTally:
    """Adds up in place, exactly and in any order."""

    at: list[ExpectedTally]  # (H,)

    @classmethod
    def zero(cls, n_concepts: int, n_cells: int) -> Self:
        return cls([ExpectedTally.zero(n_concepts, n_cells) for _ in SHIFTS])

    @classmethod
    def of(cls, ids: Ids, cells: Ints, log_odds: Floats, max_copies: int, like: tuple[int, int]) -> Self:
        """Of (N, K) ids, (N,) cells and (N,) logarithms of expected copies, before ``max_copies`` cuts them off;
        ``like``: V and C."""
        some = np.flatnonzero(log_odds > _NOTHING)  # most rows cannot expect to be taken, whatever ν
        ids, cells, log_odds = ids[some], cells[some], log_odds[some]
        most = np.log(max_copies)
        return cls(
            [ExpectedTally.of(ids, cells, np.exp(np.minimum(log_odds + shift, most)), *like) for shift in SHIFTS]
        )

    def __iadd__(self, other: Self) -> Self:
        for own, others in zip(self.at, other.at, strict=True):
            own += others
        return self

    def at_size(self, size: float) -> tuple[Floats, Floats]:
        """(V,) and (C,) numbers of copies, at the ν that gives ``size`` in all, or the nearest that was looked at."""
        copies, cells = (np.stack(each) for each in zip(*(one.in_copies() for one in self.at), strict=True))
        sizes = cells.sum(axis=1)
        after = int(np.clip(np.searchsorted(-sizes, -size), 1, len(sizes) - 1))
        step = sizes[after - 1] - sizes[after]
        share = float(np.clip((sizes[after - 1] - size) / step, 0.0, 1.0)) if step > 0 else 0.0
        shares = np.array([1 - share, share])
        return shares @ copies[after - 1 : after + 1], shares @ cells[after - 1 : after + 1]
