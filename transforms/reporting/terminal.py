"""The report in the terminal: what each stage let through, and the measures of balance."""

from __future__ import annotations

from rich.console import Console
from rich.markup import escape
from rich.style import Style
from rich.table import Table
from rich.text import Text

from transforms.agreement.terminal import agreement_table
from transforms.reporting.summary import RunSummary
from transforms.storage import StoragePath


def print_summary(summary: RunSummary, console: Console, report: StoragePath | None = None) -> None:
    """Two tables, a third where captions gave concepts, and where the page lies."""
    console.print(stage_table(summary))
    if summary.measures:
        console.print(measure_table(summary))
    if summary.assigned:
        console.print(agreement_table("type", summary.assigned))
    if report is not None:
        console.print(Text.assemble("Report: ", (str(report), Style(link=_uri(report)))), soft_wrap=True)


def stage_table(summary: RunSummary) -> Table:
    table = Table(title="Stages", title_justify="left", title_style="bold")
    table.add_column("stage")
    for name in ("in", "out", "left out"):
        table.add_column(name, justify="right")
    table.add_column("most frequent reasons")
    for stage in summary.stages:
        counts = stage.counts
        reasons = sorted(counts.rejects.items(), key=lambda item: (-item[1], item[0]))[:3]
        table.add_row(
            escape(stage.name),
            f"{counts.rows_in:,}",
            f"{counts.rows_out:,}",
            f"{counts.rejected:,}",
            escape(", ".join(f"{reason.replace('_', ' ')} {count:,}" for reason, count in reasons if count)),
        )
    return table


def measure_table(summary: RunSummary) -> Table:
    table = Table(
        title=f"Concepts, {escape(summary.method)}: {summary.selected:,} of {summary.raw:,} pairs",
        title_justify="left",
        title_style="bold",
    )
    table.add_column("measure")
    table.add_column("before", justify="right")
    table.add_column("random", justify="right", style="dim")
    table.add_column("after", justify="right", style="bold")
    for row in summary.measures:
        table.add_row(escape(row.name), *row.texts())
    return table


def _uri(path: StoragePath) -> str:
    return str(path) if path.root else f"file://{path}"
