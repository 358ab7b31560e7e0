"""Job: rows → those that a benchmark asks too, and decontamination/, with the certificate."""

from __future__ import annotations

import functools
import json
from collections.abc import Mapping
from typing import Any

import apache_beam as beam

from pipelines.engine.progress import WatchedFiles
from pipelines.instruct.run import InstructRun
from pipelines.run_stage import StageJob
from transforms.instruct.chain.beam import EachPart
from transforms.instruct.decontaminating.beam import MeasureCells, WritePrints
from transforms.instruct.decontaminating.certificate import Tally, certificate, write_certificate
from transforms.instruct.decontaminating.files import (
    benchmark_parts,
    decontaminate_part,
    describe,
    prints,
    read_found,
)
from transforms.rejects import Counts
from transforms.stages import DECONTAMINATE, stage_named


def stage_job(run: InstructRun) -> StageJob:
    folder, settings, parts = run.folder, run.settings.decontaminate, run.part_names
    cells = folder.contamination_certificate.parent / "cells.json"
    benchmarks = benchmark_parts(settings)

    def fingerprint(pipeline: beam.Pipeline) -> None:
        _ = pipeline | "Parts" >> beam.Create(benchmarks) | WritePrints(folder, settings, run.settings.seed)

    def judge(pipeline: beam.Pipeline) -> None:
        work = functools.partial(decontaminate_part, folder, settings)
        _ = pipeline | "Parts" >> beam.Create(parts) | EachPart(folder, DECONTAMINATE.name, work)

    def plant(pipeline: beam.Pipeline) -> None:
        _ = pipeline | MeasureCells(folder, settings, cells)

    def work() -> Counts:
        if benchmarks:
            run.engine.run(fingerprint)
            run.engine.run(plant)
        run.engine.run(judge)
        counts = folder.read_stage_counts(DECONTAMINATE.name)
        folder.counts(DECONTAMINATE.name).delete()
        measured = json.loads(cells.read_text()) if benchmarks else {}
        write_certificate(folder.contamination_certificate, _certificate(run, counts, measured))
        return counts

    watched = WatchedFiles(folder.root / str(stage_named(DECONTAMINATE.name).each_shard), ".parquet", len(parts))
    return StageJob(work, watched, hint=lambda _: _hint(run))


def _certificate(run: InstructRun, counts: Counts, measured: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    settings = run.settings.decontaminate
    tally = Tally.of(read_found(run.folder, run.part_names))
    return certificate(settings, describe(settings, prints(run.folder, settings)), counts.to_dict(), tally, measured)


def _hint(run: InstructRun) -> str | None:
    """What the certificate says that one has to know at once."""
    if not run.settings.decontaminate.benchmarks:
        return "no benchmark is named in decontaminate.benchmarks, so that rows were compared with none"
    values = json.loads(run.folder.contamination_certificate.read_text())
    failing = values["failing"]
    return f"cells of the certificate that fail: {', '.join(failing)}" if failing else None
