"""What every selection is shown beside: plain random, inverse_frequency and metaclip, of the same size.

They are counted in the passes that balancing makes anyway. Each image is chosen by itself, with its own probability, so
sizes, those of strata too, are exact on average only.

Shape legend: N rows, K concepts an image, V concepts, S strata that are named, B bins.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from transforms import keyed
from transforms.balancing.concept_ids import Ids
from transforms.balancing.hits import Hits
from transforms.balancing.methods import METHODS
from transforms.balancing.methods.weighting import Corpus, Weighting
from transforms.balancing.sampling import N_BINS, Floats, Ints, bin_hits, bins, expected_copies
from transforms.balancing.settings import BalanceSettings, Method
from transforms.balancing.strata import Strata
from transforms.balancing.tally import CorpusTally

#: The first is shown as random.
BASELINES: tuple[Method, ...] = ("uniform", "inverse_frequency", "metaclip")

_PURPOSE = "balance baseline"


@dataclass(frozen=True)
class Baselines:
    """The methods, fitted, each with what a row of each bin of weight may expect."""

    weightings: tuple[Weighting, ...]
    n_named: int  # S
    expected: Floats | None = None  # (len(BASELINES), S + 1, B) copies; None: the weights are not counted yet

    @classmethod
    def fit(cls, tally: CorpusTally, settings: BalanceSettings) -> Self:
        corpus = Corpus(settings, tally.count_before, tally.count_inside, tally.rows, tally.sample.images())
        fitted = tuple(METHODS[name].fit(corpus).weights() for name in BASELINES)
        return cls(fitted, len(Strata.of(settings).names))

    @staticmethod
    def rows(settings: BalanceSettings) -> int:
        """Histograms of weights that ``weigh`` gives, all methods together."""
        return len(BASELINES) * len(Strata.of(settings).names)

    def weigh(self, ids: Ids, strata: Ints) -> list[Hits]:
        """What (N, K) ids in (N,) strata add to the rows of each bin of weight, (S, B) by method."""
        n_named = self.n_named
        inside = strata < n_named
        if not inside.all():
            ids, strata = ids[inside], strata[inside]
        return [bin_hits(bins(each.of_images(ids)), strata, n_named) for each in self.weightings]

    def solved(self, rows: Ints, settings: BalanceSettings) -> Baselines:
        """With the expectations that the (len(BASELINES)·S, B) weights of all rows give."""
        sizes, expected = Strata.of(settings).sizes[: self.n_named], []
        for number, each in enumerate(self.weightings):
            counts, values = rows[number * self.n_named :][: self.n_named], each.bin_values()
            solved = (
                expected_copies(values, count, size, settings.max_copies) if size else np.zeros(N_BINS)
                for count, size in zip(counts, sizes, strict=True)
            )
            expected.append(np.stack([*solved, np.zeros(N_BINS)]))  # the last: of rows in no named stratum
        return Baselines(self.weightings, self.n_named, np.stack(expected))

    def copies(self, ids: Ids, sample_ids: NDArray[np.uint64], strata: Ints, seed: int) -> Ints:
        """(len(BASELINES), N) copies of each row that each method would draw."""
        assert self.expected is not None
        uniform = keyed.uniform(seed, _PURPOSE, sample_ids)
        drawn = []
        for each, expected in zip(self.weightings, self.expected, strict=True):
            copies = expected[strata, bins(each.of_images(ids))]
            drawn.append(np.floor(copies).astype(np.int64) + (uniform < copies % 1))
        return np.stack(drawn)
