"""The convex program of ``even`` at a fixed κ, solved by its dual.

Maximise  N(c) + Σ c_k·log t_k − κ·M + τ·Σ(π − π·log π)  over the expected copies π of images, where c_k = Σ π over the
images of concept k, M = Σ c, and N(c) = M·log M − Σ c·log c; subject to 0 ≤ π ≤ max_copies, Σπ = N in each group and
c_k ≥ floor_k, and Σπ ≤ most_j over the images under cap j. N is concave, so there is one solution:

    π_i = min(max_copies, exp((Σ_{k∈C_i} a_k − ν_group − Σ_j η_j) / τ)),   a_k = log(t_k / p_k) − κ + μ_k,   p = c / M,

with μ, η ≥ 0, and η over the caps that image i is under.

By Gibbs' inequality N(c) = min over distributions p of Σ c_k·(−log p_k). With p = softmax(x) the dual is convex and
smooth in (x, μ, η), its gradient is M·p − c, c − floor and most − Σπ, and only μ, η ≥ 0 bound it: L-BFGS-B (Byrd, Lu,
Nocedal and Zhu 1995, https://doi.org/10.1137/0916069) finds its minimum.

Shape legend: R images, K concepts an image, V concepts, G groups of images, C cells, J caps.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from transforms.balancing.sampling import Floats, Ints

if TYPE_CHECKING:
    from scipy.optimize import OptimizeResult

#: No μ is above this many nats, so the dual is bounded where no selection keeps the floors. The score of an image is a
#: sum over its concepts, and spans 60 to 120 nats at β = 4, so 15 to 30 before β: no floor that can be kept costs more.
MOST_MU = 60.0

#: Times the tolerance: what a search may end with that did not succeed. By default a tenth of what chance moves.
_NEAR = 10.0

#: exp of this times 10^12 images is still a float.
_MOST_EXPONENT = 600.0


@dataclass(frozen=True)
class Caps:
    """What the images of some cells may have together."""

    holds: NDArray[np.bool_]  # (J, C) the cells under each
    most: Floats  # (J,) copies
    cell: Ints  # (R,) of each image

    def prices(self, eta: Floats) -> Floats:
        """(R,) Σ η over the caps that an image is under."""
        return np.asarray((eta @ self.holds)[self.cell])

    def taken(self, mass: Floats) -> Floats:
        """(J,) copies under each."""
        return np.asarray(self.holds @ np.bincount(self.cell, mass, self.holds.shape[1]), np.float64)

    @classmethod
    def none(cls, rows: int) -> Caps:
        return cls(np.zeros((0, 1), np.bool_), np.zeros(0), np.zeros(rows, np.int64))


@dataclass(frozen=True)
class Problem:
    """What is to be solved. Concepts are numbered 0 … V-1, all of them present; V stands for none in ``ids``."""

    ids: NDArray[np.int32]  # (R, K), read column by column
    weight: Floats  # (R,) images that each stands for
    group: Ints  # (R,)
    size: Floats  # (G,) expected copies of these images, in all
    fixed: Floats  # (V,) copies that other images are certain to bring
    log_target: Floats  # (V,)
    floor: Floats  # (V,) least copies, the fixed ones among them; 0: none
    tau: float
    max_copies: int
    caps: Caps

    def with_floor(self, floor: Floats) -> Problem:
        return replace(self, floor=floor)


@dataclass(frozen=True)
class Point:
    """Where the dual is looked at, in ``x``, ``mu`` and ``eta``, and what follows there."""

    x: Floats  # (V,) log p, but for a constant
    mu: Floats  # (V,)
    eta: Floats  # (J,)
    a: Floats  # (V,) what each concept adds to the score of an image
    nu: Floats  # (G,)
    copies: Floats  # (R,)
    achieved: Floats  # (V,) c
    dual: float

    def log_share(self) -> Floats:
        """(V,) log p of what is achieved."""
        with np.errstate(divide="ignore"):
            shares: Floats = np.log(self.achieved / self.achieved.sum())
        return shares


def copies_at(
    score: Floats, weight: Floats, size: float, tau: float, max_copies: int, nu: float
) -> tuple[Floats, float]:
    """(R,) π with Σ weight·π = size, and ν; ``nu`` is a guess.

    The sum is concave and piecewise linear in exp(−ν/τ), so Newton's steps rise to its root once they are below it;
    they are kept between bounds, and halve those where they are slow.
    """
    if not len(score):
        return score, nu
    top = float(score.max())
    if size <= 0:
        return np.zeros(len(score)), top + tau * _MOST_EXPONENT
    if size >= max_copies * float(weight.sum()) * (1 - 1e-12):
        return np.full(len(score), float(max_copies)), float(score.min()) - tau * np.log(max_copies)
    low, high = -np.inf, top + tau * float(np.log(weight.sum() / size))  # there, even with no cap, too few are chosen
    nu = min(nu, high)
    for step in range(200):
        odds = np.exp(np.minimum((score - nu) / tau, _MOST_EXPONENT))
        below = odds < max_copies
        slope, certain = float(weight[below] @ odds[below]), max_copies * float(weight[~below].sum())
        if abs(slope + certain - size) <= 1e-13 * size:
            break
        low, high = (nu, high) if slope + certain > size else (low, nu)
        newton = (
            nu - tau * (float(np.log(size - certain)) - float(np.log(slope)))
            if slope > 0 and size > certain
            else np.nan
        )
        if low < newton < high and (step < 8 or step % 2):
            nu = newton
        elif np.isfinite(low):
            nu = (low + high) / 2
        else:
            nu -= tau * 2.0**step
        if high - low <= 1e-14 * max(1.0, abs(high)):
            break
    return np.minimum(odds, max_copies), nu


def look(problem: Problem, kappa: float, at: tuple[Floats, Floats, Floats], guess: Floats) -> Point:
    """The dual at (x, μ, η)."""
    x, mu, eta = at
    highest = x.max()
    log_sum = highest + np.log(np.exp(x - highest).sum())
    a = log_sum - x + problem.log_target - kappa + mu
    values, score = np.append(a, 0.0), np.zeros(len(problem.ids))
    for column in problem.ids.T:  # at once, what is gathered would be of the size of the ids, twice over
        score += values[column]
    if len(eta):
        score -= problem.caps.prices(eta)
    copies, nu = np.zeros(len(score)), guess.copy()
    for group, size in enumerate(problem.size):
        rows = np.flatnonzero(problem.group == group) if len(problem.size) > 1 else slice(None)
        copies[rows], nu[group] = copies_at(
            score[rows], problem.weight[rows], size, problem.tau, problem.max_copies, guess[group]
        )
    mass = problem.weight * copies
    with np.errstate(divide="ignore", invalid="ignore"):
        chance = np.where(copies > 0, 1 - np.log(copies), 0.0)
    achieved = problem.fixed + held(problem, mass)
    dual = (
        mass @ score + problem.tau * (mass @ chance) + a @ problem.fixed - mu @ problem.floor + eta @ problem.caps.most
    )
    return Point(x, mu, eta, a, nu, copies, achieved, float(dual))


def held(problem: Problem, mass: Floats) -> Floats:
    """(R,) → (V,) sum over the images of each concept."""
    n_concepts = len(problem.fixed)
    total = np.zeros(n_concepts + 1)
    for column in problem.ids.T:
        total += np.bincount(column, mass, n_concepts + 1)
    return total[:n_concepts]


def solve(problem: Problem, kappa: float, start: Point, accuracy: tuple[float, int]) -> tuple[Point, bool]:
    """The minimum of the dual, and whether it was reached.

    ``accuracy``: how far off a concept may be, in copies over the square root of those it began with; and the most
    iterations.
    """
    from scipy.optimize import minimize  # only what fits pays for its import
    from threadpoolctl import threadpool_limits

    tolerance, max_iterations = accuracy
    n_concepts, last = len(problem.fixed), start
    bound = problem.floor > problem.fixed
    n_mu = n_concepts + int(bound.sum())
    sizes = [start.achieved, start.achieved[bound], np.maximum(problem.caps.most, 1.0)]
    scale = 1 / np.sqrt(np.maximum(np.concatenate(sizes), 1.0))

    # where floors and caps cannot both be kept, caps are: an image may be lifted by the floors of all its concepts
    dearest = MOST_MU * (problem.ids.shape[1] + 1)
    highest = [np.full(n_mu - n_concepts, MOST_MU), np.full(len(problem.caps.most), dearest)]

    def place(z: Floats) -> tuple[Floats, Floats, Floats]:
        mu = np.zeros(n_concepts)
        mu[bound] = (z * scale)[n_concepts:n_mu]
        return (z * scale)[:n_concepts], mu, (z * scale)[n_mu:]

    def dual(z: Floats) -> tuple[float, Floats]:
        nonlocal last
        last = look(problem, kappa, place(z), last.nu)
        share = np.exp(last.x - last.x.max())
        down = last.achieved.sum() * share / share.sum() - last.achieved
        slack = (last.achieved - problem.floor)[bound]
        room = problem.caps.most - problem.caps.taken(problem.weight * last.copies)
        return last.dual, np.concatenate([down, slack, room]) * scale

    options = {"maxiter": max_iterations, "maxfun": 2 * max_iterations, "ftol": 0.0, "gtol": tolerance, "maxcor": 20}
    # matrices have 40 rows at most: threads of BLAS wait for each other longer than they work, and the last bits
    # of sums would depend on how many there are
    with threadpool_limits(1, user_api="blas"):
        found = minimize(
            dual,
            np.concatenate([start.x, start.mu[bound], start.eta]) / scale,
            jac=True,
            method="L-BFGS-B",
            bounds=[(None, None)] * n_concepts + [(0.0, most) for most in np.concatenate(highest) / scale[n_concepts:]],
            options=options,
        )
    return look(problem, kappa, place(found.x), last.nu), bool(found.success) or _is_near(found, tolerance, n_concepts)


def _is_near(found: OptimizeResult, tolerance: float, n_concepts: int) -> bool:
    """Whether a search that ended without success, since steps no longer told apart what they gain, say, ended near."""
    down = found.jac.copy()
    at_bound = np.arange(len(down)) >= n_concepts
    down[at_bound & (found.x <= 0)] = np.minimum(down[at_bound & (found.x <= 0)], 0.0)
    return bool(np.abs(down).max(initial=0.0) <= _NEAR * tolerance)


def first_point(problem: Problem) -> Point:
    """Where to begin: at the concepts of a plain random selection."""
    counts = np.maximum(problem.fixed + held(problem, problem.weight), 1e-9)
    zeros = np.zeros(len(counts))
    eta, nu, copies = np.zeros(len(problem.caps.most)), np.zeros(len(problem.size)), np.zeros(len(problem.ids))
    return Point(np.log(counts / counts.sum()), zeros, eta, zeros, nu, copies, counts, 0.0)
