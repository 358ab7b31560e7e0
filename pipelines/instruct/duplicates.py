"""Job: rows → those that say nothing twice, each with the group that no split parts."""

from __future__ import annotations

import apache_beam as beam

from pipelines.engine.progress import WatchedFiles
from pipelines.instruct.run import InstructRun
from pipelines.run_stage import StageJob
from transforms.instruct.chain.folder import InstructFolder
from transforms.instruct.duplicates.beam import FindDuplicates
from transforms.instruct.duplicates.described import described_folder
from transforms.instruct.duplicates.settings import DuplicatesSettings
from transforms.stages import DUPLICATES, Stage


def stage_job(run: InstructRun) -> StageJob:
    return find_duplicates(run, run.folder, DUPLICATES, run.settings.duplicates)


def find_duplicates(run: InstructRun, folder: InstructFolder, stage: Stage, settings: DuplicatesSettings) -> StageJob:
    """``folder`` as the stage sees it, the first or the second time that it stands in the chain."""
    parts = list(enumerate(run.part_names))

    def build(pipeline: beam.Pipeline) -> None:
        finding = FindDuplicates(folder, settings, run.settings.seed)
        _ = pipeline | "Parts" >> beam.Create(parts) | "Find" >> finding

    def find() -> None:
        run.engine.run(build)
        described_folder(folder).remove()

    watched = WatchedFiles(folder.root / str(stage.each_shard), ".parquet", len(parts))
    return StageJob(find, watched)
