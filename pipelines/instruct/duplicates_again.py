"""Job: rows → those that say nothing twice, now that models wrote some of them. All are compared, new and old."""

from __future__ import annotations

from pipelines.instruct.duplicates import find_duplicates
from pipelines.instruct.run import InstructRun
from pipelines.run_stage import StageJob
from transforms.instruct.chain.again import AgainFolder
from transforms.stages import DUPLICATES, DUPLICATES_AGAIN


def stage_job(run: InstructRun) -> StageJob:
    folder = AgainFolder.of(run.folder, DUPLICATES, DUPLICATES_AGAIN)
    return find_duplicates(run, folder, DUPLICATES_AGAIN, run.settings.duplicates.once_more())
