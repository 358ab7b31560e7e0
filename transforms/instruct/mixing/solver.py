"""The rows of each cell that meet all conditions and change the mixture least.

Of all x with the conditions, Σx = N and 0 ≤ x ≤ most, the one of least relative entropy to the rows that there are:
what iterative proportional fitting settles at (Deming and Stephan 1940; Csiszár 1975,
https://doi.org/10.1214/aop/1176996454), with floors, caps and bounds as well. Its dual is smooth and has one variable a
condition. What is then left of the conditions, where many cells give all their rows, a linear programme mends.

Shape legend: C cells, K conditions.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.optimize import linprog, minimize

from transforms.errors import EvenweaveError
from transforms.instruct.mixing.constraints import Condition, Floats, Problem

_SOLVED = 1e-7  # of the whole: what may be left of a condition
_MOST_STEPS = 5_000
_MOST_EXPONENT = 50.0  # of a cell's weight, either way: e^50 times what it was


def largest_size(problem: Problem) -> float:
    """The most rows, copies counted, that meet the conditions; 0 where none do."""
    found = linprog(-np.ones(len(problem.rows)), **_programme(problem), method="highs")
    return float(-found.fun) if found.success else 0.0


def solve(problem: Problem, size: float) -> Floats:
    """(C,) rows of each cell, ``size`` in all, which is to be possible."""
    if not problem.conditions and size <= problem.rows.sum():
        even: Floats = problem.rows * (size / problem.rows.sum())
        return even
    rows = _least_change(problem, size)
    return rows if _residual(problem, rows, size) < _SOLVED else _mended(problem, rows, size)


def _least_change(problem: Problem, size: float) -> Floats:
    """By the dual: x = rows · exp(θ + λ·A), no more than most; a floor only pulls up, a cap only down."""
    base, most = problem.rows / size, problem.most / size
    matrix = np.vstack([np.ones(len(base)), problem.matrix()])  # (K + 1, C)
    wanted = np.zeros(len(matrix))
    wanted[0] = 1.0
    ceiling = np.log(most / base)

    def value_and_slope(duals: Floats) -> tuple[float, Floats]:
        exponent = np.clip(duals @ matrix, -_MOST_EXPONENT, _MOST_EXPONENT)
        capped = np.minimum(exponent, ceiling)
        rows = base * np.exp(capped)
        return float((rows + most * (exponent - capped)).sum() - duals @ wanted), matrix @ rows - wanted

    senses = {"share": (None, None), "floor": (0.0, None), "cap": (None, 0.0)}
    bounds = [(None, None), *(senses[one.sense] for one in problem.conditions)]
    start = np.zeros(len(matrix))
    start[0] = np.log(size / problem.rows.sum())
    options = {"maxiter": _MOST_STEPS, "maxfun": 4 * _MOST_STEPS, "ftol": 1e-15, "gtol": 1e-10, "maxcor": 50}
    found = minimize(value_and_slope, start, jac=True, method="L-BFGS-B", bounds=bounds, options=options)
    exponent = np.clip(found.x @ matrix, -_MOST_EXPONENT, _MOST_EXPONENT)
    rows: Floats = size * base * np.exp(np.minimum(exponent, ceiling))
    return rows


def _residual(problem: Problem, rows: Floats, size: float) -> float:
    """The greatest part of the whole by which a condition is missed."""
    if not problem.conditions:
        return abs(float(rows.sum()) - size) / size
    off = problem.matrix() @ rows / size
    senses = np.array([one.sense for one in problem.conditions])
    missed = np.where(senses == "floor", np.maximum(-off, 0), np.where(senses == "cap", np.maximum(off, 0), abs(off)))
    return float(max(missed.max(), abs(rows.sum() - size) / size))


def _mended(problem: Problem, near: Floats, size: float) -> Floats:
    """The rows that meet all conditions and are nearest to ``near``, in sums of parts of each cell.

    Raises EvenweaveError where there are none.
    """
    cells = len(near)
    programme = _programme(problem)
    # x = near + up − down
    weights = 1 / np.maximum(near, 1.0)
    at_most, equal = programme["A_ub"], programme["A_eq"]
    both = {
        "A_ub": None if at_most is None else np.hstack([at_most, -at_most]),
        "b_ub": None if at_most is None else -at_most @ near,
    }
    equal = np.ones((1, cells)) if equal is None else np.vstack([np.ones(cells), equal])
    wanted = np.zeros(len(equal))
    wanted[0] = size
    bounds = [(0, max(most - own, 0.0)) for most, own in zip(problem.most, near, strict=True)]
    bounds += [(0, own) for own in near]
    found = linprog(
        np.concatenate([weights, weights]),
        A_eq=np.hstack([equal, -equal]),
        b_eq=wanted - equal @ near,
        bounds=bounds,
        method="highs",
        **both,
    )
    if not found.success:
        raise EvenweaveError(f"mix: no rows were found that meet the targets ({found.message}); please report this")
    mended: Floats = np.clip(near + found.x[:cells] - found.x[cells:], 0, problem.most)
    return mended


def _programme(problem: Problem) -> dict[str, Any]:
    """The conditions and bounds as :func:`scipy.optimize.linprog` takes them."""
    matrix = problem.matrix()
    senses = np.array([one.sense for one in problem.conditions], str)
    at_most = np.vstack([matrix[senses == "cap"], -matrix[senses == "floor"]])
    equal = matrix[senses == "share"]
    return {
        "A_ub": at_most if len(at_most) else None,
        "b_ub": np.zeros(len(at_most)) if len(at_most) else None,
        "A_eq": equal if len(equal) else None,
        "b_eq": np.zeros(len(equal)) if len(equal) else None,
        "bounds": [(0, most) for most in problem.most],
    }


def least_relaxation(problem: Problem, size: float) -> list[tuple[Condition, float]]:
    """What has to give way, and how far: conditions with the shares that can be had, in rows of that ``size``.

    Those that miss least in sum, which a linear programme finds; sorted by how far they are missed. ``size`` is to be
    no more than the copies that there are.
    """
    cells, count = len(problem.rows), len(problem.conditions)
    matrix = problem.matrix()
    # matrix · x + up − down: up lifts what falls short, down lowers what is over
    slack = np.hstack([np.eye(count), -np.eye(count)])
    senses = [one.sense for one in problem.conditions]
    share = np.array([sense == "share" for sense in senses], bool)
    lines = np.hstack([matrix, slack])
    upper = [-lines[at] if sense == "floor" else lines[at] for at, sense in enumerate(senses) if sense != "share"]
    found = linprog(
        np.concatenate([np.zeros(cells), np.ones(2 * count)]),
        A_ub=np.array(upper) if upper else None,
        b_ub=np.zeros(len(upper)) if upper else None,
        A_eq=np.vstack([np.concatenate([np.ones(cells), np.zeros(2 * count)]), lines[share]]),
        b_eq=np.concatenate([[size], np.zeros(int(share.sum()))]),
        bounds=[*((0, most) for most in problem.most), *((0, None) for _ in range(2 * count))],
        method="highs",
    )
    if not found.success:
        return []
    rows = found.x[:cells]
    missed = found.x[cells : cells + count] + found.x[cells + count :]
    order = [int(at) for at in np.argsort(-missed, kind="stable") if missed[at] > _SOLVED * size]
    return [(problem.conditions[at], problem.share_of(problem.conditions[at], rows)) for at in order]
