"""Which part of the split a row belongs to: by its group alone, so that rows of one group never part.

A group's place is a keyed number: more rows, other sources or another share of one part move no group from train to a
part that was held out and back, but those whose number the changed share passes over.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np

from transforms.instruct.chain.outcome import Fact, Outcome
from transforms.instruct.rows import Row
from transforms.instruct.splitting.settings import SplitSettings
from transforms.keyed import hash64, uniform
from transforms.stages import SPLIT

Split = Literal["train", "validation", "test"]


def hold_out(rows: Sequence[Row], settings: SplitSettings, seed: int) -> Outcome:
    """A fact of each row; one without a group is a group of its own."""
    names = [row.key if row.group is None else row.group.hex() for row in rows]
    ids = np.fromiter((hash64(name) for name in names), np.uint64, len(names))
    drawn = uniform(seed, SPLIT.name, ids)
    return Outcome(facts=[Fact(row.key, split=_part_of(at, settings)) for row, at in zip(rows, drawn, strict=True)])


def _part_of(drawn: float, settings: SplitSettings) -> Split:
    """Validation from below, test from above: neither moves the other."""
    if drawn < settings.validation:
        return "validation"
    return "test" if drawn >= 1 - settings.test else "train"
