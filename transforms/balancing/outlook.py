"""What can be foreseen of a selection before it is written: its distribution, its floors, and what bounds it.

Shape legend: N rows, K concepts an image, V concepts, G groups.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np

from transforms.balancing.bound import Prices
from transforms.balancing.concept_ids import Ids
from transforms.balancing.exchange import Shortage
from transforms.balancing.methods.weighting import Weighting
from transforms.balancing.sampling import Floats, Ints
from transforms.balancing.settings import BalanceSettings
from transforms.balancing.tally import CorpusTally, DrawTally


def log_target(counts: Ints, temper: float) -> Floats:
    """(V,) log t of the concepts that (V,) ``counts`` says are there, −∞ of the others."""
    with np.errstate(divide="ignore"):
        target = np.where(counts > 0, counts.astype(np.float64) ** temper, 0.0)
        shares: Floats = np.log(target / max(target.sum(), 1e-300))
    return shares


def evenness(copies: Floats, target: Floats) -> float:
    """1 − KL(p‖t) / log V of (V,) copies, V concepts having a target: normalised entropy where the target is flat."""
    return 1.0 + divergence_below(copies, target) / _spread(target)


def _spread(target: Floats) -> float:
    """log V: the most that a distribution can diverge from a flat target."""
    return float(np.log(max(int(np.isfinite(target).sum()), 2)))


def divergence_below(copies: Floats, target: Floats) -> float:
    """−KL(p‖t), in nats; ``target`` (V,) are logarithms."""
    held = (copies > 0) & np.isfinite(target)
    shares = copies[held] / max(float(copies[held].sum()), 1e-300)
    return -float(shares @ (np.log(shares) - target[held]))


@dataclass(frozen=True)
class Outlook:
    """Known before the last pass."""

    target: Floats  # (V,) log t
    expected: Floats  # (V,) copies
    shortage: Shortage
    multipliers: Floats  # (V,) μ
    prices: tuple[Prices, Prices]  # of the bound of all selections, and of those that keep the floors
    group_sizes: tuple[int, ...]

    @classmethod
    def of(cls, drawn: DrawTally, settings: BalanceSettings, tally: CorpusTally, weights: Weighting) -> Self:
        promise, counts = weights.promise, tally.count_inside
        temper = {"even": settings.even.temper, "raked": settings.raking.temper}.get(settings.method, 0.0)
        target = log_target(counts, temper)
        expected = drawn.expected.in_copies()[0]
        present = np.isfinite(target)
        smoothed = np.where(present, np.maximum(expected, 0.5), 1.0)  # the bound holds for any positive distribution
        log_share = np.log(smoothed / max(float(smoothed[present].sum()), 1e-300))
        values = np.where(present, target - log_share, 0.0)
        floor = np.zeros(len(counts), np.int64)
        multipliers = np.zeros(len(counts))
        if promise is not None:
            floor = np.minimum(promise.floor, settings.max_copies * counts)
            multipliers = promise.prices
        sizes, width = weights.group_sizes(settings), tally.concepts_per_image
        prices = (Prices.of(values, len(sizes), width), Prices.of(values + multipliers, len(sizes), width))
        return cls(target, expected, Shortage(drawn.drawn, floor), multipliers, prices, sizes)

    def scores(self, ids: Ids, groups: Ints) -> tuple[Ints, Ints]:
        """What both bounds have to know of rows."""
        one, other = (prices.tally(ids, groups) for prices in self.prices)
        return one, other

    def bounds(self, scores: tuple[Ints, Ints], max_copies: int) -> tuple[float, float]:
        """The most that the evenness of any selection can be, and of any that keeps the floors."""
        spread = _spread(self.target)
        free = self.prices[0].upper_bound(scores[0], self.group_sizes, max_copies)
        worth = float(self.multipliers @ self.shortage.floor)
        kept = self.prices[1].upper_bound(scores[1], self.group_sizes, max_copies, worth)
        return min(1.0, 1.0 + free / spread), min(1.0, 1.0 + min(kept, free) / spread)
