"""Job: rows → those that say nothing twice, each with the group that no split parts."""

from __future__ import annotations

import apache_beam as beam

from pipelines.engine.progress import WatchedFiles
from pipelines.instruct.run import InstructRun
from pipelines.run_stage import StageJob
from transforms.instruct.duplicates.beam import FindDuplicates
from transforms.instruct.duplicates.described import described_folder
from transforms.stages import DUPLICATES


def stage_job(run: InstructRun) -> StageJob:
    folder, parts = run.folder, list(enumerate(run.part_names))

    def build(pipeline: beam.Pipeline) -> None:
        finding = FindDuplicates(folder, run.settings.duplicates, run.settings.seed)
        _ = pipeline | "Parts" >> beam.Create(parts) | "Find" >> finding

    def find() -> None:
        run.engine.run(build)
        described_folder(folder).remove()

    watched = WatchedFiles(folder.root / str(DUPLICATES.each_shard), ".parquet", len(parts))
    return StageJob(find, watched)
