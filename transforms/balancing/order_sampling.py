"""Selects exactly n rows, each with its own probability, without sorting or moving a row.

Pareto order sampling (Rosén 1997, https://doi.org/10.1016/S0378-3758(96)00186-3): row i with probability f_i and keyed
uniform U_i gets the rank Q_i = [U/(1-U)] / [f/(1-f)], and the n smallest ranks win. Then n is exact and the
probabilities are f_i to within terms of order 1/Σf(1-f).

The n-th smallest rank is found by counting ranks in bins. It lies near Q = 1 (chosen one by one, rows with Q ≤ 1 are
the winners), so the ranks about 1 are collected in the same pass; only if the cut falls outside, a second look is
needed, at one bin alone.

Shape legend: N rows, S strata, B bins, C candidates.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from transforms import keyed
from transforms.balancing.sampling import BINS_PER_OCTAVE, N_BINS, Expectation, Floats, Ints, bin_hits, bins
from transforms.stages import BALANCE

_PURPOSE = BALANCE.name
_TIE_PURPOSE = "balance tie"  # ranks are 53-bit fractions, so two may be equal; a second number settles it

#: The number of ranks below Q is within this many standard deviations of its mean, but for one run in 10^30.
_WINDOW_DEVIATIONS = 12.0
_WIDEST_WINDOW = 4.0  # ln Q; for a handful of winners no window is sure, and the second look is cheap


class Candidates(NamedTuple):
    """Ranks that may be the cut, each (C,)."""

    stratum: Ints
    rank: Floats
    tie: NDArray[np.uint64]

    @classmethod
    def none(cls) -> Candidates:
        return cls(np.empty(0, np.int64), np.empty(0), np.empty(0, np.uint64))

    @classmethod
    def join(cls, parts: Iterable[Candidates]) -> Candidates:
        parts = [cls.none(), *parts]
        return cls(*(np.concatenate(columns) for columns in zip(*parts, strict=True)))


class RankTally:
    """Pass 3: the histogram of ranks (S, B), of a shard its hits, and the candidates for the cut. Adds up in place."""

    def __init__(self, ranks: Ints, candidates: list[Candidates]) -> None:
        self.ranks = ranks
        self.candidates = candidates

    @classmethod
    def zero(cls, n_strata: int) -> RankTally:
        return cls(np.zeros((n_strata, N_BINS), dtype=np.int64), [])

    def __iadd__(self, other: RankTally) -> RankTally:
        self.ranks += other.ranks
        self.candidates += other.candidates
        return self


def ranks(
    sample_ids: NDArray[np.uint64], weight_bins: Ints, strata: Ints, expectation: Expectation, seed: int
) -> Floats:
    """(N,) Pareto ranks Q; inf for a row that has nothing to win by rank."""
    uniform = keyed.uniform(seed, _PURPOSE, sample_ids)
    uniform /= 1 - uniform
    uniform *= expectation.inverse_odds.ravel()[strata * N_BINS + weight_bins]
    return uniform


def windows(expectation: Expectation) -> Ints:
    """(S, 2) first and last bin of ranks that surely hold the cut (all but surely where few win).

    Near Q = 1 the expected number of ranks below Q grows by D = Σ f(1-f) for each unit of ln Q, and its standard
    deviation is √D; so k deviations are k/√D of ln Q, and about 2k√D rows are collected.
    """
    half = np.minimum(_WIDEST_WINDOW, _WINDOW_DEVIATIONS / np.sqrt(np.maximum(expectation.variance, 1e-300)))
    reach = np.ceil(half / np.log(2) * BINS_PER_OCTAVE).astype(np.int64)
    reach[expectation.winners == 0] = -1  # nobody wins: an empty window
    middle = int(bins(np.ones(1))[0])
    return np.stack([middle - reach, middle + reach], axis=1)


def tally_ranks(rank: Floats, sample_ids: NDArray[np.uint64], strata: Ints, window: Ints, seed: int) -> RankTally:
    """The ranks of a shard, binned, with the candidates inside the (S, 2) window of bins of their stratum."""
    found = candidates(rank, sample_ids, strata, window, seed)
    return RankTally(bin_hits(bins(rank), strata, len(window)).to_add(), [found])


def candidates(rank: Floats, sample_ids: NDArray[np.uint64], strata: Ints, window: Ints, seed: int) -> Candidates:
    """The ranks of a shard inside the (S, 2) window of bins of their stratum."""
    index = bins(rank)
    found = np.flatnonzero((index >= window[strata, 0]) & (index <= window[strata, 1]))
    return Candidates(strata[found], rank[found], keyed.mix64(sample_ids[found], seed, _TIE_PURPOSE))


@dataclass(frozen=True)
class Boundary:
    """Where the cut lies: in which bin, at which place among the candidates there, and which bins lack candidates."""

    bin: Ints  # (S,)
    place: Ints  # (S,) 1-based; 0 where no row wins
    missing: Ints  # (S, 2) window of bins for the second look; empty (first > last) where none is needed
    candidates: Candidates  # those at the cut that are known

    @classmethod
    def find(cls, rank_tally: RankTally, expectation: Expectation) -> Boundary:
        """Of the tallied ranks: the bin of the n-th smallest in each stratum, and what is known of it."""
        window = windows(expectation)
        cut_bin = np.zeros(len(window), dtype=np.int64)
        place = np.zeros(len(window), dtype=np.int64)
        missing = np.tile(np.array([0, -1], dtype=np.int64), (len(window), 1))
        for stratum, winners in enumerate(expectation.winners):
            if winners == 0:
                continue
            below = np.cumsum(rank_tally.ranks[stratum])
            cut = int(np.searchsorted(below, winners))
            cut_bin[stratum] = cut
            place[stratum] = winners - (below[cut - 1] if cut else 0)
            if not window[stratum, 0] <= cut <= window[stratum, 1]:
                missing[stratum] = cut
        return cls(cut_bin, place, missing, Candidates.join(rank_tally.candidates))

    @property
    def is_known(self) -> bool:
        """Whether the candidates hold every cut, so that no second look is needed."""
        return bool((self.missing[:, 0] > self.missing[:, 1]).all())


@dataclass(frozen=True)
class Cut:
    """The last winner of each stratum: its rank and tie number, each (S,)."""

    rank: Floats
    tie: NDArray[np.uint64]

    @classmethod
    def at(cls, boundary: Boundary, second_look: list[Candidates]) -> Cut:
        """The cut, once all candidates of its bin are known."""
        known = Candidates.join([boundary.candidates, *second_look])
        rank = np.full(len(boundary.bin), -1.0)  # below every rank: nobody wins
        tie = np.zeros(len(boundary.bin), dtype=np.uint64)
        index = bins(known.rank)
        for stratum, place in enumerate(boundary.place):
            if place == 0:
                continue
            here = np.flatnonzero((known.stratum == stratum) & (index == boundary.bin[stratum]))
            last = here[np.lexsort((known.tie[here], known.rank[here]))[place - 1]]
            rank[stratum], tie[stratum] = known.rank[last], known.tie[last]
        return cls(rank, tie)

    def wins(self, rank: Floats, sample_ids: NDArray[np.uint64], strata: Ints, seed: int) -> NDArray[np.bool_]:
        """(N,) whether a row wins one copy more."""
        limit = self.rank[strata]
        won = rank < limit
        level = np.flatnonzero(rank == limit)
        won[level] = keyed.mix64(sample_ids[level], seed, _TIE_PURPOSE) <= self.tie[strata[level]]
        return won
