"""How many rows of each cell: the plan that the settings and what there is lead to."""

from __future__ import annotations

from transforms.errors import EvenweaveError
from transforms.instruct.mixing.about import Cell
from transforms.instruct.mixing.settings import MixSettings
from transforms.instruct.mixing.tally import MixTally


def expected_copies(tally: MixTally, settings: MixSettings) -> tuple[dict[Cell, float], int]:
    """Copies that a row of each cell may expect, and their sum over all rows, a whole number."""
    cells = tally.cells()
    rows = sum(count for count, _ in cells.values())
    size = rows if settings.size is None else settings.size
    if size > settings.max_copies * rows:
        raise EvenweaveError(
            f"mix.size asks for {size:,} rows, and there are {rows:,} (mix.max_copies is {settings.max_copies}). "
            "Lower the size, raise max_copies, or add input."
        )
    return dict.fromkeys(cells, size / rows if rows else 0.0), size
