"""Job: the same of what a model wrote."""

from __future__ import annotations

from pipelines.instruct.asked_job import asked_job, server_of
from pipelines.instruct.run import InstructRun
from pipelines.run_stage import StageJob
from transforms.instruct.guarding.guarding import GuardStage
from transforms.stages import GUARD_AGAIN


def stage_job(run: InstructRun) -> StageJob:
    return asked_job(run, GUARD_AGAIN, GuardStage(run.settings.guard, server_of(run, GUARD_AGAIN)))
