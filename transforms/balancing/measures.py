"""How even a distribution of concepts is: the measures that every report shows. Pure functions of counts.

Shape legend: V concepts.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from transforms.balancing.sampling import Floats
from transforms.balancing.settings import MOST_AUTO_FLOOR

#: A concept with this many images can be learnt and tested; what "covered" means in the report.
COVERED_IMAGES = MOST_AUTO_FLOOR


@dataclass(frozen=True)
class Measures:
    """Of one selection. Only concepts that the raw corpus has count: a selection cannot hold others."""

    concepts: int  # concepts of the raw corpus
    normalised_entropy: float
    covered: int  # concepts with at least COVERED_IMAGES images
    top_percent_share: float
    gini: float
    distance_to_uniform: float


def measures(counts: NDArray[np.int64], counts_before: NDArray[np.int64]) -> Measures:
    """Of the (V,) ``counts`` of a selection from a corpus with (V,) ``counts_before``."""
    present = counts[counts_before > 0]
    return Measures(
        len(present),
        normalised_entropy(present),
        covered(present, COVERED_IMAGES),
        top_share(present),
        gini(present),
        distance(present, np.ones(len(present))),
    )


def normalised_entropy(counts: NDArray[np.int64]) -> float:
    """Shannon entropy over its greatest value, log V (Pielou's evenness, 1966): 1 when all V are equally frequent."""
    if len(counts) < 2 or not counts.any():
        return 0.0
    shares = counts[counts > 0] / counts.sum()
    return float(-(shares * np.log(shares)).sum() / np.log(len(counts))) + 0.0  # not -0.0


def covered(counts: NDArray[np.int64], least_images: int) -> int:
    """Concepts with at least ``least_images`` images."""
    return int((counts >= least_images).sum())


def top_share(counts: NDArray[np.int64], fraction: float = 0.01) -> float:
    """Share of all mass held by the commonest ``fraction`` of concepts (at least one concept)."""
    if not counts.any():
        return 0.0
    n_top = max(1, round(fraction * len(counts)))
    return float(np.sort(counts)[-n_top:].sum() / counts.sum())


def gini(counts: NDArray[np.int64]) -> float:
    """Gini coefficient: 0 when all are equally frequent, 1 - 1/V when one concept has everything."""
    if not counts.any():
        return 0.0
    ordered = np.sort(counts).astype(np.float64)
    ranks = np.arange(1, len(ordered) + 1)
    return float(((2 * ranks - len(ordered) - 1) * ordered).sum() / (len(ordered) * ordered.sum()))


def distance(counts: NDArray[np.int64], target: NDArray[np.float64]) -> float:
    """Total variation between the distribution and that of ``target``: the share of mass that would have to move."""
    if not counts.any():
        return 0.0
    return float(np.abs(counts / counts.sum() - target / target.sum()).sum() / 2)


def band_coverage(counts: NDArray[np.int64], counts_before: NDArray[np.int64]) -> list[dict[str, int]]:
    """By tenfold of (V,) ``counts_before``, rarest first: concepts, those covered, images before and after."""
    bands = []
    for power in range(len(str(int(counts_before.max(initial=0))))):
        low, high = 10**power, 10 ** (power + 1)
        inside = (counts_before >= low) & (counts_before < high)
        if inside.any():
            bands.append(
                {
                    "least": low,
                    "most": high - 1,
                    "concepts": int(inside.sum()),
                    "covered": covered(counts[inside], COVERED_IMAGES),
                    "before": int(counts_before[inside].sum()),
                    "after": int(counts[inside].sum()),
                }
            )
    return bands


def evenness(copies: Floats, target: Floats) -> float:
    """1 − KL(p‖t) / log V of (V,) copies, V concepts having a target: normalised entropy where the target is flat."""
    return 1.0 + divergence_below(copies, target) / spread(target)


def spread(target: Floats) -> float:
    """log V: the most that a distribution can diverge from a flat target."""
    return float(np.log(max(int(np.isfinite(target).sum()), 2)))


def divergence_below(copies: Floats, target: Floats) -> float:
    """−KL(p‖t), in nats; ``target`` (V,) are logarithms."""
    known = np.isfinite(target)
    shares = copies[known] / max(float(copies[known].sum()), 1e-300)
    held = shares > 0  # copies may be so few that their share is none
    shares, target = shares[held], target[known][held]
    return -float((shares * (np.log(shares) - target)).sum())  # a product of BLAS depends on its threads
