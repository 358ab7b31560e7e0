"""An upper bound of the entropy that any selection of the same sizes can reach, by Gibbs' inequality.

For every selection with copies c′ of each concept, H(p′) ≤ Σ c′_k·(−log p_k) / Σ c′_k, whatever the distribution p,
positive on all present concepts. The right side is a ratio of sums over images: λ is no less than it for every
selection once

    max over selections of  Σ_i π′_i · Σ_{k∈C_i} (−log p_k − λ + μ_k)  −  Σ μ_k·floor_k  ≤  0,   for any μ ≥ 0,

and in each group the best images, ``max_copies`` times each, are that maximum. It falls as λ rises, so λ is bisected.
Scores are rounded up to whole steps, so one histogram by group, number of concepts and score says all there is to know,
and what it says holds.

Shape legend: N rows, K concepts an image, V concepts, G groups.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

import numpy as np

from transforms.balancing.sampling import Floats, Ints
from transforms.balancing.weights import Ids

#: Of a score in one nat: rounding up lifts the bound by 1/1024 over the concepts of an image at most.
STEPS_PER_NAT = 1024

#: (group, concepts, score in steps) → images
Scores = Counter[tuple[int, int, int]]


def scores(ids: Ids, groups: Ints, per_concept: Floats) -> Scores:
    """(N, K) ids and (N,) groups of a shard's rows, and (V,) −log p + μ: how many rows have which score."""
    total = np.append(per_concept, 0.0)[ids].sum(axis=1)
    steps = np.ceil(total * STEPS_PER_NAT).astype(np.int64)
    rows, count = np.unique(np.stack([groups, (ids >= 0).sum(axis=1), steps], axis=1), axis=0, return_counts=True)
    return Counter({(int(row[0]), int(row[1]), int(row[2])): int(n) for row, n in zip(rows, count, strict=True)})


def upper_bound(found: Scores, sizes: Iterable[int], max_copies: int, floor_value: float = 0.0) -> float:
    """The least λ, in nats; ``floor_value``: Σ μ·floor, 0 where no floor is asked for (and μ is 0)."""
    table = np.array([(*key, count) for key, count in sorted(found.items())], dtype=np.int64).reshape(-1, 4)
    groups = [(table[table[:, 0] == group], size) for group, size in enumerate(sizes) if size]

    def most(rate: float) -> float:
        return sum(_best(rows, size, max_copies, rate) for rows, size in groups) - floor_value

    low, high = 0.0, float(table[:, 2].max(initial=0)) / STEPS_PER_NAT + 1.0
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (low, middle) if most(middle) <= 0 else (middle, high)
    return high


def _best(rows: Ints, size: int, max_copies: int, rate: float) -> float:
    """The greatest Σ π′·(score − concepts·λ) of one group's images."""
    value = rows[:, 2] / STEPS_PER_NAT - rows[:, 1] * rate
    order = np.argsort(-value, kind="stable")
    copies = max_copies * rows[order, 3]
    taken = np.clip(size - (np.cumsum(copies) - copies), 0, copies)
    return float(value[order] @ taken)
