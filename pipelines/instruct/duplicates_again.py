"""Job: rows → those that say nothing twice, now that models wrote some of them. All are compared, new and old."""

from __future__ import annotations

from pipelines.instruct.duplicates import find_duplicates
from pipelines.instruct.run import InstructRun
from pipelines.run_stage import StageJob
from transforms.instruct.chain.again import AgainFolder
from transforms.stages import DUPLICATES, DUPLICATES_AGAIN


def stage_job(run: InstructRun) -> StageJob:
    """Turns were joined the first time, if at all."""
    settings = run.settings.duplicates.model_copy(update={"join_turns": False})
    return find_duplicates(run, AgainFolder.of(run.folder, DUPLICATES, DUPLICATES_AGAIN), DUPLICATES_AGAIN, settings)
