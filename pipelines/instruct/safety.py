"""Job: what is not to be learnt from or handed on is masked, or stopped."""

from __future__ import annotations

from pipelines.instruct.each_part import each_part_job
from pipelines.instruct.run import InstructRun
from pipelines.run_stage import StageJob
from transforms.instruct.safety.gate import SafetyGate
from transforms.stages import SAFETY


def stage_job(run: InstructRun) -> StageJob:
    return each_part_job(run, SAFETY, SafetyGate(run.settings.safety).judge)
