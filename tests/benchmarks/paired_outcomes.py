"""Differences between two arms of an experiment, paired by seed and concept, with their uncertainty.

Shape legend: S seeds, V concepts.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Recalls = NDArray[np.float64]  # (S, V) share of a concept's pictures in which it was named


@dataclass(frozen=True)
class Difference:
    """Of macro recall: the mean over concepts and seeds."""

    mean: float
    low: float  # of the 95 % interval
    high: float
    p: float  # two-sided, of no difference


def paired_difference(one: Recalls, other: Recalls, draws: int = 10_000, seed: int = 0) -> Difference:
    """``one`` less ``other``, bootstrapped over seeds and over concepts at once (both drawn anew with replacement)."""
    random, gap = np.random.default_rng(seed), one - other
    n_seeds, n_concepts = gap.shape
    means = np.empty(draws)
    for draw in range(draws):
        rows = random.integers(0, n_seeds, n_seeds)
        columns = np.bincount(random.integers(0, n_concepts, n_concepts), minlength=n_concepts)
        means[draw] = gap[rows].mean(axis=0) @ columns / n_concepts
    low, high = np.quantile(means, [0.025, 0.975])
    # the least share of draws on one side of nothing, doubled; one draw is added, since none is no proof of never
    side = (min(int((means <= 0).sum()), int((means >= 0).sum())) + 1) / (draws + 1)
    return Difference(float(gap.mean()), float(low), float(high), min(1.0, 2 * side))


def holm(p_values: Mapping[str, float]) -> dict[str, float]:
    """Each p value, adjusted for all of them being looked at (Holm 1979, https://www.jstor.org/stable/4615733)."""
    adjusted, highest = {}, 0.0
    for place, name in enumerate(sorted(p_values, key=lambda key: p_values[key])):
        highest = max(highest, min(1.0, (len(p_values) - place) * p_values[name]))
        adjusted[name] = highest
    return adjusted
