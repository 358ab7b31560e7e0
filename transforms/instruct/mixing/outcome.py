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
from transforms.instruct.mixing.even_concepts import Shown, added, counts_of, evenness
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
    concepts: NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, np.int64))  # (V,) copies that show each

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
        mixed = part.cell >= 0
        shown = () if part.concepts is None else (counts_of(part.concepts[mixed], copies[mixed]),)
        return cls(counts, drawn, *shown)

    def __iadd__(self, other: MixOutcome) -> MixOutcome:
        self.counts += other.counts
        self.concepts = added(self.concepts, other.concepts)
        for cell, (rows, copies, amount) in other.drawn.items():
            known = self.drawn.get(cell, (0, 0, 0))
            self.drawn[cell] = (known[0] + rows, known[1] + copies, known[2] + amount)
        return self


def shares_path(folder: InstructFolder) -> StoragePath:
    return folder.root / MIX.writes[1] / "shares.json"


def write_outcome(
    outcome: MixOutcome, reader: PartReader, tally: MixTally, windows: Windows, shown: Shown | None = None
) -> None:
    """By axis and by cell: rows and amounts before, those expected, those drawn; and how even concepts are."""
    expected = windows.quotas.expected
    of_cells: dict[Cell, dict[str, Any]] = {}
    for cell, (rows, amount) in tally.cells().items():
        chosen, copies, drawn = outcome.drawn.get(cell, (0, 0, 0))
        wanted = expected.get(cell, 0.0)
        figures = {
            "rows": rows,
            "amount": amount,
            "expected_copies": wanted * rows,
            "expected_amount": wanted * amount,
            "rows_drawn": chosen,
            "copies_drawn": copies,
            "amount_drawn": drawn,
        }
        known = of_cells.setdefault(cell._replace(weight=0), dict.fromkeys(figures, 0))
        known.update({name: known[name] + value for name, value in figures.items()})
    lines = [{**{axis: getattr(cell, axis) for axis in AXES}, **_rounded(one)} for cell, one in of_cells.items()]
    values = {
        "format_version": FORMAT_VERSION,
        "fingerprint": reader.folder.fingerprints[MIX.name],
        "unit": reader.settings.unit,
        "apart": tally.apart,
        "licence_not_allowed": tally.refused,
        "axes": {axis: _by(axis, lines, reader) for axis in AXES},
        "cells": lines,
        **({} if shown is None else {"concepts": evenness(shown, outcome.concepts)}),
    }
    shares_path(reader.folder).write_text(json.dumps(values, indent=1, ensure_ascii=False) + "\n")


def _rounded(figures: dict[str, Any]) -> dict[str, Any]:
    return {name: round(one, 6) if name.startswith("expected") else one for name, one in figures.items()}


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
