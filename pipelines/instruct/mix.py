"""Job: rows that are left → exactly so many, in the shares that are asked for."""

from __future__ import annotations

import apache_beam as beam

from pipelines.engine.progress import WatchedFiles
from pipelines.instruct.run import InstructRun
from pipelines.run_stage import StageJob
from transforms.instruct.mixing.about import PartReader
from transforms.instruct.mixing.beam import Mix
from transforms.instruct.preselecting.choosing import read_targets, with_targets
from transforms.stages import MIX, PRESELECT


def stage_job(run: InstructRun) -> StageJob:
    settings = run.settings.mix
    if PRESELECT.name in run.settings.stages:
        settings = with_targets(settings, read_targets(run.folder))
    reader = PartReader(run.folder, settings, run.settings.seed)
    parts = run.part_names

    def build(pipeline: beam.Pipeline) -> None:
        _ = pipeline | "Parts" >> beam.Create(parts) | "Mix" >> Mix(reader)

    watched = WatchedFiles(run.folder.root / str(MIX.each_shard), ".parquet", len(parts))
    return StageJob(lambda: run.engine.run(build), watched)
