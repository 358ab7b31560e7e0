"""The pack report in the terminal."""

from __future__ import annotations

import math
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from transforms.at_rest import parsing, read_json, shaped
from transforms.packing.layouts.native_reader import PACKING_JSON
from transforms.packing.plan.tally import Histogram, PackTally
from transforms.rejects import Counts
from transforms.storage import StoragePath

_BAR_CHARACTERS = 12


def print_measures(console: Console, counts: Counts, packed: StoragePath) -> None:
    """What came in and out, the measures of the finished set, and how long documents and how heavy packs are."""
    reasons = ", ".join(f"{reason} {count:,}" for reason, count in counts.rejects.items())
    console.print(
        Text.assemble(
            ("✓", "green"),
            f" pack  {counts.rows_in:,} documents in, {counts.rows_out:,} out, {counts.rejected:,} rejected",
            f"{'  ' + reasons if reasons else ''}",
        ),
        soft_wrap=True,
    )
    if tally := read_tally(packed):
        table = Table("measure", "value", title="Packs", title_justify="left")
        table.columns[1].justify = "right"
        for name, value in tally.measures().items():
            table.add_row(name.replace("_", " "), _written(value))
        console.print(table)
        console.print(_histograms(tally))
    console.print(Text(f"packs: {packed}"), soft_wrap=True)


def read_tally(packed: StoragePath) -> PackTally | None:
    """Of the finished set; None for the layout that is not packed."""
    path = packed / PACKING_JSON
    values = shaped(path, read_json(path).get("tally") or {}, dict[str, Any])
    with parsing(path):
        return PackTally.from_dict(values) if values else None


def _written(value: float) -> str:
    if math.isnan(value):
        return "–"
    return f"{value:,}" if isinstance(value, int) else f"{value:,.4f}"


def _histograms(tally: PackTally) -> Table:
    """Counts in ranges that double, side by side for what has the same ranges."""
    table = Table("tokens or patches", title="Lengths", title_justify="left")
    columns: dict[str, Histogram] = {
        "documents by tokens": tally.document_tokens,
        "documents by patches": tally.document_patches,
        "packs by patches": tally.pack_patches,
    }
    counts = {name: histogram.doubling() for name, histogram in columns.items()}
    ranges = sorted({one for column in counts.values() for one in column}, key=lambda one: int(one.split("-")[0]))
    for name in columns:
        table.add_column(name, justify="right")
    table.add_column("")
    most = max((*counts["documents by tokens"].values(), 1))
    for one in ranges:
        documents = counts["documents by tokens"].get(one, 0)
        bar = "█" * -(-documents * _BAR_CHARACTERS // most)
        table.add_row(one, *(f"{column.get(one, 0):,}" for column in counts.values()), f"[cyan]{bar}[/]")
    return table
