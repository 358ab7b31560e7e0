"""The weight of an image, from the concepts that it holds: one gather from a table, and a sum over K.

An image with no concept gets the least weight that an image with one concept can have, that of the commonest concept:
it can be chosen, and is never preferred. One whose concepts are all too rare for ``raked`` to fit weighs as much as the
rarest that it does fit.

Shape legend: N rows, K concepts an image, V concepts, R images of the sample.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from transforms.balancing import raking
from transforms.balancing.sampling import Floats, Ints
from transforms.balancing.settings import BalanceSettings, Method
from transforms.errors import RunFolderError

Ids = NDArray[np.int32]


def drop_below(ids: Ids, scores: NDArray[np.float16], min_similarity: float) -> Ids:
    """(N, K) ids with -1 where the score is below ``min_similarity`` (> 0) or not a number.

    Positive float16 order like their bit patterns. As unsigned integers, negative scores and NaN lie above infinity,
    so after subtracting the threshold's bits, one comparison settles it all.
    """
    threshold = np.float16(min_similarity)
    if float(threshold) < min_similarity:
        threshold = np.nextafter(threshold, np.float16(np.inf))
    low = threshold.view(np.uint16)
    high = np.float16(np.inf).view(np.uint16)
    return np.where(scores.view(np.uint16) - low <= high - low, ids, np.int32(-1))


def count_concepts(ids: Ids, n_concepts: int) -> Ints:
    """(N, K) ids → (V,) rows on which each concept stands; -1 counts nowhere.

    Raises RunFolderError for an id beyond the vocabulary.
    """
    counts = np.bincount(np.add(ids.ravel(), 1, dtype=np.int64), minlength=n_concepts + 1)
    if len(counts) > n_concepts + 1:
        raise RunFolderError(
            f"annotations hold concept {len(counts) - 2}, but the vocabulary has {n_concepts} concepts. "
            "They were made with another vocabulary: annotate again into a new folder."
        )
    return counts[1:]


#: Each θ of ``raked`` carries this mark in the table, so that one gather sums θ and counts the concepts: the sum over
#: m of them is m·mark and a little. Exact: θ has 12 binary places and is far below the mark, float64 holds 53 bits.
_MARK = 2.0**20


@dataclass(frozen=True)
class Weighting:
    """How weights follow from concepts. Tables have a last slot for id -1, which numpy's index -1 finds by itself."""

    method: Method
    table: Floats  # (V+1,) what is summed over an image's concepts
    bare: float  # weight of an image without a concept
    takes_part: NDArray[np.bool_]  # (V,) whether a concept is in the table
    iterations: int = 0  # of the fit, where there is one
    distance: float = 0.0
    rarest: float = 1.0  # weight of an image none of whose concepts takes part

    def of_images(self, ids: Ids) -> Floats:
        """(N, K) ids → (N,) weights, all positive."""
        if self.method == "uniform":
            return np.ones(len(ids))
        total: Floats = np.einsum("nk->n", self.table[ids])  # two thirds of the time of sum(axis=1)
        if self.method == "inverse_frequency":
            weights: Floats = total
        elif self.method == "metaclip":
            weights = -np.expm1(total)
        else:
            members = np.rint(total / _MARK)
            with np.errstate(invalid="ignore"):
                weights = np.where(members > 0, np.exp(total / members - _MARK), self.bare)
            if len(apart := np.flatnonzero(members == 0)):
                weights[apart[(ids[apart] >= 0).any(axis=1)]] = self.rarest
        weights[weights <= 0] = self.bare
        return weights

    def of_concepts(self) -> Floats:
        """(V,) the weight of an image with this concept alone; NaN for a concept that takes no part."""
        ids = np.arange(len(self.takes_part), dtype=np.int32)[:, None]
        return np.where(self.takes_part, self.of_images(ids), np.nan)


def weighting(settings: BalanceSettings, counts: Ints, rows: int, sample: Ids) -> Weighting:
    """Weights for a corpus of ``rows`` images with (V,) ``counts``; ``sample`` (R, K) where the method is fitted."""
    present = counts > 0
    iterations, distance, rarest = 0, 0.0, 1.0
    values = np.zeros(len(counts))
    if settings.method == "inverse_frequency":
        values[present] = counts[present].astype(np.float64) ** -settings.alpha
        bare = float(values[present].min(initial=1.0))
    elif settings.method == "metaclip":
        t = settings.metaclip_t or metaclip_threshold(sample, counts, settings.size * len(sample) / max(rows, 1))
        values = _log_missed(counts, t)
        bare = float(-np.expm1(values[present].max(initial=-1.0)))
    elif settings.method == "raked":
        fitted = raking.fit(sample, counts, rows, settings.size, settings.max_copies, settings.raking)
        present = ~np.isnan(fitted.theta)
        values[present] = fitted.theta[present] + _MARK
        if present.any():
            bare, rarest = float(np.exp(fitted.theta[present].min())), float(np.exp(fitted.theta[present].max()))
        else:
            bare = rarest
        iterations, distance = fitted.iterations, fitted.distance
    else:
        bare = 1.0
    return Weighting(settings.method, np.append(values, 0.0), bare, present, iterations, distance, rarest)


def _log_missed(counts: Ints, t: float) -> Floats:
    """(V,) log(1 - min(1, t/n)), the log probability that a concept does not keep an image of its own."""
    with np.errstate(divide="ignore"):
        missed: Floats = np.log1p(-np.minimum(1.0, t / np.maximum(counts, 1)))
    return missed


def metaclip_threshold(sample: Ids, counts: Ints, size: float) -> float:
    """The t for which Σ p over the sample is ``size``, by bisection of log t; MetaCLIP chooses t so.

    (MetaCLIP, Xu et al. 2023, https://arxiv.org/abs/2309.16671, appendix: t = 20,000 for the first 400M pairs.)
    """
    if not len(sample) or not counts.any():
        return 1.0
    low, high = -30.0, float(np.log(counts.max()))
    for _ in range(30):  # 2^-30 of the range: t to 8 digits
        middle = (low + high) / 2
        kept = -np.expm1(np.append(_log_missed(counts, float(np.exp(middle))), 0.0)[sample].sum(axis=1))
        low, high = (middle, high) if kept.sum() < size else (low, middle)
    return float(np.exp(high))
