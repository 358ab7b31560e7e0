"""``inverse_frequency``: the sum of 1/n over an image's concepts, as LLaVA-OneVision-1.5 published it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Self

import numpy as np

from transforms.balancing.concept_ids import Ids
from transforms.balancing.methods.weighting import Corpus, TableWeighting
from transforms.balancing.sampling import Floats
from transforms.balancing.settings import Method


@dataclass(frozen=True)
class InverseFrequency(TableWeighting):
    name: ClassVar[Method] = "inverse_frequency"

    @classmethod
    def fit(cls, corpus: Corpus) -> Self:
        counts, alpha = corpus.counts, corpus.settings.alpha
        present = counts > 0
        values = np.zeros(len(counts))
        values[present] = counts[present].astype(np.float64) ** -alpha
        return cls(present, np.append(values, 0.0), float(values[present].min(initial=1.0)))

    def of_images(self, ids: Ids) -> Floats:
        weights = self.total(ids)
        weights[weights <= 0] = self.bare
        return weights
