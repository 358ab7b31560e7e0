"""What the settings ask, as linear conditions on the rows of each cell.

With x_c rows of cell c, each counting a_c in the unit, a share s of value v means Σ_c a_c (1[c of v] − s) x_c = 0; a
floor means that it is at least 0, a cap that it is at most 0. All are homogeneous: they hold of any multiple of x.

Shape legend: C cells, K conditions.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from transforms.balancing.raking import water_fill
from transforms.errors import EvenweaveError
from transforms.instruct.mixing.about import Cell
from transforms.instruct.mixing.settings import Axis, AxisTarget, MixSettings

Floats = NDArray[np.float64]
_ALMOST = 1e-9
_HALVINGS = 60  # of an interval, to the last digits
_NEARLY_ALL = 0.999  # of the rows of a value, so that other axes leave something to choose

Sense = Literal["share", "floor", "cap"]


@dataclass(frozen=True)
class Condition:
    """One share, floor or cap of one value."""

    axis: Axis
    value: str
    sense: Sense
    share: float

    def __str__(self) -> str:
        return f"the {self.sense} of {self.axis} {self.value} ({self.share:.4g})"


@dataclass(frozen=True)
class Problem:
    """Cells that take part, and what is asked of them."""

    cells: tuple[Cell, ...]
    rows: Floats  # (C,)
    amounts: Floats  # (C,) of all rows of a cell
    conditions: tuple[Condition, ...]
    max_copies: int

    @property
    def means(self) -> Floats:
        """(C,) what a row counts, in parts of what one counts on average: of the size of 1, whatever the unit."""
        mean = self.amounts.sum() / max(self.rows.sum(), 1)
        found: Floats = self.amounts / self.rows / (mean or 1.0)
        return found

    @property
    def most(self) -> Floats:
        """(C,) copies that there can be."""
        return self.max_copies * self.rows

    def members(self, condition: Condition) -> NDArray[np.bool_]:
        """(C,) the cells of the condition's value."""
        return np.array([getattr(cell, condition.axis) == condition.value for cell in self.cells], bool)

    def matrix(self) -> Floats:
        """(K, C) so that matrix · x is 0 for a share, at least 0 for a floor, at most 0 for a cap."""
        lines = [self.means * (self.members(one) - one.share) for one in self.conditions]
        return np.array(lines, np.float64).reshape(len(lines), len(self.cells))

    def share_of(self, condition: Condition, rows: Floats) -> float:
        """What share the condition's value has of (C,) rows."""
        amounts = self.means * rows
        return float(amounts[self.members(condition)].sum() / max(amounts.sum(), 1e-300))


def problem_of(cells: Mapping[Cell, tuple[int, int]], settings: MixSettings) -> Problem:
    """``cells``: rows and amount of each. Raises EvenweaveError for a value that is asked for and has no rows."""
    for axis, target in settings.targets().items():
        there = {getattr(cell, axis) for cell, (_, amount) in cells.items() if amount}
        if missing := [value for value in target.named() if value not in there]:
            found = ", ".join(sorted(there)) or "none"
            raise EvenweaveError(
                f"mix.{axis} asks for a share of {missing[0]!r}, and no row that is left has it, or counts anything in "
                f"{settings.unit}. There are: {found}. Give it no share, or add input."
            )
    taken = {cell: counts for cell, counts in sorted(cells.items()) if _takes_part(cell, settings)}
    rows = np.array([rows for rows, _ in taken.values()], np.float64)
    amounts = np.array([amount for _, amount in taken.values()], np.float64)
    conditions = tuple(
        condition
        for axis, target in settings.targets().items()
        for condition in _conditions(
            axis, target, _sums_by(axis, taken, amounts), _sums_by(axis, taken, rows), settings
        )
    )
    return Problem(tuple(taken), rows, amounts, conditions, settings.max_copies)


def _takes_part(cell: Cell, settings: MixSettings) -> bool:
    """Rows of a value without a share are left out, also those that count nothing."""
    return all(
        target.shares is None or target.shares.get(getattr(cell, axis), 0.0) > 0
        for axis, target in settings.targets().items()
    )


def _sums_by(axis: Axis, cells: Iterable[Cell], amounts: Floats) -> dict[str, float]:
    found: dict[str, float] = {}
    for cell, amount in zip(cells, amounts.tolist(), strict=True):
        value = getattr(cell, axis)
        found[value] = found.get(value, 0.0) + amount
    return dict(sorted(found.items()))


def _conditions(
    axis: Axis, target: AxisTarget, amounts: Mapping[str, float], rows: Mapping[str, float], settings: MixSettings
) -> list[Condition]:
    if target.shares is not None:
        total = sum(target.shares.values())  # 1 but for digits that were not written
        wanted = {value: share / total for value, share in target.shares.items() if share > 0}
        return [Condition(axis, value, "share", share) for value, share in sorted(wanted.items())]
    bounds = {value: target.bounds(value) for value, amount in amounts.items() if amount > 0}
    _check_bounds(axis, bounds)
    if target.temperature is not None:
        shares = _reachable_shares(amounts, rows, target.temperature, bounds, settings)
        return [Condition(axis, value, "share", share) for value, share in shares.items()]
    found = []
    for value, (least, most) in bounds.items():
        if least > 0:
            found.append(Condition(axis, value, "floor", least))
        if most < 1:
            found.append(Condition(axis, value, "cap", most))
    return found


def tempered_shares(
    amounts: Mapping[str, float], temperature: float, bounds: Mapping[str, tuple[float, float]]
) -> dict[str, float]:
    """Shares in proportion to the amounts to the power 1/temperature (Conneau et al. 2020,
    https://arxiv.org/abs/1911.02116, sample languages with 1/temperature = 0.3), within floors and caps.

    What the capped cannot take and what the floors need is shared in the same proportion by the others.
    """
    values = [value for value, amount in amounts.items() if amount > 0]
    shape = np.array([amounts[value] for value in values]) ** (1 / temperature)
    least, most = (np.array([bounds[value][side] for value in values]) for side in (0, 1))
    shares = _between(shape / shape.sum(), least, most)
    return dict(zip(values, shares.tolist(), strict=True))


def _reachable_shares(
    amounts: Mapping[str, float],
    rows: Mapping[str, float],
    temperature: float,
    bounds: Mapping[str, tuple[float, float]],
    settings: MixSettings,
) -> dict[str, float]:
    """Tempered shares that the rows suffice for: a value with too few gives all of them, and the others share the rest.

    Nobody asked for its share by number, and where a value has a dozen rows no temperature but 1 would be possible.
    """
    if settings.size is None:
        return tempered_shares(amounts, temperature, bounds)
    each = {value: amounts[value] / rows[value] for value in bounds}  # what a row counts
    low, high = (settings.size * extreme(each.values()) for extreme in (min, max))  # between which all of them count
    shares = tempered_shares(amounts, temperature, bounds)  # where rows are too few in all, which is told of the size
    for _ in range(_HALVINGS):
        whole = (low + high) / 2
        most = {value: _NEARLY_ALL * settings.max_copies * amounts[value] / whole for value in bounds}
        within = {value: (least, max(least, min(cap, most[value]))) for value, (least, cap) in bounds.items()}
        if sum(cap for _, cap in within.values()) < 1:
            high = whole
            continue
        shares = tempered_shares(amounts, temperature, within)
        if whole * sum(share / each[value] for value, share in shares.items()) < settings.size:
            low = whole
        else:
            high = whole
    return shares


def _check_bounds(axis: Axis, bounds: Mapping[str, tuple[float, float]]) -> None:
    """Raises EvenweaveError for floors above one together, and for caps below one."""
    least, most = (sum(both[side] for both in bounds.values()) for side in (0, 1))
    if least > 1 + _ALMOST:
        raise EvenweaveError(
            f"mix.{axis}: the floors of its {len(bounds)} values add up to {least:.4g}, more than 1. A floor of "
            f"{1 / len(bounds):.4g} or less for each is possible."
        )
    if most < 1 - _ALMOST:
        raise EvenweaveError(
            f"mix.{axis}: the caps of its {len(bounds)} values add up to {most:.4g}, less than 1. A cap of "
            f"{1 / len(bounds):.4g} or more for each is possible."
        )


def _between(shape: Floats, least: Floats, most: Floats) -> Floats:
    """Shares of the proportions ``shape`` between bounds, together one: level · shape, clipped; the level by
    water-filling above those that their floors hold."""
    held = np.zeros(len(shape), bool)
    while True:
        rest = 1 - least[held].sum()
        shares = least.copy()
        shares[~held] = water_fill(most[~held], shape[~held], float(rest)) if (~held).any() else 0.0
        below = ~held & (shares < least)
        if not below.any():
            whole: Floats = shares / shares.sum()
            return whole
        held |= below
