"""Job: rows → those that the mixture may draw, with a margin; the models see no others."""

from __future__ import annotations

import apache_beam as beam

from pipelines.engine.progress import WatchedFiles
from pipelines.instruct.run import InstructRun
from pipelines.run_stage import StageJob
from transforms.instruct.mixing.about import PartReader
from transforms.instruct.preselecting.beam import Preselect
from transforms.instruct.preselecting.choosing import settings_ahead
from transforms.stages import PRESELECT, TRANSLATE


def stage_job(run: InstructRun) -> StageJob:
    ahead = settings_ahead(run.settings.mix, TRANSLATE.name in run.settings.stages)
    reader = PartReader(run.folder, ahead, run.settings.seed, PRESELECT.name)
    parts = run.part_names

    def build(pipeline: beam.Pipeline) -> None:
        _ = pipeline | "Parts" >> beam.Create(parts) | "Preselect" >> Preselect(reader, run.settings.preselect.margin)

    watched = WatchedFiles(run.folder.root / str(PRESELECT.each_shard), ".parquet", len(parts))
    return StageJob(lambda: run.engine.run(build), watched)
