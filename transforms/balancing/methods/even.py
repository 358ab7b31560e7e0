"""``even``: the flattest selection there is, under guarantees, at a price for chance (see ``even.program``).

An image weighs exp(Σ a_k / τ) over its concepts. Logarithms of weights are whole numbers of steps, and so is their bin:
no exponential is taken of what spans 60 to 120 nats, and sums are exact. Images of concepts that are too rare for their
floor are certain; those without a concept are a group of their own.

Shape legend: N rows, K concepts an image, V concepts, S strata, C cells, G = 2·C groups: with concepts, then without.
B bins.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Self

import numpy as np

from transforms.balancing.cells import Cells
from transforms.balancing.concept_ids import Ids
from transforms.balancing.even.correct import correct
from transforms.balancing.even.feasible import fit_or_explain, sizes_of_cells
from transforms.balancing.even.fit import Request, Solution
from transforms.balancing.even.response import ResponseTally
from transforms.balancing.methods.weighting import Corpus, Fitted, Guarantee, Sampling, Weighting
from transforms.balancing.sampling import N_BINS, Floats, Ints
from transforms.balancing.settings import MOST_AUTO_FLOOR, BalanceSettings, Method
from transforms.balancing.strata import Strata
from transforms.balancing.target import NO_TARGET, Target

#: Steps of a log weight in a nat: an image of 10 concepts is off by 0.25 % at most.
STEPS_PER_NAT = 2048

#: The bin of an image that may expect one copy, were ν exact: 96 nats lie below it (1 image in 10^41) and 32 above.
_UNIT_BIN = 96 * STEPS_PER_NAT

#: What a certain concept adds: beyond any sum of others, and far from the end of int64.
_CERTAIN = 1 << 40


@dataclass(frozen=True)
class Even(Weighting):
    name: ClassVar[Method] = "even"
    sampling: ClassVar[Sampling] = "rare"

    table: Ints  # (V+1,) log weight of each concept, in steps; the last slot is for id -1
    unit: Ints  # (C,) log weight of an image that may expect one copy, in steps
    sizes: tuple[int, ...]  # (G,) copies
    max_copies: int
    guarantee: Guarantee

    @classmethod
    def fit(cls, corpus: Corpus) -> EvenFit:
        sample = corpus.weighed()
        request = cls.request(corpus.settings, corpus.target)
        return EvenFit(fit_or_explain(request, corpus.inside, sample), len(corpus.counts))

    @classmethod
    def corrections(cls, settings: BalanceSettings) -> int:
        return settings.even.max_corrections

    @classmethod
    def request(cls, settings: BalanceSettings, target: Target = NO_TARGET) -> Request:
        """What is asked of the images with a concept."""
        sizes = np.array(Strata.of(settings).sizes)
        bare = np.rint(settings.even.conceptless_share * sizes).astype(np.int64)
        asked = settings.even.floor
        floor = MOST_AUTO_FLOOR if asked == "auto" else asked
        promised = floor, asked == "auto", settings.even
        return Request(sizes - bare, bare, settings.max_copies, *promised, Cells.of(settings), target)

    @classmethod
    def of(cls, solution: Solution, n_concepts: int) -> Self:
        frame, beta = solution.frame, solution.frame.request.settings.beta
        # what no image holds that may be chosen weighs as the dearest: images of other strata hold it
        table = np.full(n_concepts + 1, _steps(beta * solution.point.a).max(initial=0))
        table[-1] = 0
        table[frame.present] = _steps(beta * solution.point.a)
        takes_part = np.zeros(n_concepts, dtype=np.bool_)
        takes_part[frame.present] = takes_part[frame.certain] = True
        table[frame.certain] = _CERTAIN
        cells = frame.request.cells
        unit = _steps(beta * (solution.point.nu[cells.stratum] + solution.point.eta @ cells.limits(0)[0]))
        promised = frame.request.max_copies, _guarantee(solution, n_concepts)
        return cls(takes_part, table, unit, sizes_of_cells(solution), *promised)

    @classmethod
    def n_groups(cls, settings: BalanceSettings) -> int:
        return 2 * len(Cells.of(settings))

    def group_sizes(self, settings: BalanceSettings) -> tuple[int, ...]:  # noqa: ARG002
        return self.sizes

    def place(self, ids: Ids, cells: Ints) -> tuple[Ints, Ints]:
        index = self._log_weights(ids)
        index += _UNIT_BIN
        index -= self.unit[cells]
        bare = ids.max(axis=1, initial=-1) < 0
        index[bare] = _UNIT_BIN
        return cells + len(self.unit) * bare, np.clip(index, 0, N_BINS - 1, out=index)

    def bin_values(self) -> Floats:
        values: Floats = np.exp((np.arange(N_BINS) - _UNIT_BIN) / STEPS_PER_NAT)
        return values

    def log_odds(self, ids: Ids, cells: Ints) -> Floats:
        """(N,) logarithms of expected copies, by the ν of the fit; −∞ without a concept."""
        groups, index = self.place(ids, cells)
        return np.where(groups < len(self.unit), (index - _UNIT_BIN) / STEPS_PER_NAT, -np.inf)

    def of_images(self, ids: Ids) -> Floats:
        """(N,) expected copies in the first cell, by the ν of the fit; next to nothing without a concept."""
        log_odds = self.log_odds(ids, np.zeros(len(ids), np.int64))
        copies = np.minimum(np.exp(log_odds), self.max_copies)
        return np.maximum(copies, float(np.finfo(np.float64).tiny))

    @property
    def promise(self) -> Guarantee:
        return self.guarantee

    @property
    def is_final(self) -> bool:
        return self.guarantee.is_whole

    def _log_weights(self, ids: Ids) -> Ints:
        total: Ints = np.einsum("nk->n", self.table[ids])
        return total


@dataclass(frozen=True)
class EvenFit(Fitted):
    """The solution that the weights follow from, with its sample."""

    solution: Solution
    n_concepts: int

    def weights(self) -> Even:
        return Even.of(self.solution, self.n_concepts)

    def corrected(self, found: ResponseTally) -> EvenFit:
        """As it is where it was fitted on all rows."""
        if self.solution.frame.sample.is_whole:
            return self
        frame = self.solution.frame
        copies, sizes = found.at_sizes(frame.request.sizes.astype(np.float64))
        return EvenFit(correct(self.solution, copies[frame.present], sizes), self.n_concepts)


def _guarantee(solution: Solution, n_concepts: int) -> Guarantee:
    frame, prices = solution.frame, np.zeros(n_concepts)
    prices[frame.present] = solution.point.mu + solution.lift
    sample = frame.sample
    return Guarantee(
        floor=frame.request.floor,
        prices=prices,
        is_whole=sample.is_whole,
        sample_rows=len(sample.ids),
        settled=solution.settled,
        caps=tuple(solution.point.eta.tolist()),
        target=frame.request.target,
        tilt=solution.tilt,
        passes=solution.passes,
    )


def _steps(nats: Floats) -> Ints:
    """In steps; what is beyond any bin is cut off, so that sums stay exact."""
    most = _CERTAIN / 1024
    return np.rint(np.clip(nats * STEPS_PER_NAT, -most, most)).astype(np.int64)
