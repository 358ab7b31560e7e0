"""Corrections of a fit on a sample, by what passes over all rows find at its weights.

A pass finds how many copies of each concept the sample did not tell of at these weights, and they are added to what it
says of any others: the gradient is exact where the pass looked, and only its change is the sample's (Jordan, Lee and
Yang 2019, https://doi.org/10.1080/01621459.2018.1429274). To scale what it says does not do: a rare concept is on a row
or two that are taken, and its scale would be any number.

Nor can a sample keep floors: a floor of 20 binds a row or two. So where the sample is not all there is, a floor binds
nothing here but the images of concepts that have no more, which are certain. A pass tells by how much others fall short
of all rows, and what is added to their worth for it, as a price would be, is told the sample; what is short then comes
by exchange, once images are drawn (a synthetic Zipf corpus of 5,000 concepts, all floors kept: 0.9290, and 0.9276 with
prices and margins of all rows; bench_even).

Shape legend: P concepts present, C cells.
"""

from __future__ import annotations

import itertools
from dataclasses import replace

import numpy as np

from transforms.balancing.even.fit import Best, Correction, Solution, fit, said_of_cells, told, worth_of
from transforms.balancing.even.program import look
from transforms.balancing.measures import evenness
from transforms.balancing.sampling import Floats

#: Nats that one correction may change what a concept adds to a score by; less where rows may be taken more than once:
#: there a small sample tells of copies that are not there, and the next pass would be lost.
_MOST_STEP, _MOST_STEP_OF_COPIES = 10.0, 4.0
_WORSE = 1e-3  # of evenness: a correction after which it is less by more leads back

#: Times the log of what a concept lacks, which is added to its worth: its copies follow by a part. With less, more is
#: left to exchanges, which in strata are not always to be had; with more, a small sample, whose first pass is far off,
#: ends less even (2 and 4 were tried).
_LIFT_PACE = 3.0
_MOST_LIFT = 6.0  # nats
_LEAST_COPIES = 0.01


def correct(solution: Solution, achieved: Floats, sizes: Floats) -> Solution:
    """Solved anew with what a pass over all rows found at the solution's weights: (P,) copies of each concept, and
    (C,) copies of each cell's images."""
    frame, point, known = solution.frame, solution.point, solution.correction.concepts
    said = frame.problem.fixed + frame.problem.images.of_concepts(frame.problem.weight * point.copies)
    correction = Correction.of(known, achieved - known * said, frame.request.cells, sizes, said_of_cells(frame, point))
    reached = evenness(achieved, frame.problem.log_target)
    value = reached - _share_lacking(solution, achieved)
    passes, values, best = (*solution.passes, reached), (*solution.values, value), solution.best
    if best is not None and value < best.value - _WORSE and not frame.request.target.caps.names:
        is_last = len(passes) >= frame.request.settings.max_corrections  # no pass sees what comes of it
        back = best.solution if is_last else _between(solution, best.solution, best.solution.point.a)
        return replace(back, passes=passes, values=values, best=best)
    if best is None or value > best.value:
        best = Best(value, replace(solution, best=None))
    found = fit(frame, correction, solution, _lifted(solution, achieved))
    most = _MOST_STEP if frame.request.max_copies == 1 else _MOST_STEP_OF_COPIES
    step = np.clip(found.point.a - point.a, -most, most)
    if solution.passes or (np.abs(step) == most).any():
        falls = sum(after < before - _WORSE for before, after in itertools.pairwise(values))
        found = _between(solution, found, point.a + step, 0.5 ** (1 + falls) if solution.passes else 1.0)
    return replace(found, passes=passes, values=values, best=best)


def _share_lacking(solution: Solution, achieved: Floats) -> float:
    """The share of (P,) copies that floors lack, which exchanges would have to bring: weighed against evenness, of
    which they cost less than that."""
    if solution.frame.request.max_copies > 1:
        return 0.0
    return float(np.maximum(solution.frame.floor - achieved, 0.0).sum() / max(float(achieved.sum()), 1.0))


def _lifted(solution: Solution, achieved: Floats) -> Floats:
    """(P,) what floors are to add, after a pass found (P,) copies. Nothing where rows may be taken more than once: what
    lacks then is most of all what a sample does not tell of copies, which the correction itself brings."""
    floor = solution.frame.floor
    if solution.frame.request.max_copies > 1:
        return np.zeros(len(floor))
    lacks = np.log(np.maximum(floor, _LEAST_COPIES) / np.maximum(achieved, _LEAST_COPIES))
    return np.where(floor > 0, np.clip(solution.lift + _LIFT_PACE * lacks, 0.0, _MOST_LIFT), 0.0)


def _between(last: Solution, found: Solution, a: Floats, share: float = 0.5) -> Solution:
    """Some of the way from a solution to another at (P,) ``a``, half by default: the first correction goes a long way,
    and later ones overshoot, since what the sample says of change is off by chance (without: a synthetic corpus rose to
    0.979, then fell to 0.973; with: 0.983)."""
    from threadpoolctl import threadpool_limits

    a = last.point.a + share * (a - last.point.a)
    eta = last.point.eta + share * (found.point.eta - last.point.eta)
    problem = told(found.frame, found.correction, found.tilt, found.lift)
    worth = worth_of(found.point, found.correction, found.kappa)
    with threadpool_limits(1, user_api="blas"):
        return replace(found, point=look(problem, worth, (a, eta), found.point.nu))
