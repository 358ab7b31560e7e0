"""Sizes of cells within their strata and caps, as near as can be to those that are wanted.

Each cell lies in one stratum, under one cap on sources at most and one on languages; strata go by one of the two, which
then has no caps. So sizes are a flow through a network, and where strata, caps and supplies are whole numbers, so is a
vertex of the linear program (Hoffman and Kruskal 1956): what the simplex method finds is whole.

Shape legend: S strata, C cells, J caps.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from transforms.balancing.cells import Cells
from transforms.balancing.sampling import Floats, Ints


@dataclass(frozen=True)
class Allotment:
    """What cells may hold."""

    cells: Cells
    sizes: Ints  # (S,) copies
    least: Ints  # (C,) copies that are certain
    supply: Ints  # (C,) copies that there are

    def near(self, wanted: Floats) -> Ints | None:
        """(C,) whole sizes, Σ|size − wanted| least; None where there are none."""
        aim = np.clip(np.rint(wanted).astype(np.int64), self.least, self.supply)
        if (self.least > self.supply).any():
            return None
        holds, most = self.cells.limits(int(self.sizes.sum()))
        up_to, beyond = aim - self.least, self.supply - aim
        both = np.concatenate([-np.ones(len(aim)), np.ones(len(aim))])
        found = _least_cost(
            both,
            np.tile(holds.astype(float), (1, 2)),
            (most - holds @ self.least).astype(np.float64),
            np.tile(self._in_stratum(), (1, 2)),
            self.sizes - self._in_stratum() @ self.least,
            np.concatenate([up_to, beyond]),
        )
        if found is None:
            return None
        return self.least + found[: len(aim)] + found[len(aim) :]

    def relaxation(self) -> Ints:
        """(J,) copies that caps must allow more, the fewest in all; where strata can be filled without caps."""
        holds, most = self.cells.limits(int(self.sizes.sum()))
        count = len(holds)
        cost = np.concatenate([np.zeros(len(self.supply)), np.ones(count)])
        found = _least_cost(
            cost,
            np.hstack([holds.astype(float), -np.eye(count)]),
            (most - holds @ self.least).astype(np.float64),
            np.hstack([self._in_stratum(), np.zeros((len(self.sizes), count))]),
            self.sizes - self._in_stratum() @ self.least,
            np.concatenate([self.supply - self.least, np.full(count, self.sizes.sum())]),
        )
        if found is None:
            raise ValueError("strata that hold too few images were to be found before")
        return found[len(self.supply) :]

    def _in_stratum(self) -> Floats:
        """(S, C)"""
        return np.asarray(np.arange(len(self.sizes))[:, None] == self.cells.stratum, np.float64)


def _least_cost(
    cost: Floats, caps: Floats, most: Floats, parts: Floats, sizes: Floats, supply: NDArray[np.int64]
) -> Ints | None:
    """x ≥ 0 of least cost with caps·x ≤ most, parts·x = sizes and x ≤ supply; None where there is none."""
    from scipy.optimize import linprog  # only what fits pays for its import

    bounds = [(0, int(one)) for one in supply]
    limits = {"A_ub": caps, "b_ub": most} if len(caps) else {}
    found = linprog(cost, A_eq=parts, b_eq=sizes, bounds=bounds, method="highs-ds", **limits)
    return np.rint(found.x).astype(np.int64) if found.success else None
