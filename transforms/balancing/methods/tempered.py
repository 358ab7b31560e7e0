"""``tempered``: the sum of (its images)^-α over an image's concepts, images counted no lower than a floor, and the sum
no higher than a cap.

Inverse frequency to a power, as words are subsampled (Mikolov et al. 2013, https://arxiv.org/abs/1310.4546: α = 1/2)
and languages sampled (Conneau et al. 2020, https://arxiv.org/abs/1911.02116: counts to the power 0.3, so α = 0.7). The
floor keeps concepts on a handful of images, often retrieval's mistakes, from outweighing all others; the cap, a
multiple of the least weight, keeps one image from it.

Shape legend: N rows, K concepts an image, V concepts.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Self

import numpy as np

from transforms.balancing.concept_ids import Ids
from transforms.balancing.methods.weighting import Corpus, TableWeighting
from transforms.balancing.sampling import Floats
from transforms.balancing.settings import Method


@dataclass(frozen=True)
class Tempered(TableWeighting):
    name: ClassVar[Method] = "tempered"

    most: float  # weight of an image, at most

    @classmethod
    def fit(cls, corpus: Corpus) -> Self:
        counts, settings = corpus.counts, corpus.settings.tempered
        present = counts > 0
        values = np.zeros(len(counts))
        values[present] = np.maximum(counts[present], settings.count_floor).astype(np.float64) ** -settings.alpha
        least = float(values[present].min(initial=1.0))
        most = np.inf if settings.cap is None else settings.cap * least
        return cls(present, np.append(values, 0.0), least, most)

    def of_images(self, ids: Ids) -> Floats:
        weights = self.total(ids)
        weights[weights <= 0] = self.bare
        return np.minimum(weights, self.most, out=weights)
