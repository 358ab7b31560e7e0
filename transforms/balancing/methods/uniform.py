"""``uniform``: every image alike, the baseline."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Self

import numpy as np

from transforms.balancing.concept_ids import Ids
from transforms.balancing.methods.weighting import Corpus, Weighting
from transforms.balancing.sampling import Floats
from transforms.balancing.settings import Method


@dataclass(frozen=True)
class Uniform(Weighting):
    name: ClassVar[Method] = "uniform"

    @classmethod
    def fit(cls, corpus: Corpus) -> Self:
        return cls(corpus.counts > 0)

    def of_images(self, ids: Ids) -> Floats:
        return np.ones(len(ids))
