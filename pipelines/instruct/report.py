"""Job: a finished mixture → report/index.html, and a table in the terminal."""

from __future__ import annotations

import json
from typing import Any

import apache_beam as beam
from rich.table import Table
from rich.text import Text

from pipelines.instruct.run import InstructRun
from transforms.at_rest import parsing, read_json
from transforms.instruct.reporting.beam import TallyParts
from transforms.instruct.reporting.page import Facts, diversity, render_mixture, table_of
from transforms.instruct.reporting.tally import Tally
from transforms.instruct.templating.figures import figures_path
from transforms.stages import DECONTAMINATE, STANDARDISE, TEMPLATES

_OPENINGS_READ = 200_000  # rows: their shares are then known to a tenth of a percent
_TOLD = ("category", "language", "source")


def write_report(run: InstructRun) -> None:
    """Tallies every part again, unless that is known: ``report/tally.json``."""
    tally = _tally(run)
    page = run.folder.report
    stages = [(stage.name, run.state.counts(stage.name)) for stage in run.stages()]
    values = run.state.values
    facts = Facts(
        run.folder.fingerprint, values["code_version"], values["config"], stages, _certificate(run), _templates(run)
    )
    page.keep_bytes(render_mixture(tally, facts).encode())
    for axis in _TOLD:
        run.console.print(_shares(axis, tally))
    if tally.openings_mixed:
        found = diversity(tally.openings_mixed)
        line = f"openings of questions: {found.distinct:.1%} distinct, {found.entropy:.2f} bits"
        run.console.print(Text(line), soft_wrap=True)
    run.console.print(Text(f"Report: {page}"), soft_wrap=True)


def _certificate(run: InstructRun) -> dict[str, Any] | None:
    path = run.folder.contamination_certificate
    if DECONTAMINATE.name not in run.settings.stages:
        return None
    with parsing(path):
        return read_json(path)


def _templates(run: InstructRun) -> dict[str, Any] | None:
    if TEMPLATES.name not in run.settings.stages:
        return None
    path = figures_path(run.folder)
    with parsing(path):
        return read_json(path)


def _tally(run: InstructRun) -> Tally:
    path = run.folder.report.parent / "tally.json"
    if path.is_file():
        with parsing(path):
            kept = read_json(path)
            if kept.get("fingerprint") == run.folder.fingerprint:
                return Tally.from_dict(kept)
    rows = run.state.counts(STANDARDISE.name).rows_out
    left = run.folder.root / ".report-tally.json"

    def build(pipeline: beam.Pipeline) -> None:
        parts = pipeline | "Parts" >> beam.Create(run.part_names)
        _ = parts | TallyParts(run.folder, min(1.0, _OPENINGS_READ / max(rows, 1)), left)

    run.engine.run(build)
    with parsing(left):
        values = read_json(left)
        tally = Tally.from_dict(values)
    path.write_text(json.dumps({"fingerprint": run.folder.fingerprint, **values}, ensure_ascii=False))
    left.delete()
    return tally


def _shares(axis: str, tally: Tally) -> Table:
    found = table_of(axis, tally)
    table = Table(found.title, title_justify="left")
    for name in ("clean", "share", "mixed", "share"):
        table.add_column(name, justify="right")
    for row in found.rows:
        values = (f"{row.clean:,}", f"{row.clean_share:.1%}", f"{row.mixed:,}", f"{row.mixed_share:.1%}")
        table.add_row(Text(row.name.replace("_", " ")), *values)
    return table
