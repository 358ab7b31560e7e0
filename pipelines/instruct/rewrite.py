"""Job: questions in other words."""

from __future__ import annotations

from pipelines.instruct.asked_job import asked_job, server_of
from pipelines.instruct.run import InstructRun
from pipelines.run_stage import StageJob
from transforms.instruct.rewording.rewriting import Rewriting
from transforms.stages import REWRITE


def stage_job(run: InstructRun) -> StageJob:
    return asked_job(run, REWRITE, Rewriting(run.settings.rewrite, server_of(run, REWRITE), run.settings.seed))
