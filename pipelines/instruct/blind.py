"""Job: questions asked without their pictures, and how far they need them."""

from __future__ import annotations

from pipelines.instruct.asked_job import asked_job, server_of
from pipelines.instruct.run import InstructRun
from pipelines.run_stage import StageJob
from transforms.instruct.rating.blind import BlindStage
from transforms.stages import BLIND


def stage_job(run: InstructRun) -> StageJob:
    return asked_job(run, BLIND, BlindStage(run.settings.blind, server_of(run, BLIND)))
