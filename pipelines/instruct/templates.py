"""Job: rows → instructions where they are missing, others where too many are alike, and the form of short answers."""

from __future__ import annotations

import apache_beam as beam

from pipelines.engine.progress import WatchedFiles
from pipelines.instruct.run import InstructRun
from pipelines.run_stage import StageJob
from transforms.at_rest import parsing, read_json
from transforms.instruct.templating.beam import Templates, WriteTemplates, said_folder
from transforms.instruct.templating.figures import figures_path
from transforms.stages import STANDARDISE, TEMPLATES

_MEASURED = 100_000  # rows whose variety is measured, about


def stage_job(run: InstructRun) -> StageJob:
    rows = run.state.counts(STANDARDISE.name).rows_out
    sampled = min(1.0, _MEASURED / max(rows, 1))
    templates = Templates(run.folder, run.settings.templates, run.settings.seed, sampled)
    parts = run.part_names

    def build(pipeline: beam.Pipeline) -> None:
        _ = pipeline | "Parts" >> beam.Create(parts) | "Templates" >> WriteTemplates(templates)

    def write() -> None:
        run.engine.run(build)
        said_folder(run.folder).remove()

    watched = WatchedFiles(run.folder.root / str(TEMPLATES.each_shard), ".parquet", len(parts))
    return StageJob(write, watched, hint=lambda _: _hint(templates))


def _hint(templates: Templates) -> str | None:
    """What was written, and how much more varied the openings of questions are."""
    path = figures_path(templates.folder)
    with parsing(path):
        values = read_json(path)
        if not values["texts"]:
            return None
        written = ", ".join(f"{what} {texts:,}" for what, texts in values["texts"].items())
        before, after = (values[name]["entropy_bits"] for name in ("before", "after"))
    return f"{written}; openings of questions {before:.2f} → {after:.2f} bits"
