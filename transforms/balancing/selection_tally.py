"""What the last pass adds up to. In place, exactly and in any order, so Beam can combine it anywhere.

Of one shard, the arrays by concept and of scores are ``Hits``.

Shape legend: V concepts, G groups.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from transforms.balancing.profile import Profile
from transforms.balancing.sampling import Ints
from transforms.rejects import Counts


@dataclass
class SelectionTally:
    """The last pass: what was selected, and beside it what others of the same size would hold."""

    counts: Counts
    copies: int
    bare_rows: int  # rows without a concept
    bare_copies: int  # and what of them was selected
    count_after: Ints  # (V,) copies of each concept
    group_copies: Ints  # (G,) copies of each group
    count_baselines: Ints  # (len(BASELINES), V) copies of each concept that the baselines would hold
    scores: tuple[Ints, Ints]  # for the bounds of all selections, and of those that keep floors and caps
    profile: Profile

    def empty(self) -> SelectionTally:
        """A sum of nothing, of the same shapes."""
        arrays = (self.count_after, self.group_copies, self.count_baselines, *self.scores)
        after, groups, baselines, *scores = (np.zeros(one.shape, np.int64) for one in arrays)
        return SelectionTally(Counts(), 0, 0, 0, after, groups, baselines, (scores[0], scores[1]), self.profile.empty())

    def __iadd__(self, other: SelectionTally) -> SelectionTally:
        self.counts = self.counts + other.counts
        self.copies += other.copies
        self.bare_rows += other.bare_rows
        self.bare_copies += other.bare_copies
        self.count_after += other.count_after
        self.group_copies += other.group_copies
        self.count_baselines += other.count_baselines
        for mine, theirs in zip(self.scores, other.scores, strict=True):
            mine += theirs
        self.profile += other.profile
        return self
