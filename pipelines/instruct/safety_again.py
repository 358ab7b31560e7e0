"""Job: what a model wrote passes the gate of personal data and blocked words once more."""

from __future__ import annotations

from pipelines.instruct.again import each_written_part
from pipelines.instruct.run import InstructRun
from pipelines.run_stage import StageJob
from transforms.instruct.safety.gate import SafetyGate
from transforms.stages import SAFETY_AGAIN


def stage_job(run: InstructRun) -> StageJob:
    return each_written_part(run, SAFETY_AGAIN, SafetyGate(run.settings.safety).judge_texts)
