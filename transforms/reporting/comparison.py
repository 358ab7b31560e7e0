"""Two runs side by side: as a page, and as tables in the terminal."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from transforms.browsing.comparing import Comparison
from transforms.reporting.measure_table import measure_rows
from transforms.reporting.summary import ConceptCounts
from transforms.reporting.templates import render_template

_MOVED_ON_PAGE, _MOVED_IN_TERMINAL = 200, 10


@dataclass(frozen=True)
class MeasurePair:
    """A measure of what either run selected, as a person reads it; "–" where no image holds a concept."""

    name: str
    meaning: str
    first: str
    second: str


def render_comparison(found: Comparison) -> str:
    """The page; the same comparison gives the same text."""
    moved = found.moved().slice(0, _MOVED_ON_PAGE).to_pylist()
    return render_template(
        "comparison.html",
        found=found,
        overlap=found.total_overlap(),
        measures=measure_pairs(found),
        moved=moved,
        shown=len(moved),
    )


def measure_pairs(found: Comparison) -> list[MeasurePair]:
    """The measures of the report, of either selection."""
    texts: dict[str, dict[str, str]] = {"first": {}, "second": {}}
    meanings: dict[str, str] = {}
    for which, of_run in texts.items():
        counts = found.counts(which)
        rows = measure_rows(ConceptCounts(counts["count_before"], counts["count_random"], counts["count_after"]))
        for row in rows:
            of_run[row.name] = row.texts()[-1]
            meanings.setdefault(row.name, row.meaning)
    return [
        MeasurePair(name, meaning, texts["first"].get(name, "–"), texts["second"].get(name, "–"))
        for name, meaning in meanings.items()
    ]


def print_comparison(found: Comparison, console: Console) -> None:
    """What differs, what was measured, what was chosen, and which concepts moved most."""
    for table in _tables(found):
        console.print(table)


def _tables(found: Comparison) -> Iterator[Table]:
    if found.settings:
        yield _table(
            "Settings that differ",
            ["setting", "first", "second"],
            [(one.name, one.first, one.second) for one in found.settings],
        )
    measures = [(row.name, row.first, row.second) for row in measure_pairs(found)]
    if measures:
        yield _table("Measures after balancing", ["measure", ">first", ">second"], measures)
    overlaps = [*found.overlap, *([found.total_overlap()] if len(found.overlap) > 1 else [])]
    yield _table(
        "Images chosen",
        ["source", ">by both", ">first alone", ">second alone", ">shared"],
        [
            (row.source, f"{row.both:,}", f"{row.only_first:,}", f"{row.only_second:,}", f"{row.shared:.1%}")
            for row in overlaps
        ],
    )
    moved = [row for row in found.moved().slice(0, _MOVED_IN_TERMINAL).to_pylist() if row["change"]]
    if moved:
        yield _table(
            "Concepts that moved most",
            ["concept", "language", ">first", ">second", ">change"],
            [
                (
                    row["name"] or "",
                    row["lang"] or "",
                    f"{row['count_after_first'] or 0:,}",
                    f"{row['count_after_second'] or 0:,}",
                    f"{row['change']:+,}",
                )
                for row in moved
            ],
        )


def _table(title: str, columns: Sequence[str], rows: Sequence[tuple[str, ...]]) -> Table:
    """A column that begins with ``>`` is of numbers."""
    table = Table(title=title, title_justify="left", title_style="bold")
    for name in columns:
        table.add_column(name.removeprefix(">"), justify="right" if name.startswith(">") else "left")
    for row in rows:
        table.add_row(*map(escape, row))
    return table
