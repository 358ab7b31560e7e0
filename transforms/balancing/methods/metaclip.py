"""``metaclip``: an image is kept if any of its concepts keeps it, each with probability min(1, t/n).

(MetaCLIP, Xu et al. 2023, https://arxiv.org/abs/2309.16671.)

MetaCLIP draws each image by itself, so that how many it keeps follows from t; an image without a concept it drops. Here
the size is exact. At the size that t gives (null finds the t of a size), expected copies are its probabilities, and
``metaclip_unmatched: false`` leaves out what has no concept; at another size they are scaled, and cut off at 1.

Shape legend: N rows, K concepts an image, V concepts, R images of the sample.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Self

import numpy as np

from transforms.balancing.concept_ids import Ids
from transforms.balancing.methods.weighting import Corpus, Sampling, TableWeighting
from transforms.balancing.sampling import Floats, Ints
from transforms.balancing.settings import BalanceSettings, Method

#: Weight of what is to be chosen after all else, so far below any probability that it moves none.
_NEVER = 2.0**-79


@dataclass(frozen=True)
class Metaclip(TableWeighting):
    name: ClassVar[Method] = "metaclip"
    sampling: ClassVar[Sampling] = "plain"

    @classmethod
    def fit(cls, corpus: Corpus) -> Self:
        settings, counts = corpus.settings, corpus.counts
        present = counts > 0
        t = settings.metaclip_t
        if t is None:
            sample = corpus.plain_ids()
            t = metaclip_threshold(sample, counts, settings.size * len(sample) / max(corpus.rows, 1))
        values = _log_missed(counts, t)
        bare = float(-np.expm1(values[present].max(initial=-1.0))) if settings.metaclip_unmatched else _NEVER
        return cls(present, np.append(values, 0.0), bare)

    @classmethod
    def sample_rows(cls, settings: BalanceSettings) -> int:
        return super().sample_rows(settings) if settings.metaclip_t is None else 0

    def of_images(self, ids: Ids) -> Floats:
        weights: Floats = -np.expm1(self.total(ids))
        weights[weights <= 0] = self.bare
        return weights


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
