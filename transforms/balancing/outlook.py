"""What can be foreseen of a selection before it is written: its distribution, its floors, and what bounds it.

Shape legend: N rows, K concepts an image, V concepts, G groups.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np

from transforms.balancing.bound import Parts, Prices
from transforms.balancing.cells import Cells
from transforms.balancing.concept_ids import Ids
from transforms.balancing.exchange import Shortage
from transforms.balancing.measures import spread
from transforms.balancing.methods.weighting import Weighting
from transforms.balancing.profile import Ends
from transforms.balancing.sampling import Floats, Ints
from transforms.balancing.settings import BalanceSettings
from transforms.balancing.tally import CorpusTally, DrawTally
from transforms.balancing.target import NO_TARGET, Target


def log_target(counts: Ints, temper: float, target: Target) -> Floats:
    """(V,) log t of the concepts that (V,) ``counts`` says are there, −∞ of the others."""
    present, shares = np.flatnonzero(counts), np.full(len(counts), -np.inf)
    shares[present] = target.log_shares(counts[present].astype(np.float64), present, temper)
    return shares


def _parts(
    settings: BalanceSettings, group_sizes: tuple[int, ...], cap_prices: Floats
) -> tuple[Parts, tuple[int, ...], float]:
    """How groups lie in strata, since any size of a cell will do for a bound; the sizes; and Σ η·cap."""
    cells, n_strata = Cells.of(settings), len(Cells.of(settings).strata)
    group = np.arange(len(group_sizes))
    part = cells.stratum[group % len(cells)] + n_strata * (group // len(cells))
    sizes = np.bincount(part, group_sizes).astype(np.int64)
    if not len(cap_prices):
        return Parts(part, np.zeros(len(group))), tuple(sizes.tolist()), 0.0
    holds, most = cells.limits(int(sizes[:n_strata].sum()))
    price = np.where(group < len(cells), (cap_prices @ holds)[group % len(cells)], 0.0)
    return Parts(part, price), tuple(sizes.tolist()), float(cap_prices @ most)


@dataclass(frozen=True)
class Outlook:
    """Known before the last pass."""

    target: Floats  # (V,) log t
    expected: Floats  # (V,) copies
    shortage: Shortage
    multipliers: Floats  # (V,) μ
    cap_prices: Floats  # (J,) η
    prices: tuple[Prices, Prices]  # of the bound of all selections, and of those that keep floors and caps
    ends: Ends
    part_sizes: tuple[int, ...]  # of images of each stratum with a concept, and without
    cap_worth: float  # Σ η·most

    @classmethod
    def of(cls, drawn: DrawTally, settings: BalanceSettings, tally: CorpusTally, weights: Weighting) -> Self:
        promise, counts = weights.promise, tally.count_inside
        temper = {"even": settings.even.temper, "raked": settings.raking.temper}.get(settings.method, 0.0)
        target = log_target(counts, temper, promise.target if promise else NO_TARGET)
        expected = drawn.expected.in_copies()[0]
        present = np.isfinite(target)
        smoothed = np.where(present, np.maximum(expected, 0.5), 1.0)  # the bound holds for any positive distribution
        log_share = np.log(smoothed / max(float(smoothed[present].sum()), 1e-300))
        values = np.where(present, target - log_share, 0.0)
        floor = np.zeros(len(counts), np.int64)
        multipliers, cap_prices = np.zeros(len(counts)), np.zeros(0)
        if promise is not None:
            floor = np.minimum(promise.floor, settings.max_copies * counts)
            multipliers, cap_prices = promise.prices, np.array(promise.caps)
        parts, sizes, worth = _parts(settings, weights.group_sizes(settings), cap_prices)
        free, width = Parts(parts.part, np.zeros(len(parts.part))), tally.concepts_per_image
        lifted = values + multipliers
        if promise is not None:
            caps = promise.target.caps
            unmet = caps.are_unmet(caps.shares(expected, np.arange(len(counts))))
            lifted -= caps.prices(np.where(unmet, 0.0, promise.tilt), len(counts))
        prices = (Prices.of(values, free, width), Prices.of(lifted, parts, width))
        shortage, ends = Shortage(drawn.drawn, floor), Ends.of(tally.count_before)
        return cls(target, expected, shortage, multipliers, cap_prices, prices, ends, sizes, worth)

    def scores(self, ids: Ids, groups: Ints) -> tuple[Ints, Ints]:
        """What both bounds have to know of rows, to be added up."""
        one, other = (prices.tally(ids, groups).to_add() for prices in self.prices)
        return one, other

    def bounds(self, scores: tuple[Ints, Ints], max_copies: int) -> tuple[float, float]:
        """The most that the evenness of any selection can be, and of any that keeps floors and caps."""
        widest = spread(self.target)
        free = self.prices[0].upper_bound(scores[0], self.part_sizes, max_copies)
        worth = float(self.multipliers @ self.shortage.floor) - self.cap_worth
        kept = self.prices[1].upper_bound(scores[1], self.part_sizes, max_copies, worth)
        return min(1.0, 1.0 + free / widest), min(1.0, 1.0 + min(kept, free) / widest)
