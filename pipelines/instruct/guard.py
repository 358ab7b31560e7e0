"""Job: rows that a guard model lets pass."""

from __future__ import annotations

from pipelines.instruct.asked_job import asked_job, server_of
from pipelines.instruct.run import InstructRun
from pipelines.run_stage import StageJob
from transforms.instruct.guarding.guarding import GuardStage
from transforms.stages import GUARD


def stage_job(run: InstructRun) -> StageJob:
    return asked_job(run, GUARD, GuardStage(run.settings.guard, server_of(run, GUARD)))
