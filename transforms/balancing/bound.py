"""An upper bound of how near to its target any selection of the same sizes can come, by Gibbs' inequality.

With D the divergence from a target t, H = −KL(p‖t), for every selection with copies c′ of each concept

    H(p′) ≤ Σ c′_k·log(t_k/p_k) / Σ c′_k,   whatever the distribution p, positive on all present concepts.

The right side is a ratio of sums over images: λ is no less than it for every selection once

    max over selections of  Σ_i π′_i · (Σ_{k∈C_i} (log(t_k/p_k) − λ + μ_k − χ_k) − Σ_j η_j)  −  Σ μ_k·floor_k
    +  Σ η_j·cap_j  ≤  0,   for any μ, η ≥ 0, η over the caps that an image is under,

and in each part of the corpus that has a size the best images, ``max_copies`` times each, are that maximum. χ is the
price of caps on types, for a concept of type T  χ_k = ρ_T − Σ_U ρ_U·s_U  with ρ ≥ 0 and ρ_T = 0 where none caps T: a
selection in which no type has more than its share s pays Σ_T ρ_T·(c′_T − s_T·M′) ≤ 0 of it. The maximum falls as λ
rises, so λ is bisected. With μ = η = ρ = 0 the bound is that of all selections, else that of those which keep floors
and caps. Scores are rounded up to whole steps, so one histogram by part, number of concepts and score says all there is
to know, and what it says holds.

Shape legend: N rows, K concepts an image, V concepts, G groups, P parts that have a size each, B bins of scores.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple, Self

import numpy as np

from transforms.balancing.concept_ids import Ids
from transforms.balancing.hits import Hits
from transforms.balancing.sampling import Floats, Ints

_FINE = 1 << 16  # steps of a concept's price in a nat, whole so that sums are exact
_BINS_PER_NAT = 256  # of an image's score: rounding up lifts the bound by 1/256 over the concepts of an image at most
_MOST_CELLS = 1 << 22  # 32 MB: many groups or a wide range of scores make do with coarser bins


class Parts(NamedTuple):
    """How groups lie in parts, and what each of their images costs."""

    part: Ints  # (G,)
    price: Floats  # (G,) nats; Σ η of the caps that a group is under

    @classmethod
    def same(cls, n_groups: int) -> Self:
        """Each group a part, and nothing costs."""
        return cls(np.arange(n_groups), np.zeros(n_groups))


@dataclass(frozen=True)
class Prices:
    """What each concept adds to the score of an image, above the least."""

    steps: Ints  # (V+1,) in 1/_FINE nat; the last slot is for id -1
    least: float  # nats that each concept adds beside
    width: int  # steps of a bin
    shape: tuple[int, int, int]  # (P, K+1, B)
    part: Ints  # (G,)
    lift: Ints  # (G,) steps that each image adds
    dearest: float  # nats that each image costs beside, so that no lift is negative

    @classmethod
    def of(cls, values: Floats, parts: Parts, concepts_per_image: int) -> Self:
        """(V,) log(t/p) + μ, in nats."""
        least, dearest = float(values.min(initial=0.0)), float(parts.price.max(initial=0.0))
        steps = np.ceil((values - least) * _FINE).astype(np.int64)
        lift = np.ceil((dearest - parts.price) * _FINE).astype(np.int64)
        most = int(steps.max(initial=0)) * concepts_per_image + int(lift.max(initial=0))
        n_parts = int(parts.part.max(initial=0)) + 1
        cells = n_parts * (concepts_per_image + 1)
        width = max(_FINE // _BINS_PER_NAT, -(-most * cells // _MOST_CELLS))
        shape = (n_parts, concepts_per_image + 1, -(-most // width) + 1)
        return cls(np.append(steps, 0), least, width, shape, parts.part, lift, dearest)

    def tally(self, ids: Ids, groups: Ints) -> Hits:
        """What (N, K) ids and (N,) groups of rows add to (P, K+1, B): how many have which number of concepts and which
        score."""
        total = -(-(np.einsum("nk->n", self.steps[ids]) + self.lift[groups]) // self.width)
        joint = (self.part[groups] * self.shape[1] + (ids >= 0).sum(axis=1)) * self.shape[2] + total
        return Hits(joint, self.shape)

    def upper_bound(self, tally: Ints, sizes: Sequence[int], max_copies: int, floor_value: float = 0.0) -> float:
        """The least λ, in nats; ``floor_value``: Σ μ·floor − Σ η·cap, 0 where nothing is asked for."""
        groups = [(*self._scores(tally[part]), size) for part, size in enumerate(sizes) if size]

        def most(rate: float) -> float:
            return sum(_best(*group, max_copies, rate) for group in groups) - floor_value

        low, high = self.least - self.dearest - 1.0, self.least + (self.shape[2] * self.width) / _FINE + 1.0
        for _ in range(60):
            middle = (low + high) / 2
            low, high = (low, middle) if most(middle) <= 0 else (middle, high)
        return high

    def _scores(self, tally: Ints) -> tuple[Ints, Floats, Ints]:
        """Of each cell of a part that holds rows: concepts, score in nats, rows."""
        concepts, bins = np.nonzero(tally)
        return concepts, bins * self.width / _FINE + concepts * self.least - self.dearest, tally[concepts, bins]


def _best(concepts: Ints, score: Floats, rows: Ints, size: int, max_copies: int, rate: float) -> float:
    """The greatest Σ π′·(score − concepts·λ) of one part's images."""
    value = score - concepts * rate
    order = np.argsort(-value, kind="stable")
    copies = max_copies * rows[order]
    taken = np.clip(size - (np.cumsum(copies) - copies), 0, copies)
    return float(value[order] @ taken)
