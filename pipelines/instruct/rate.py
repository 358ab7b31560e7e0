"""Job: answers rated by a model, as columns that mixtures can weigh by."""

from __future__ import annotations

from pipelines.instruct.asked_job import asked_job, server_of
from pipelines.instruct.run import InstructRun
from pipelines.run_stage import StageJob
from transforms.instruct.rating.rating import RatingStage
from transforms.stages import RATE


def stage_job(run: InstructRun) -> StageJob:
    return asked_job(run, RATE, RatingStage(run.settings.rate, server_of(run, RATE)))
