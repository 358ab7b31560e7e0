"""What was mixed, against what was there and what was asked for: ``mix/shares.json``."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from transforms.at_rest import FORMAT_VERSION
from transforms.instruct.chain.folder import InstructFolder
from transforms.instruct.mixing.about import Cell, PartReader, PartRows
from transforms.instruct.mixing.draw import Windows
from transforms.instruct.mixing.settings import AXES, Axis
from transforms.instruct.mixing.tally import MixTally
from transforms.rejects import Counts
from transforms.stages import MIX
from transforms.storage import StoragePath

Drawn = tuple[int, int, int]  # rows, copies, amount


@dataclass
class MixOutcome:
    """Of the parts of which the selection is written. Adds up in place."""

    counts: Counts = field(default_factory=Counts)
    drawn: dict[Cell, Drawn] = field(default_factory=dict)

    @classmethod
    def of(cls, counts: Counts, part: PartRows, copies: NDArray[np.int64]) -> MixOutcome:
        drawn = {}
        for index, cell in enumerate(part.cells):
            own = part.cell == index
            drawn[cell] = (
                int((copies[own] > 0).sum()),
                int(copies[own].sum()),
                int((copies[own] * part.amount[own]).sum()),
            )
        return cls(counts, drawn)

    def __iadd__(self, other: MixOutcome) -> MixOutcome:
        self.counts += other.counts
        for cell, (rows, copies, amount) in other.drawn.items():
            known = self.drawn.get(cell, (0, 0, 0))
            self.drawn[cell] = (known[0] + rows, known[1] + copies, known[2] + amount)
        return self


def shares_path(folder: InstructFolder) -> StoragePath:
    return folder.root / MIX.writes[1] / "shares.json"


def write_outcome(outcome: MixOutcome, reader: PartReader, tally: MixTally, windows: Windows) -> None:
    """By axis and by cell: rows and amounts before, those expected, those drawn."""
    before, expected = tally.cells(), windows.quotas.expected
    lines: list[dict[str, Any]] = []
    for cell, (rows, amount) in before.items():
        chosen, copies, drawn = outcome.drawn.get(cell, (0, 0, 0))
        wanted = expected.get(cell, 0.0)
        figures: dict[str, Any] = {
            "rows": rows,
            "amount": amount,
            "expected_copies": round(wanted * rows, 6),
            "expected_amount": round(wanted * amount, 6),
            "rows_drawn": chosen,
            "copies_drawn": copies,
            "amount_drawn": drawn,
        }
        lines.append({**cell._asdict(), **figures})
    values = {
        "format_version": FORMAT_VERSION,
        "fingerprint": reader.folder.fingerprints[MIX.name],
        "unit": reader.settings.unit,
        "apart": tally.apart,
        "licence_not_allowed": tally.refused,
        "axes": {axis: _by(axis, lines, reader) for axis in AXES},
        "cells": lines,
    }
    shares_path(reader.folder).write_text(json.dumps(values, indent=1, ensure_ascii=False) + "\n")


def _by(axis: Axis, lines: list[dict[str, Any]], reader: PartReader) -> dict[str, Mapping[str, float]]:
    """Shares of each value in the unit: before, asked for where they were, drawn."""
    target = reader.settings.targets().get(axis)
    totals = {name: sum(line[name] for line in lines) for name in ("amount", "expected_amount", "amount_drawn")}
    found: dict[str, Mapping[str, float]] = {}
    for value in sorted({line[axis] for line in lines}):
        own = [line for line in lines if line[axis] == value]
        sums = {name: sum(line[name] for line in own) for name in ("rows", "copies_drawn")}
        shares = {name: round(sum(line[name] for line in own) / max(total, 1e-9), 6) for name, total in totals.items()}
        asked = {} if target is None or target.shares is None else {"asked": target.shares.get(value, 0.0)}
        found[value] = {
            "rows": sums["rows"],
            "copies_drawn": sums["copies_drawn"],
            "before": shares["amount"],
            **asked,
            "expected": shares["expected_amount"],
            "drawn": shares["amount_drawn"],
        }
    return found
