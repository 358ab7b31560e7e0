"""``raked``: the exponential of the mean of θ over an image's concepts, θ fitted by raking.

One whose concepts are all too rare for the fit weighs as much as the rarest that it does fit.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Self

import numpy as np

from transforms.balancing import raking
from transforms.balancing.concept_ids import Ids
from transforms.balancing.methods.weighting import Corpus, Sampling, TableWeighting
from transforms.balancing.sampling import Floats
from transforms.balancing.settings import Method

#: Each θ carries this mark in the table, so that one gather sums θ and counts the concepts: the sum over m of them is
#: m·mark and a little. Exact: θ has 12 binary places and is far below the mark, float64 holds 53 bits.
_MARK = 2.0**20


@dataclass(frozen=True)
class Raked(TableWeighting):
    name: ClassVar[Method] = "raked"
    sampling: ClassVar[Sampling] = "plain"

    iterations: int  # of the fit
    distance: float  # total variation between what the sample's selection carries and the target
    rarest: float  # weight of an image none of whose concepts takes part

    @classmethod
    def fit(cls, corpus: Corpus) -> Self:
        settings, counts, rows, sample = corpus.settings, corpus.counts, corpus.rows, corpus.plain_ids()
        fitted = raking.fit(sample, counts, rows, settings.size, settings.max_copies, settings.raking)
        present = ~np.isnan(fitted.theta)
        values = np.zeros(len(counts))
        values[present] = fitted.theta[present] + _MARK
        bare = rarest = 1.0
        if present.any():
            bare, rarest = float(np.exp(fitted.theta[present].min())), float(np.exp(fitted.theta[present].max()))
        return cls(present, np.append(values, 0.0), bare, fitted.iterations, fitted.distance, rarest)

    def of_images(self, ids: Ids) -> Floats:
        total = self.total(ids)
        members = np.rint(total / _MARK)
        with np.errstate(invalid="ignore"):
            weights = np.where(members > 0, np.exp(total / members - _MARK), self.bare)
        if len(apart := np.flatnonzero(members == 0)):
            weights[apart[(ids[apart] >= 0).any(axis=1)]] = self.rarest
        weights[weights <= 0] = self.bare
        return weights
