"""What every selection is shown beside: plain random, inverse_frequency and metaclip, of the same size.

They are counted in the passes that balancing makes anyway. Each image is chosen by itself, with its own probability, so
sizes are exact on average only; strata are not asked for.

Shape legend: N rows, K concepts an image, V concepts, B bins.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from transforms import keyed
from transforms.balancing.concept_ids import Ids, count_concepts
from transforms.balancing.methods import METHODS
from transforms.balancing.methods.weighting import Corpus, Weighting
from transforms.balancing.sampling import N_BINS, Floats, Ints, bins, expected_copies
from transforms.balancing.settings import BalanceSettings, Method
from transforms.balancing.tally import CorpusTally

#: The first is shown as random.
BASELINES: tuple[Method, ...] = ("uniform", "inverse_frequency", "metaclip")

_PURPOSE = "balance baseline"


@dataclass(frozen=True)
class Baselines:
    """The methods, fitted, each with what a row of each bin of weight may expect."""

    weightings: tuple[Weighting, ...]
    expected: Floats | None = None  # (len(BASELINES), B) copies; None: the weights are not counted yet

    @classmethod
    def fit(cls, tally: CorpusTally, settings: BalanceSettings) -> Self:
        corpus = Corpus(settings, tally.count_before, tally.count_inside, tally.rows, tally.sample.images())
        return cls(tuple(METHODS[name].fit(corpus).weights() for name in BASELINES))

    def weigh(self, ids: Ids) -> Ints:
        """(len(BASELINES), B) rows of each bin of weight."""
        return np.stack([np.bincount(bins(each.of_images(ids)), minlength=N_BINS) for each in self.weightings])

    def solved(self, rows: Ints, settings: BalanceSettings) -> Baselines:
        """With the expectations that the (len(BASELINES), B) weights of all rows give."""
        copies, size = settings.max_copies, settings.size
        solved = [
            expected_copies(each.bin_values(), count, size, copies)
            for each, count in zip(self.weightings, rows, strict=True)
        ]
        return Baselines(self.weightings, np.stack(solved))

    def count(self, ids: Ids, sample_ids: NDArray[np.uint64], seed: int) -> Ints:
        """(len(BASELINES), V) copies of each concept that each method would draw."""
        assert self.expected is not None
        uniform = keyed.uniform(seed, _PURPOSE, sample_ids)
        counts = []
        for each, expected in zip(self.weightings, self.expected, strict=True):
            copies = expected[bins(each.of_images(ids))]
            drawn = np.floor(copies).astype(np.int64) + (uniform < copies % 1)
            counts.append(count_concepts(np.repeat(ids, drawn, axis=0), len(each.takes_part)))
        return np.stack(counts)
