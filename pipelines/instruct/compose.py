"""Job: rows about one picture → beside them, rows about several whose answers follow from theirs."""

from __future__ import annotations

import apache_beam as beam

from pipelines.engine.progress import WatchedFiles
from pipelines.instruct.run import InstructRun
from pipelines.instruct.validate import declared_languages
from pipelines.run_stage import StageJob
from transforms.instruct.chain.beam import EachPart
from transforms.instruct.composing.part import ComposeJob
from transforms.instruct.safety.gate import SafetyGate
from transforms.stages import COMPOSE


def stage_job(run: InstructRun) -> StageJob:
    settings, parts = run.settings, run.part_names
    gate = SafetyGate(settings.safety)
    job = ComposeJob(run.folder, settings.compose, settings.seed, gate, settings.validate_, declared_languages(run))

    def build(pipeline: beam.Pipeline) -> None:
        _ = pipeline | "Parts" >> beam.Create(parts) | EachPart(run.folder, COMPOSE.name, job.work)

    watched = WatchedFiles(run.folder.root / str(COMPOSE.each_shard), ".parquet", len(parts))
    return StageJob(lambda: run.engine.run(build), watched)
