"""The convex program of ``even`` at a fixed worth of a copy, solved by its dual.

Maximise  N(c) + Σ c_k·log t_k − κ·M + τ·Σ(π − π·log π)  over the expected copies π of images, where c_k = Σ π over the
images of concept k, M = Σ c, and N(c) = M·log M − Σ c·log c; subject to 0 ≤ π ≤ max_copies, Σπ = N in each group and
c_k ≥ floor_k, and Σπ ≤ most_j over the images under cap j. N is concave, so there is one solution:

    π_i = min(max_copies, exp((Σ_{k∈C_i} a_k − ν_group − Σ_j η_j) / τ)),   a_k = log(t_k / p_k) − κ + μ_k,   p = c / M,

with μ, η ≥ 0, and η over the caps that image i is under.

Here M·log M − κ·M, which alone ties concepts together, is replaced by its tangent: (1 + w)·M, with w = log M − κ the
worth of a copy. What is left of c is a sum over concepts, so for given a the best c_k and μ_k follow one by one,

    c_k = max(floor_k, q_k),   q_k = t_k·exp(w − a_k),   μ_k = log(c_k / q_k),

and the dual is convex and smooth in (a, η), with nothing to bound a: its gradient is what images bring of each concept
over c_k, and most − Σπ. L-BFGS-B (Byrd, Lu, Nocedal and Zhu 1995, https://doi.org/10.1137/0916069) finds its minimum.
A tangent lies below: to set w by what was achieved, and to solve again, only rises, and rests at the program's
solution.

A floor that no selection keeps would have no end of μ; so above ``MOST_MU`` c_k falls below its floor instead.

Shape legend: R images, V concepts, G groups of images, C cells, J caps.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from transforms.balancing.even.incidence import Incidence
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
    """What is to be solved. Concepts are numbered 0 … V-1, all of them present."""

    images: Incidence  # (R, V)
    weight: Floats  # (R,) images that each stands for
    group: Ints  # (R,)
    size: Floats  # (G,) expected copies of these images, in all
    fixed: Floats  # (V,) copies that other images bring: those that are certain, and what a sample misses
    log_target: Floats  # (V,)
    floor: Floats  # (V,) least copies, the fixed ones among them; 0: none
    tau: float
    max_copies: int
    caps: Caps

    def with_floor(self, floor: Floats) -> Problem:
        return replace(self, floor=floor)


@dataclass(frozen=True)
class Point:
    """Where the dual is looked at, in ``a`` and ``eta``, and what follows there."""

    a: Floats  # (V,) what each concept adds to the score of an image
    eta: Floats  # (J,)
    mu: Floats  # (V,)
    nu: Floats  # (G,)
    copies: Floats  # (R,)
    achieved: Floats  # (V,) what images bring
    wanted: Floats  # (V,) c
    dual: float


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
    nu, odds = min(nu, high), np.empty(len(score))
    for step in range(200):
        np.exp(
            np.minimum(np.divide(np.subtract(score, nu, out=odds), tau, out=odds), _MOST_EXPONENT, out=odds), out=odds
        )
        cut = np.flatnonzero(odds >= max_copies)
        odds[cut] = 0.0
        slope, certain = float(weight @ odds), max_copies * float(weight[cut].sum())
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
    odds[cut] = max_copies
    return odds, nu


def look(problem: Problem, worth: float, at: tuple[Floats, Floats], guess: Floats) -> Point:
    """The dual at (a, η)."""
    a, eta = at
    score = problem.images.of_images(a)
    if len(eta):
        score -= problem.caps.prices(eta)
    copies, nu = np.zeros(len(score)), guess.copy()
    for group, size in enumerate(problem.size):
        rows = np.flatnonzero(problem.group == group) if len(problem.size) > 1 else slice(None)
        copies[rows], nu[group] = copies_at(
            score[rows], problem.weight[rows], size, problem.tau, problem.max_copies, guess[group]
        )
    achieved = problem.fixed + problem.images.of_concepts(problem.weight * copies)
    wanted, mu, worth_of_them = _wanted(problem, worth, a)
    dual = _of_images(problem, score, copies, nu) + worth_of_them + a @ problem.fixed + eta @ problem.caps.most
    return Point(a, eta, mu, nu, copies, achieved, wanted, float(dual))


def _of_images(problem: Problem, score: Floats, copies: Floats, nu: Floats) -> float:
    """Σ π·score + τ·(π − π·log π). Where nothing cuts π off, τ·log π is the score over ν, and no logarithm is taken."""
    mass, cut = problem.weight * copies, np.flatnonzero(copies >= problem.max_copies)
    every = np.bincount(problem.group, mass, len(nu)) if len(nu) > 1 else mass.sum(keepdims=True)
    free = every - np.bincount(problem.group[cut], mass[cut], len(nu))
    return float(free @ (problem.tau + nu) + mass[cut] @ (score[cut] + problem.tau * (1 - np.log(problem.max_copies))))


def _wanted(problem: Problem, worth: float, a: Floats) -> tuple[Floats, Floats, float]:
    """(V,) the best c for these a, (V,) μ, and the sum of c − c·log(c/q), less what falling short of floors costs."""
    log_q = problem.log_target + worth - a
    q, floor = np.exp(np.minimum(log_q, _MOST_EXPONENT)), problem.floor
    bound = np.flatnonzero(floor > q)
    mu = np.zeros(len(a))
    mu[bound] = np.minimum(np.log(floor[bound]) - log_q[bound], MOST_MU)
    wanted = q.copy()
    wanted[bound] = np.minimum(floor[bound], np.exp(np.minimum(log_q[bound] + MOST_MU, _MOST_EXPONENT)))
    lacking = floor[bound] - wanted[bound]
    return wanted, mu, float(wanted.sum() - wanted[bound] @ mu[bound] - MOST_MU * lacking.sum())


def solve(problem: Problem, worth: float, start: Point, accuracy: tuple[float, int]) -> tuple[Point, bool]:
    """The minimum of the dual, and whether it was reached.

    ``accuracy``: how far off a concept may be, in copies over the square root of those it began with; and the most
    iterations.
    """
    from scipy.optimize import minimize  # only what fits pays for its import
    from threadpoolctl import threadpool_limits

    tolerance, max_iterations = accuracy
    n_concepts, caps, last = len(problem.fixed), problem.caps, start
    scale = 1 / np.sqrt(np.maximum(np.concatenate([start.achieved, caps.most]), 1.0))

    # where floors and caps cannot both be kept, caps are: an image may be lifted by the floors of all its concepts
    dearest = MOST_MU * (problem.images.concepts_per_image + 1)
    bounds = [(None, None)] * n_concepts + [(0.0, float(dearest / one)) for one in scale[n_concepts:]]

    def place(z: Floats) -> tuple[Floats, Floats]:
        return (z * scale)[:n_concepts], (z * scale)[n_concepts:]

    def dual(z: Floats) -> tuple[float, Floats]:
        nonlocal last
        last = look(problem, worth, place(z), last.nu)
        room = caps.most - caps.taken(problem.weight * last.copies) if len(caps.most) else caps.most
        return last.dual, np.concatenate([last.achieved - last.wanted, room]) * scale

    options = {"maxiter": max_iterations, "maxfun": 2 * max_iterations, "ftol": 0.0, "gtol": tolerance, "maxcor": 10}
    # matrices have 20 rows at most: threads of BLAS wait for each other longer than they work, and the last bits
    # of sums would depend on how many there are
    with threadpool_limits(1, user_api="blas"):
        found = minimize(
            dual,
            np.concatenate([start.a, start.eta]) / scale,
            jac=True,
            method="L-BFGS-B",
            bounds=bounds if len(caps.most) else None,
            options=options,
        )
    return look(problem, worth, place(found.x), last.nu), bool(found.success) or _is_near(found, tolerance, n_concepts)


def _is_near(found: OptimizeResult, tolerance: float, n_concepts: int) -> bool:
    """Whether a search that ended without success, since steps no longer told apart what they gain, say, ended near."""
    down = found.jac.copy()
    at_bound = np.arange(len(down)) >= n_concepts
    down[at_bound & (found.x <= 0)] = np.minimum(down[at_bound & (found.x <= 0)], 0.0)
    return bool(np.abs(down).max(initial=0.0) <= _NEAR * tolerance)


def first_point(problem: Problem) -> Point:
    """Where to begin: at a plain random selection."""
    rows = np.bincount(problem.group, problem.weight, len(problem.size))
    copies = np.clip(problem.size / np.maximum(rows, 1.0), 0.0, problem.max_copies)[problem.group]
    achieved = problem.fixed + problem.images.of_concepts(problem.weight * copies)
    zeros, nu = np.zeros(len(achieved)), np.zeros(len(problem.size))
    return Point(zeros, np.zeros(len(problem.caps.most)), zeros, nu, copies, achieved, achieved, 0.0)
