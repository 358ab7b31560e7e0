"""How many copies a row of each cell may expect: the plan that the settings and what there is lead to."""

from __future__ import annotations

import math

from transforms.errors import EvenweaveError
from transforms.instruct.mixing.about import Cell
from transforms.instruct.mixing.constraints import Condition, Problem, problem_of
from transforms.instruct.mixing.settings import MixSettings
from transforms.instruct.mixing.solver import largest_size, least_relaxation, solve
from transforms.instruct.mixing.tally import MixTally

_ALMOST = 1e-6  # a size that falls short of a whole number by so much is that number
_MOST_NAMED = 3  # conditions in a message


def expected_copies(tally: MixTally, settings: MixSettings) -> tuple[dict[Cell, float], int]:
    """Copies that a row of each cell may expect, and their sum over all rows, a whole number.

    Raises EvenweaveError for what cannot be had: it names the condition that binds, and what the least relaxations are.
    """
    cells = tally.cells()
    if not cells:
        if settings.size:
            raise EvenweaveError(
                f"mix.size asks for {settings.size:,} rows, and none is left to be mixed.{_refused(tally)}"
            )
        return {}, 0
    problem = problem_of(cells, settings)
    size = _size(problem, settings, tally)
    rows = solve(problem, size)
    return dict(zip(problem.cells, (rows / problem.rows).tolist(), strict=True)), size


def _size(problem: Problem, settings: MixSettings, tally: MixTally) -> int:
    """That of the settings, or the largest that there can be; raises EvenweaveError where it is too large."""
    there = int(problem.most.sum())
    if settings.size is not None and settings.size > there:
        raise EvenweaveError(
            f"mix.size asks for {settings.size:,} rows, and there are {int(problem.rows.sum()):,} that the targets "
            f"have a place for (mix.max_copies is {problem.max_copies}). Lower it, raise max_copies, or add input."
            f"{_refused(tally)}"
        )
    if not problem.conditions:
        return int(problem.rows.sum()) if settings.size is None else settings.size
    largest = math.floor(largest_size(problem) + _ALMOST)
    if settings.size is None and largest:
        return largest
    if settings.size is not None and settings.size <= largest:
        return settings.size
    raise EvenweaveError(_impossible(problem, settings.size, largest))


def _impossible(problem: Problem, size: int | None, largest: int) -> str:
    wanted = size or int(problem.rows.sum())
    relaxed = least_relaxation(problem, wanted)
    binding = [(one, share) for one, share in relaxed if _falls_short(one, share)] or relaxed
    named = "; ".join(f"{one} binds: {share:.4g} can be had" for one, share in binding[:_MOST_NAMED])
    said = f"mix cannot draw {wanted:,} rows with these targets. " if size else "No rows meet the targets of mix. "
    if not largest:
        changes = "; ".join(f"{one} to {_outwards(one, share)}" for one, share in relaxed[: 2 * _MOST_NAMED])
        return f"{said}{named}. They contradict each other at any size; the least that makes them possible: {changes}."
    copies = math.ceil(problem.max_copies * wanted / largest - _ALMOST)
    changes = ", ".join(f"{one} to {_outwards(one, share)}" for one, share in relaxed[: 2 * _MOST_NAMED])
    return (
        f"{said}{named}. Each of these makes it possible: mix.size {largest:,}; mix.max_copies {copies}; or changing "
        f"{changes}."
    )


def _falls_short(condition: Condition, share: float) -> bool:
    """A share that rises only takes up what another could not."""
    return condition.sense != "share" or share < condition.share


def _outwards(condition: Condition, share: float) -> str:
    """To four digits, rounded so that it can be had."""
    if condition.sense == "share":
        return f"{share:.4g}"
    rounding = math.floor if condition.sense == "floor" else math.ceil
    return f"{rounding(share * 1e4) / 1e4:.4g}"


def _refused(tally: MixTally) -> str:
    return f" {tally.refused:,} rows are of licences that mix.allow_licenses does not name." if tally.refused else ""
